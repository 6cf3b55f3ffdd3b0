namespace Ingestion.Chunking;

/// <summary>Turns texts into vectors, one each, in order.</summary>
public delegate Task<IReadOnlyList<ReadOnlyMemory<float>>> EmbedTexts(IReadOnlyList<string> texts, CancellationToken cancel);

/// <summary>How to split. Sizes count tokens of <see cref="Tokens"/>.</summary>
public sealed record ChunkOptions
{
    /// <summary>At most this many tokens a chunk, at least 1.</summary>
    public required int Size { get; init; }

    /// <summary>At most this many tokens that a chunk repeats of the one before it, 0 to <see cref="Size"/> - 1.</summary>
    public required int Overlap { get; init; }

    public required TokenCounter Tokens { get; init; }

    /// <summary>
    /// Text that is embedded along with each chunk, whose tokens are taken off the size. Null, unlike an empty text, is
    /// LlamaIndex's <c>split_text</c>; otherwise chunks are those of its node parsers.
    /// </summary>
    public string? Metadata { get; init; }

    /// <summary>
    /// <c>sentence</c> and <c>token</c> add up the counts of parts, as LlamaIndex does, and a chunk may have a few tokens more than
    /// the sum. Strict splits those chunks again.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>Does not end a sentence at a Spanish or English abbreviation, such as "Sr. García" or "núm. 27".</summary>
    public bool KeepAbbreviations { get; init; }

    /// <summary><c>semantic</c> cannot work without it.</summary>
    public EmbedTexts? Embed { get; init; }

    /// <summary><c>semantic</c>: how many sentences on each side are embedded along with one.</summary>
    public int SemanticBuffer { get; init; } = 1;

    /// <summary><c>semantic</c>: cuts where two neighbours differ more than this percentage of neighbours do, 0 to 100.</summary>
    public double SemanticPercentile { get; init; } = 95;

    /// <summary><c>sentence_window</c>: how many sentences on each side a chunk's window has.</summary>
    public int WindowSentences { get; init; } = 3;

    /// <summary>What the metadata leaves of the size, less what the chunker keeps for itself.</summary>
    internal int SizeForText(int reserved = 0)
    {
        if (Metadata is null) return Size;
        var metadata = Tokens.Count(Metadata) + reserved;
        return Size > metadata
            ? Size - metadata
            : throw new ChunkingException(
                $"The metadata takes {metadata} tokens, and a chunk has only {Size}. "
                + $"Raise chunk_size above {metadata}, or send less metadata.");
    }
}
