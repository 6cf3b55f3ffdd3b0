using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>Accents that are drawn as glyphs of their own over a letter become part of that letter.</summary>
internal static class Accents
{
    public static void Combine(List<PlacedGlyph> line)
    {
        for (var i = 0; i < line.Count; i++)
        {
            var mark = CombiningForm(line[i].Text);
            if (mark == 0) continue;
            var accent = line[i];
            var at = Covers(line, i + 1, accent) ? i + 1 : Covers(line, i - 1, accent) ? i - 1 : -1;
            if (at < 0) continue;
            var letter = line[at];
            var bare = letter.Text switch { "ı" => "i", "ȷ" => "j", _ => letter.Text };
            line[at] = letter with { Text = MarkdownWriter.Clean(bare + mark).Normalize(NormalizationForm.FormC) };
            line.RemoveAt(i);
            if (at < i) i--;
        }
    }

    private static bool Covers(List<PlacedGlyph> line, int at, in PlacedGlyph accent)
    {
        if (at < 0 || at >= line.Count) return false;
        var letter = line[at];
        if (letter.Text.Length == 0 || !char.IsLetter(letter.Text[0])) return false;
        var middle = accent.Middle;
        return middle > letter.U0 - (0.05f * letter.Size) && middle < letter.U1 + (0.05f * letter.Size);
    }

    private static char CombiningForm(string text)
    {
        if (text.Length != 1) return '\0';
        var c = text[0];
        return c switch
        {
            '`' => '\u0300',
            '\u00B4' => '\u0301',
            '^' or '\u02C6' => '\u0302',
            '~' or '\u02DC' => '\u0303',
            '\u00AF' or '\u02C9' => '\u0304',
            '\u02D8' => '\u0306',
            '\u02D9' => '\u0307',
            '\u00A8' => '\u0308',
            '\u02DA' => '\u030A',
            '\u02DD' => '\u030B',
            '\u02C7' => '\u030C',
            '\u00B8' => '\u0327',
            '\u02DB' => '\u0328',
            < '\u0300' => '\0',
            _ => CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark ? c : '\0',
        };
    }
}
