using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>Splits a document's text into chunks. A new one is one class and one line in <see cref="Chunkers"/>.</summary>
public interface IChunker
{
    /// <summary>As users write it in <c>chunker</c>: lower case, <c>snake_case</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Chunks in text order, each a slice of the text. White space at a chunk's ends may be left out; nothing else is.
    /// An empty or blank text gives no chunks.
    /// </summary>
    Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel);
}

/// <summary>How to split. Sizes count tokens of <see cref="Tokens"/>.</summary>
public sealed record ChunkOptions
{
    /// <summary>At most this many tokens a chunk, at least 1.</summary>
    public required int Size { get; init; }

    /// <summary>Tokens that a chunk repeats of the one before it, 0 to <see cref="Size"/> - 1.</summary>
    public required int Overlap { get; init; }

    public required TokenCounter Tokens { get; init; }
}

/// <summary>The slice <c>[Start, End)</c> of the document's text, in UTF-16 units.</summary>
/// <param name="TokenCount">Of the slice alone.</param>
/// <param name="PageStart">From 1; 0 where the format has no pages.</param>
/// <param name="HeadingPath">The titles that the chunk's first character stands under, outermost first.</param>
public sealed record Chunk(int Start, int End, int TokenCount, int PageStart, int PageEnd, IReadOnlyList<string> HeadingPath);
