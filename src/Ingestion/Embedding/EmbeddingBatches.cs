using Ingestion.Chunking;

namespace Ingestion.Embedding;

/// <summary>Cuts a document's chunks into calls that a provider takes, in order.</summary>
public static class EmbeddingBatches
{
    /// <summary>Where no tokenizer is at hand: a token stands for at least this many characters in nearly all text.</summary>
    private const int CharactersPerToken = 2;

    /// <param name="maxTexts">At least 1.</param>
    /// <param name="maxTokens">All texts of a batch together; a single longer text still makes a batch of its own.</param>
    /// <param name="counter">Null: tokens are guessed by the length.</param>
    public static IEnumerable<IReadOnlyList<BatchText>> Split(
        IReadOnlyList<BatchText> chunks, int maxTexts, int maxTokens, TokenCounter? counter = null)
    {
        var start = 0;
        long tokens = 0;
        for (var i = 0; i < chunks.Count; i++)
        {
            var text = chunks[i].Text;
            var cost = maxTokens == int.MaxValue || counter is null ? text.Length / CharactersPerToken + 1 : counter.Count(text);
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
