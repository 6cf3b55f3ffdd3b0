namespace Ingestion.Tests.Chunking;

/// <summary>The embedding of the semantic goldens: a count of words by hash, 256 dimensions.</summary>
internal static class HashEmbedding
{
    public static Task<IReadOnlyList<ReadOnlyMemory<float>>> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<ReadOnlyMemory<float>>>([.. texts.Select(text => new ReadOnlyMemory<float>(Embed(text)))]);

    private static float[] Embed(string text)
    {
        var vector = new float[256];
        for (var at = 0; at < text.Length;)
        {
            var hash = 2166136261u;
            var start = at;
            while (at < text.Length && char.IsAsciiLetter(text[at])) hash = (hash ^ char.ToLowerInvariant(text[at++])) * 16777619u;
            if (at > start) vector[hash % 256]++;
            else at++;
        }
        return vector;
    }
}
