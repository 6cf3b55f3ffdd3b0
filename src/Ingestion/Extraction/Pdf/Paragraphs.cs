using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>Lines of a column to paragraphs, and the text of a paragraph.</summary>
internal static class Paragraphs
{
    public static void Build(List<TextLine> lines, PdfPage page, TextFrame frame, List<TextBlock> blocks)
    {
        if (lines.Count == 0) return;
        var pitches = UsualPitches(lines);
        var left = lines.Min(line => line.Left);
        var right = lines.Max(line => line.Right);
        TextBlock? block = null;
        TextLine? before = null;
        foreach (var line in lines)
        {
            if (line.Text.Length == 0) continue;
            var mark = ListMark.Of(line.Text);
            if (block is null || before is null || Breaks(block, before, line, pitches, left, right, mark))
            {
                if (block is not null) Finish(block, page, blocks);
                block = new TextBlock { Page = page.Number, Frame = frame };
                if (mark.Length > 0)
                {
                    block.Kind = BlockKind.Item;
                    block.Mark = line.Text[..mark.Length];
                }
            }
            block.Lines.Add(line);
            before = line;
        }
        if (block is not null) Finish(block, page, blocks);
    }

    private static void Finish(TextBlock block, PdfPage page, List<TextBlock> blocks)
    {
        var earlier = blocks is [.., { Kind: BlockKind.Code } last] && last.Page == block.Page && last.Frame == block.Frame ? last : null;
        if (block.Style.HasFlag(FontStyle.Monospace) && (block.Lines.Count > 1 || earlier is not null)) block.Kind = BlockKind.Code;
        if (block.Kind == BlockKind.Code && earlier is not null)
        {
            block.Lines.InsertRange(0, earlier.Lines);
            blocks.RemoveAt(blocks.Count - 1);
        }
        block.Box = block.Frame.ToBox(
            page,
            block.Lines.Min(line => line.Left), block.Lines.Min(line => line.Bottom),
            block.Lines.Max(line => line.Right), block.Lines.Max(line => line.Top));
        blocks.Add(block);
    }

    private static bool Breaks(
        TextBlock block, TextLine before, TextLine line, Dictionary<int, float> pitches, float left, float right, ListMark mark)
    {
        var size = Math.Max(before.Size, line.Size);
        var down = before.Base - line.Base;
        var pitch = pitches.GetValueOrDefault(SizeClass(line));
        if (down < 0 || down > Math.Max(1.3f * pitch, 1.3f * size) || down > 3 * size) return true;
        if (Math.Min(before.Size, line.Size) < 0.95f * size) return true;
        const FontStyle Telling = FontStyle.Bold | FontStyle.Monospace;
        if (((before.Style ^ line.Style) & Telling) != 0 && block.Lines.TrueForAll(other => other.Style == before.Style)) return true;
        if (mark.Length > 0 && (mark.IsBullet || block.Kind == BlockKind.Item || EndsSentence(before.Text))) return true;
        if (block.Kind == BlockKind.Item)
            return line.RightToLeft ? line.Right > block.Lines[0].Right + 1 : line.Left < block.Lines[0].Left - 1;

        if (line.Style.HasFlag(FontStyle.Monospace)) return false;

        // A first line that is set in, or a last line that ends well before the margin.
        var (indent, earlier) = line.RightToLeft
            ? (right - line.Right, right - before.Right)
            : (line.Left - left, before.Left - left);
        if (indent - earlier > 0.8f * size && indent < 6 * size && EndsSentence(before.Text)) return true;
        var slack = line.RightToLeft ? before.Left - left : right - before.Right;
        return slack > 0.25f * (right - left) && EndsSentence(before.Text);
    }

    private static int SizeClass(TextLine line) => (int)MathF.Round(line.Size * 2);

    /// <summary>By type size, how far lines of one paragraph usually stand apart.</summary>
    private static Dictionary<int, float> UsualPitches(List<TextLine> lines)
    {
        const int Enough = 3;
        var seen = new Dictionary<int, List<float>>();
        for (var i = 1; i < lines.Count; i++)
        {
            var down = lines[i - 1].Base - lines[i].Base;
            var size = SizeClass(lines[i]);
            if (down < 0.5f * lines[i].Size || down > 3 * lines[i].Size || SizeClass(lines[i - 1]) != size) continue;
            if (!seen.TryGetValue(size, out var list)) seen[size] = list = [];
            list.Add(down);
        }
        var usual = new Dictionary<int, float>(seen.Count);
        foreach (var (size, list) in seen)
        {
            list.Sort();
            var pitch = list[list.Count / 3];
            usual[size] = list.Count >= Enough ? pitch : Math.Min(pitch, size / 2f * 1.4f);
        }
        return usual;
    }

    private static bool EndsSentence(string text) => text[^1] is '.' or '!' or '?' or ':' or ';' or '。' or '．' or '؟' or '”' or '"' or ')';

    /// <summary>
    /// The lines as one text: words that were split at a line's end are mended, lines of Chinese or Japanese are joined without a space,
    /// and the lines of a table of contents stay lines.
    ///</summary>
    public static string Join(IReadOnlyList<TextLine> lines, int skip = 0)
    {
        var text = new StringBuilder();
        var leader = false;
        foreach (var line in lines)
        {
            var next = line.ToMarkdown().AsSpan();
            if (text.Length == 0 && skip > 0) next = next[Math.Min(skip, next.Length)..].TrimStart();
            else next = next.Trim();
            if (next.Length == 0) continue;
            if (text.Length > 0) Link(text, next, leader);
            text.Append(next);
            leader = Leaders.In(line.Text);
        }
        text.Replace("\u00AD", "");
        foreach (var address in lines.SelectMany(line => line.Links).Select(link => link.Address).Distinct())
            text.Replace($"]({address}) [", " ").Replace($"]({address})[", "");
        return text.ToString();
    }

    private static void Link(StringBuilder text, ReadOnlySpan<char> next, bool leader)
    {
        if (leader)
        {
            text.Append('\n');
            return;
        }
        ReadOnlySpan<char> end = [text.Length > 1 ? text[^2] : ' ', text[^1]];
        var (cut, spaced) = Joint(end, next);
        text.Length -= cut;
        if (spaced) text.Append(' ');
    }

    /// <summary>How the end of a line and the next line meet: how many characters go (the hyphen of a split word), and whether a space stands between.</summary>
    public static (int Cut, bool Spaced) Joint(ReadOnlySpan<char> end, ReadOnlySpan<char> next)
    {
        if (end.IsEmpty || next.IsEmpty) return (0, false);
        var last = end[^1];
        if (last is '-' or '\u2010' or '\u00AD' && end.Length > 1 && char.IsLetter(end[^2]))
        {
            if (last == '\u00AD' || char.IsLower(next[0])) return (1, false);
            if (char.IsLetterOrDigit(next[0])) return (0, false);
        }
        return (0, !(IsIdeograph(last) && IsIdeograph(next[0])));
    }

    private static bool IsIdeograph(char c) =>
        c is >= '\u2E80' and <= '\u9FFF' or >= '\uF900' and <= '\uFAFF' or >= '\uFF01' and <= '\uFF9F';
}
