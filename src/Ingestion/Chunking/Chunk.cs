namespace Ingestion.Chunking;

/// <summary>The slice <c>[Start, End)</c> of the document's text, in UTF-16 units.</summary>
/// <param name="TokenCount">Of the slice alone.</param>
/// <param name="PageStart">From 1; 0 where the format has no pages.</param>
/// <param name="HeadingPath">The titles that the chunk's first character stands under, outermost first.</param>
public sealed record Chunk(int Start, int End, int TokenCount, int PageStart, int PageEnd, IReadOnlyList<string> HeadingPath)
{
    /// <summary><c>hierarchical</c>: the index, in the same list, of the larger chunk that this one is a part of.</summary>
    public int? Parent { get; init; }

    /// <summary><c>hierarchical</c>: smaller chunks are part of this one. Those are to be searched; this one is for the reader.</summary>
    public bool IsParent { get; init; }

    /// <summary><c>sentence_window</c>: the sentences around, to be read in place of the chunk once it is found.</summary>
    public TextSlice? Window { get; init; }

    /// <summary>
    /// <c>markdown</c>: the header rows of the table that the chunk goes on with, to be shown and embedded before its text.
    /// </summary>
    public TextSlice? TableHeader { get; init; }
}

/// <summary>The slice <c>[Start, End)</c> of the document's text, in UTF-16 units.</summary>
public readonly record struct TextSlice(int Start, int End);
