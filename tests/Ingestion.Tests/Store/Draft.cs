using Ingestion.Chunking;
using Ingestion.Embedding;
using Ingestion.Store;

namespace Ingestion.Tests.Store;

/// <summary>Versions to store, made of a few texts.</summary>
internal static class Draft
{
    /// <summary>One chunk a text, with a blank line between them.</summary>
    public static NewVersion Of(string document, string task, params string[] texts)
    {
        var content = string.Join("\n\n", texts);
        var points = new CodePoints(content);
        var ids = new ChunkIds("any", "any", document);
        var chunks = new List<NewChunk>();
        var at = 0;
        foreach (var text in texts)
        {
            var end = at + text.Length;
            var tokens = text.Split(' ').Length;
            chunks.Add(new NewChunk(ids.Next(text), at, end, points.Before(at), points.Before(end), tokens, 0, 0, []));
            at = end + 2;
        }
        return new NewVersion
        {
            TenantId = "acme",
            CollectionId = "contracts",
            DocumentId = document,
            TaskId = task,
            Source = new StoredSource("text", null, null, null, content.Length, null),
            Content = content,
            Model = "m",
            Chunks = chunks,
        };
    }
}

internal static class Vectors
{
    public const int Dimension = LocalEmbedder.Dimensions;

    public static float[] Of(string text) => LocalEmbedder.Embed(text);
}
