namespace Ingestion.Chunking;

/// <summary>Counts tokens as tiktoken does for one encoding. Safe to share between threads.</summary>
public abstract class TokenCounter
{
    /// <summary>The encoding's name, such as <c>cl100k_base</c>.</summary>
    public abstract string Encoding { get; }

    /// <summary>Tokens of the text encoded alone, each special token of the encoding counting one.</summary>
    public int Count(ReadOnlySpan<char> text) => CountUpTo(text, int.MaxValue);

    /// <summary>
    /// The same, but stops early: where the text has more than <paramref name="limit"/> tokens, some number above the limit.
    /// Costs time for about <paramref name="limit"/> tokens, however long the text is.
    /// </summary>
    public abstract int CountUpTo(ReadOnlySpan<char> text, int limit);
}
