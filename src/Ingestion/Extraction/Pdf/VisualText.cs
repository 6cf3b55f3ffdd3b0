using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Glyphs as they stand on the page, from left to right, to text in the order in which it is read.
/// Right-to-left scripts are turned round; numbers and Latin words inside them are not.
/// </summary>
internal static class VisualText
{
    private enum Kind : byte
    {
        Left,
        Right,
        Digit,
        Neutral,
    }

    private readonly record struct Unit(string Text, Kind Kind);

    public static bool HasRightToLeft(ReadOnlySpan<PlacedGlyph> glyphs)
    {
        foreach (var glyph in glyphs)
        {
            foreach (var c in glyph.Text)
            {
                if (c >= '\u0590' && IsRightToLeft(c)) return true;
            }
        }
        return false;
    }

    /// <param name="links">Gets the stretches of <paramref name="text"/> that are links.</param>
    /// <returns>Whether there is right-to-left script in it.</returns>
    public static bool Append(StringBuilder text, ReadOnlySpan<PlacedGlyph> glyphs, List<LinkSpan> links)
    {
        if (HasRightToLeft(glyphs))
        {
            var from = text.Length;
            AppendTurned(text, glyphs);
            foreach (var glyph in glyphs)
            {
                // Where in the line the link stood is lost with the turning: it stands for the line.
                if (glyph.Address is not { } whole || links.Exists(link => link.Address == whole)) continue;
                links.Add(new LinkSpan(from, text.Length, whole));
                break;
            }
            return true;
        }
        string? address = null;
        var start = 0;
        for (var i = 0; i < glyphs.Length; i++)
        {
            if (glyphs[i].Address != address)
            {
                if (address is not null) links.Add(new LinkSpan(start, text.Length, address));
                if (i > 0 && glyphs[i].SpaceBefore) text.Append(' ');
                address = glyphs[i].Address;
                start = text.Length;
            }
            else if (i > 0 && glyphs[i].SpaceBefore)
            {
                text.Append(' ');
            }
            text.Append(Compatible(glyphs[i].Text));
        }
        if (address is not null) links.Add(new LinkSpan(start, text.Length, address));
        return false;
    }

    private static void AppendTurned(StringBuilder text, ReadOnlySpan<PlacedGlyph> glyphs)
    {
        var units = new List<Unit>(glyphs.Length + (glyphs.Length / 4));
        int right = 0, left = 0;
        var word = Kind.Neutral;
        for (var i = 0; i < glyphs.Length; i++)
        {
            if (i > 0 && glyphs[i].SpaceBefore)
            {
                units.Add(new Unit(" ", Kind.Neutral));
                word = Kind.Neutral;
            }
            var kind = KindOf(glyphs[i].Text);
            if (word == Kind.Neutral && kind is (Kind.Left or Kind.Right))
            {
                word = kind;
                if (kind == Kind.Right) right++;
                else left++;
            }
            units.Add(new Unit(Compatible(glyphs[i].Text), kind));
        }

        // Which way the line runs as a whole (by its words, since one Latin name can outweigh the letters of a short line),
        // and which stretches run the other way.
        var rightToLeft = right >= left;
        var turned = new bool[units.Count];
        for (var i = 0; i < units.Count;)
        {
            if (units[i].Kind == Kind.Neutral)
            {
                turned[i++] = rightToLeft;
                continue;
            }
            var end = EndOfStretch(units, i);
            var isRight = units[i].Kind == Kind.Right;
            for (; i < end; i++) turned[i] = isRight;
        }
        if (!rightToLeft) KeepNeutralsInside(units, turned);

        var mirror = MirrorBalances(units, turned);
        if (rightToLeft)
        {
            for (var i = units.Count - 1; i >= 0;)
            {
                if (turned[i])
                {
                    text.Append(mirror ? Mirror(units[i].Text) : units[i].Text);
                    i--;
                    continue;
                }
                var end = i;
                while (i >= 0 && !turned[i]) i--;
                for (var j = i + 1; j <= end; j++) text.Append(units[j].Text);
            }
            return;
        }
        for (var i = 0; i < units.Count;)
        {
            if (!turned[i])
            {
                text.Append(units[i++].Text);
                continue;
            }
            var start = i;
            while (i < units.Count && turned[i]) i++;
            for (var j = i - 1; j >= start; j--) text.Append(mirror ? Mirror(units[j].Text) : units[j].Text);
        }
    }

