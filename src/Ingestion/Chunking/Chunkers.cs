namespace Ingestion.Chunking;

/// <summary>The list of chunkers, by the name that users write.</summary>
public static class Chunkers
{
    public static readonly IReadOnlyList<IChunker> All = [];
}
