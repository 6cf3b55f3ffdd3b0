namespace Ingestion.Extraction;

/// <summary>Decides what a document is: from its content, then its name, then what was declared.</summary>
public static class MediaTypes
{
}
