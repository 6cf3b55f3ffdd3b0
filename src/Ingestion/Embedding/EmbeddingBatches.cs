namespace Ingestion.Embedding;

/// <summary>Cuts a document's chunks into calls that a provider takes, in order.</summary>
public static class EmbeddingBatches
{
    /// <summary>No tokenizer is asked: a token stands for at least this many characters in nearly all text.</summary>
    private const int CharactersPerToken = 2;

    /// <param name="maxTexts">At least 1.</param>
    /// <param name="maxTokens">All texts of a batch together; a single longer text still makes a batch of its own.</param>
    public static IEnumerable<IReadOnlyList<BatchText>> Split(IReadOnlyList<BatchText> chunks, int maxTexts, int maxTokens)
    {
        var start = 0;
        long tokens = 0;
        for (var i = 0; i < chunks.Count; i++)
        {
            var cost = chunks[i].Text.Length / CharactersPerToken + 1;
            if (i > start && (i - start >= maxTexts || tokens + cost > maxTokens))
            {
                yield return [.. chunks.Skip(start).Take(i - start)];
                (start, tokens) = (i, 0);
            }
            tokens += cost;
        }
        if (chunks.Count > start) yield return [.. chunks.Skip(start)];
    }
}
