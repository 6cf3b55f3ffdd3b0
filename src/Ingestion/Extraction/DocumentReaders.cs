namespace Ingestion.Extraction;

/// <summary>The list of readers, and the one door to them.</summary>
public static class DocumentReaders
{
    /// <summary>One line a format.</summary>
    public static readonly IReadOnlyList<IDocumentReader> All = [];
}
