namespace Ingestion.Chunking;

/// <summary>The list of chunkers, by the name that users write.</summary>
public static class Chunkers
{
    public static readonly IReadOnlyList<IChunker> All =
    [
        new SentenceChunker(),
        new TokenChunker(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(chunker => chunker.Name)];

    /// <summary>Null where no chunker has the name.</summary>
    public static IChunker? Find(string name) => All.FirstOrDefault(chunker => chunker.Name == name);
}
