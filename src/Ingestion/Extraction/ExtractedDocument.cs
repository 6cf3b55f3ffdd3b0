namespace Ingestion.Extraction;

/// <summary>
/// What a reader makes of a document: one canonical Markdown text, and the elements that say what each part of it is.
/// Every later offset (elements, pages, chunks) points into <see cref="Text"/>, in UTF-16 units.
/// </summary>
public sealed record ExtractedDocument
{
    /// <summary>Canonical Markdown; line ends are <c>\n</c>; never holds NUL or a lone surrogate.</summary>
    public required string Text { get; init; }

    /// <summary>In text order; they do not overlap, but between two of them there may be white space or Markdown marks.</summary>
    public IReadOnlyList<Element> Elements { get; init; } = [];

    /// <summary>Null where the format has no pages. Pages count from 1.</summary>
    public int? PageCount { get; init; }

    /// <summary>Where each page starts in <see cref="Text"/>, ascending; page n is at index n-1. Empty where the format has no pages.</summary>
    public IReadOnlyList<int> PageStarts { get; init; } = [];

    /// <summary>
    /// Page headers and footers: running titles, page numbers, letterheads. Known, but kept out of <see cref="Text"/>, so that no chunk is
    /// cut by them and no search finds a document once a page for its title. A warning names those that say something.
    /// </summary>
    public IReadOnlyList<Furniture> Furniture { get; init; } = [];

    public string? Title { get; init; }
    public string? Author { get; init; }

    /// <summary>BCP 47, as the document declares it.</summary>
    public string? Language { get; init; }

    public DateTimeOffset? Created { get; init; }
    public DateTimeOffset? Modified { get; init; }

    /// <summary>The media type whose reader read it, which may differ from the declared one.</summary>
    public string MediaType { get; init; } = "";

    /// <summary>Each cut, skip or guess, in a sentence for the user. Empty means that nothing was lost.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>A part of the document's text, the slice <c>[Start, End)</c>.</summary>
/// <param name="Level">Heading: 1–6. List item: nesting from 1. Otherwise 0.</param>
/// <param name="Page">From 1; 0 where the format has no pages.</param>
/// <param name="Box">Where the format knows it: points from the page's top left corner.</param>
public readonly record struct Element(ElementKind Kind, int Level, int Start, int End, int Page = 0, BoundingBox? Box = null);

/// <summary>A header or footer as it stands on one page.</summary>
/// <param name="Page">From 1; 0 where the format has no pages, and says it for all of them.</param>
public readonly record struct Furniture(string Text, int Page, BoundingBox? Box = null);

public readonly record struct BoundingBox(float Left, float Top, float Right, float Bottom);

public enum ElementKind
{
    Paragraph,
    Heading,
    ListItem,
    Table,
    Code,
    Quote,
    Formula,
    Caption,
    Footnote,
}
