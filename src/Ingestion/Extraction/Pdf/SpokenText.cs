namespace Ingestion.Extraction.Pdf;

/// <summary>Glyphs whose text the file itself gives in other words (<c>ActualText</c>).</summary>
internal static class SpokenText
{
    private const int MaxLength = 1_000;

    /// <summary>
    /// Gives the glyphs from <paramref name="first"/> on that text. Where it is that of several lines, the glyphs know better where it stands.
    /// </summary>
    public static void Replace(List<Glyph> glyphs, int first, string text)
    {
        if (first >= glyphs.Count || text.Length > MaxLength || text.Any(char.IsControl) || !IsOneLine(glyphs, first)) return;
        text = string.Join(' ', MarkdownWriter.Clean(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var drawn = string.Concat(glyphs.Skip(first).Select(glyph => glyph.Text));
        if (Letters(drawn) == Letters(text)) return;
        var (start, last) = (glyphs[first], glyphs[^1]);
        glyphs.RemoveRange(first, glyphs.Count - first);
        if (text.Length == 0) return;
        // Spaces at its end stay a gap to what follows.
        if (last.IsSpace) glyphs.Add(last);
        var end = last.IsSpace ? last with { Advance = 0 } : last;
        var advance = ((end.X - start.X) * start.DirectionX) + ((end.Y - start.Y) * start.DirectionY) + end.Advance;
        glyphs.Add(start with { Text = text, Advance = Math.Max(advance, 0) });
        if (last.IsSpace) (glyphs[^1], glyphs[^2]) = (glyphs[^2], glyphs[^1]);
    }

    private static bool IsOneLine(List<Glyph> glyphs, int first)
    {
        var start = glyphs[first];
        for (var i = first + 1; i < glyphs.Count; i++)
        {
            var glyph = glyphs[i];
            var rise = ((glyph.Y - start.Y) * start.DirectionX) - ((glyph.X - start.X) * start.DirectionY);
            if (glyph.DirectionX != start.DirectionX || glyph.DirectionY != start.DirectionY || Math.Abs(rise) > 0.6f * start.Size) return false;
        }
        return true;
    }

    private static string Letters(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
