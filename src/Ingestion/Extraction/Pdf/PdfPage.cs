namespace Ingestion.Extraction.Pdf;

/// <summary>What one page draws that matters for its text.</summary>
internal sealed class PdfPage
{
    public required int Number { get; init; }

    /// <summary>The page as a reader sees it (rotation applied), in points; y grows upwards.</summary>
    public required float Left { get; init; }
    public required float Bottom { get; init; }
    public required float Width { get; init; }
    public required float Height { get; init; }

    public float Right => Left + Width;
    public float Top => Bottom + Height;

    /// <summary>In the order in which the page draws them.</summary>
    public List<Glyph> Glyphs { get; } = [];

    /// <summary>Straight lines and thin boxes: the borders of tables, and underlines.</summary>
    public List<Rule> Rules { get; } = [];

    public List<SmallShape> SmallShapes { get; } = [];

    public List<PageLink> Links { get; } = [];

    /// <summary>Images drawn: a page with some, and without text, is a scan.</summary>
    public int Images { get; set; }

    /// <summary>What went wrong on the page, the rest of which was still read.</summary>
    public string? Damage { get; set; }

    public BoundingBox ToBox(float left, float bottom, float right, float top) =>
        new(left - Left, Top - top, right - Left, Top - bottom);
}

/// <summary>
/// One drawn character (or ligature). The base line runs from (X, Y) in the direction (DirectionX, DirectionY), which has length 1.
/// </summary>
internal readonly record struct Glyph(
    string Text, float X, float Y, float DirectionX, float DirectionY, float Advance, float Size, FontStyle Style, bool Artifact)
{
    public bool IsSpace => Text.Length == 1 && (Text[0] == ' ' || char.IsWhiteSpace(Text[0]));
}

[Flags]
internal enum FontStyle : byte
{
    None = 0,
    Bold = 1,
    Italic = 2,
    Monospace = 4,

    /// <summary>Its letters are little pictures, most of them used as bullets.</summary>
    Pictures = 8,
}

/// <summary>A straight horizontal or vertical line, <c>X0 ≤ X1</c> and <c>Y0 ≤ Y1</c>.</summary>
internal readonly record struct Rule(float X0, float Y0, float X1, float Y1)
{
    public bool IsHorizontal => X1 - X0 >= Y1 - Y0;
    public float Length => Math.Max(X1 - X0, Y1 - Y0);
}

internal readonly record struct PageLink(float X0, float Y0, float X1, float Y1, string Address);
