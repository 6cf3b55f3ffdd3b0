namespace Ingestion.Chunking;

/// <summary>Counts tokens as tiktoken does for one encoding.</summary>
public abstract class TokenCounter
{
    /// <summary>Tokens of the text encoded alone, the five special tokens counting one each.</summary>
    public abstract int Count(ReadOnlySpan<char> text);
}