    // Most files name a bracket by its meaning, some by its shape on the page, which must be mirrored: the way that balances is right.
    private static bool MirrorBalances(List<Unit> units, bool[] turned)
    {
        int asShape = 0, asMeaning = 0, openShapes = 0, openMeanings = 0;
        for (var i = units.Count - 1; i >= 0; i--)
        {
            if (!turned[i] || units[i].Text.Length != 1) continue;
            switch (units[i].Text[0])
            {
                case ')' or ']' or '}':
                    openShapes++;
                    if (openMeanings > 0) openMeanings--;
                    else asMeaning++;
                    break;
                case '(' or '[' or '{':
                    openMeanings++;
                    if (openShapes > 0) openShapes--;
                    else asShape++;
                    break;
            }
        }
        return asShape + openShapes < asMeaning + openMeanings;
    }

    // Latin words stay together over spaces and marks; a number only over a separator inside it; right-to-left letters unit by unit.
    private static int EndOfStretch(List<Unit> units, int start)
    {
        var kind = units[start].Kind;
        if (kind == Kind.Right) return start + 1;
        var latin = kind == Kind.Left;
        var end = start + 1;
        for (var i = start + 1; i < units.Count; i++)
        {
            if (units[i].Kind == Kind.Right) break;
            if (units[i].Kind == Kind.Left)
            {
                latin = true;
                end = i + 1;
            }
            else if (units[i].Kind == Kind.Digit && (latin || i == end || (i == end + 1 && IsNumberSeparator(units[end].Text))))
            {
                end = i + 1;
            }
            else if (!latin && i > end)
            {
                break;
            }
        }
        return end;
    }

    private static bool IsNumberSeparator(string text) => text is "." or "," or ":" or "/" or "-" or "٫" or "٬";

    private static void KeepNeutralsInside(List<Unit> units, bool[] turned)
    {
        var last = -1;
        for (var i = 0; i < units.Count; i++)
        {
            if (units[i].Kind != Kind.Right) continue;
            var between = last >= 0;
            for (var j = last + 1; between && j < i; j++) between = units[j].Kind == Kind.Neutral;
            if (between) turned.AsSpan(last + 1, i - last - 1).Fill(true);
            last = i;
        }
    }

    private static Kind KindOf(string text)
    {
        foreach (var c in text)
        {
            if (c is >= '0' and <= '9' or >= '\u0660' and <= '\u0669' or >= '\u06F0' and <= '\u06F9') return Kind.Digit;
            if (IsRightToLeft(c)) return Kind.Right;
            if (char.IsLetter(c)) return Kind.Left;
        }
        return Kind.Neutral;
    }

    public static bool IsRightToLeft(char c) =>
        c is (>= '\u0590' and <= '\u08FF' or >= '\uFB1D' and <= '\uFDFF' or >= '\uFE70' and <= '\uFEFC')
        and not (>= '\u0660' and <= '\u0669' or >= '\u06F0' and <= '\u06F9' or '\u060C' or '\u066A' or '\u066B' or '\u066C');

    private static string Mirror(string text) => text switch
    {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        "]" => "[",
        "{" => "}",
        "}" => "{",
        "<" => ">",
        ">" => "<",
        "«" => "»",
        "»" => "«",
        _ => text,
    };

    /// <summary>Ligatures, presentation forms and compatibility ideographs to the letters that people search for; all else stays.</summary>
    private static string Compatible(string text)
    {
        foreach (var c in text)
        {
            if (c >= '\u2E80' && c is <= '\u2FD5' or >= '\uF900' and <= '\uFDFF' or >= '\uFE70' and <= '\uFEFC')
                return MarkdownWriter.Clean(text).Normalize(NormalizationForm.FormKC);
        }
        return text;
    }
}
