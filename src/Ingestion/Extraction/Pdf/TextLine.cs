using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>The stretch <c>[Start, End)</c> of a line's text that leads to an address.</summary>
internal readonly record struct LinkSpan(int Start, int End, string Address);

/// <summary>One line of one column, or of one table cell.</summary>
internal sealed class TextLine
{
    public required string Text { get; init; }
    public required IReadOnlyList<LinkSpan> Links { get; init; }
    public required float Left { get; init; }
    public required float Right { get; init; }

    /// <summary>Height of the base line above the frame's origin.</summary>
    public required float Base { get; init; }
    public required float Size { get; init; }

    /// <summary>Styles that (nearly) all of the line has.</summary>
    public required FontStyle Style { get; init; }
    public required bool Artifact { get; init; }
    public required bool RightToLeft { get; init; }

    /// <summary>Pieces with wide gaps between them.</summary>
    public required int Pieces { get; init; }

    public float Top => Base + (0.8f * Size);
    public float Bottom => Base - (0.25f * Size);

    public static TextLine Of(IReadOnlyList<Segment> segments)
    {
        var glyphs = segments.Count == 1 ? segments[0].Glyphs : Join(segments);
        var text = new StringBuilder(glyphs.Length + 8);
        var links = new List<LinkSpan>();
        var rightToLeft = VisualText.Append(text, glyphs, links);
        var whole = text.ToString();
        var shortened = Leaders.Shorten(whole);

        int bold = 0, italic = 0, mono = 0, artifact = 0;
        float left = float.MaxValue, right = float.MinValue;
        var sizes = new SizeTally();
        foreach (var glyph in glyphs)
        {
            if ((glyph.Style & FontStyle.Bold) != 0) bold++;
            if ((glyph.Style & FontStyle.Italic) != 0) italic++;
            if ((glyph.Style & FontStyle.Monospace) != 0) mono++;
            if (glyph.Artifact) artifact++;
            left = Math.Min(left, glyph.U0);
            right = Math.Max(right, glyph.U1);
            sizes.Add(MathF.Round(glyph.Size * 4) / 4);
        }
        var most = glyphs.Length * 9 / 10f;
        var style = (bold >= most ? FontStyle.Bold : 0)
            | (italic >= most ? FontStyle.Italic : 0)
            | (mono >= most ? FontStyle.Monospace : 0);
        return new TextLine
        {
            Text = shortened,
            Links = ReferenceEquals(shortened, whole) ? links : [],
            Left = left,
            Right = right,
            Base = segments.Count == 1 ? segments[0].V : segments.MaxBy(segment => segment.Size)!.V,
            Size = sizes.Usual,
            Style = style,
            Artifact = artifact * 2 > glyphs.Length,
            RightToLeft = rightToLeft,
            Pieces = segments.Count,
        };
    }

    /// <summary>The text with its links as Markdown. A text that shows its own address is left as it is.</summary>
    public string ToMarkdown()
    {
        if (Links.Count == 0) return Text;
        var marked = new StringBuilder(Text.Length + 64);
        var at = 0;
        foreach (var (start, end, address) in Links)
        {
            marked.Append(Text, at, start - at);
            var shown = Text[start..end];
            if (shown.Length == 0 || Shows(shown, address))
            {
                marked.Append(shown);
            }
            else
            {
                shown = shown.Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);
                marked.Append('[').Append(shown).Append("](").Append(address).Append(')');
            }
            at = end;
        }
        return marked.Append(Text, at, Text.Length - at).ToString();
    }

    // Also a part of it, since long addresses run over several lines.
    private static bool Shows(string text, string address) =>
        text.Length >= 5 && address.Contains(text.Trim(' ', '.', ',', '<', '>', '(', ')'), StringComparison.OrdinalIgnoreCase)
        && text.AsSpan().IndexOfAny("./@") >= 0;

    private static PlacedGlyph[] Join(IReadOnlyList<Segment> segments)
    {
        var glyphs = new PlacedGlyph[segments.Sum(segment => segment.Glyphs.Length)];
        var at = 0;
        foreach (var segment in segments)
        {
            segment.Glyphs.CopyTo(glyphs, at);
            if (at > 0) glyphs[at].SpaceBefore = true;
            at += segment.Glyphs.Length;
        }
        return glyphs;
    }
}
