namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Headings by type: larger than the text around them, or bold where that is not.
/// Level 1 is kept for the title of the document; sections follow from level 2, the larger type the higher.
/// </summary>
internal static class Headings
{
    private const int MaxLength = 200;
    private const int MaxLines = 4;
    private const float Larger = 1.14f;
    private const float SlightlyLarger = 1.06f;

    public static void Mark(List<List<TextBlock>> pages, List<OutlineEntry> outline)
    {
        var body = Body(pages);
        var headings = new List<TextBlock>();
        foreach (var page in pages)
        {
            foreach (var block in page)
            {
                if (IsHeading(block, body)) headings.Add(block);
            }
        }
        var named = Named(pages, outline);
        headings = [.. headings.Union(named.Keys)];
        foreach (var page in pages) JoinLines(page, headings, named, body.Size);
        if (headings.Count == 0) return;

        // A style of one page only (a cover, a chart) is no step of the document's outline: it takes the level of the step next below it.
        var steps = headings.GroupBy(StyleOf)
            .Where(group => pages.Count <= 2 || group.Select(block => block.Page).Distinct().Skip(1).Any())
            .Select(group => group.Key).ToList();
        var title = TitleOf(headings);
        foreach (var block in headings)
        {
            var style = StyleOf(block);
            var above = steps.Count(step => step.Size > style.Size || (step.Size == style.Size && step.Bold && !style.Bold));
            if (title is not null && pages.Count <= 2 && above > 0) above--;
            block.Level = named.TryGetValue(block, out var level) ? level : block == title ? 1 : Math.Min(6, 2 + above);
            block.Kind = BlockKind.Heading;
        }
        LevelByNumber([.. headings.Where(block => !named.ContainsKey(block))]);
    }

    // Lines of large type stand further apart than those of a paragraph; they are one title all the same.
    private static void JoinLines(List<TextBlock> page, List<TextBlock> headings, Dictionary<TextBlock, int> named, float body)
    {
        const float Large = 1.5f, Apart = 0.8f, Alike = 0.88f;
        for (var i = 1; i < page.Count; i++)
        {
            var (block, next) = (page[i - 1], page[i]);
            var size = block.Size;
            if (size < Large * body || block.Kind != BlockKind.Text || next.Kind != BlockKind.Text || block.Frame != next.Frame
                || StyleOf(block).Bold != StyleOf(next).Bold || Math.Min(size, next.Size) < Alike * Math.Max(size, next.Size) || !headings.Contains(block) || !headings.Contains(next)
                || named.ContainsKey(block) || named.ContainsKey(next)
                || Math.Abs(block.Box.Left - next.Box.Left) > size || NumberDepth(next.Lines[0].Text) > 0
                || next.Box.Top < block.Box.Top || next.Box.Top - block.Box.Bottom > Apart * size
                || block.Lines.Count + next.Lines.Count > MaxLines || block.Length + next.Length > MaxLength)
                continue;
            block.Lines.AddRange(next.Lines);
            block.Box = new BoundingBox(block.Box.Left, block.Box.Top, Math.Max(block.Box.Right, next.Box.Right), next.Box.Bottom);
            headings.Remove(next);
            page.RemoveAt(i--);
        }
    }

    /// <summary>Of numbered headings the number says how deep they are: "1.2.3" is one below "1.2", whatever other type stands between.</summary>
    private static void LevelByNumber(List<TextBlock> headings)
    {
        var numbered = headings.Select(block => (Block: block, Depth: NumberDepth(block.Lines[0].Text))).Where(item => item.Depth > 0).ToList();
        if (numbered.Count < 2) return;
        var top = numbered.Min(item => item.Depth);
        var level = numbered.Where(item => item.Depth == top).GroupBy(item => item.Block.Level).MaxBy(group => group.Count())!.Key;
        foreach (var (block, depth) in numbered) block.Level = Math.Min(6, level + depth - top);
    }

    /// <summary>Of "3.1.2 Text" 3; 0 without such a number.</summary>
    private static int NumberDepth(string text)
    {
        var depth = 0;
        for (var i = 0; ; i++)
        {
            var digits = i;
            while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
            if (i - digits is 0 or > 3) return i > digits || i >= text.Length || text[i] != ' ' ? 0 : depth;
            depth++;
            if (i >= text.Length) return 0;
            if (text[i] == ' ') return depth;
            if (text[i] != '.') return 0;
        }
    }

    /// <summary>Blocks that the document's own table of contents names, with the level that it gives them.</summary>
    private static Dictionary<TextBlock, int> Named(List<List<TextBlock>> pages, List<OutlineEntry> outline)
    {
        var named = new Dictionary<TextBlock, int>();
        if (outline.Count == 0) return named;

        // One entry over all others is the title of the document.
        var shift = outline.Count > 1 && outline.Count(entry => entry.Depth == 0) == 1 ? 1 : 2;
        foreach (var entry in outline)
        {
            if (entry.Page > pages.Count) continue;
            var wanted = KeyOf(entry.Title);
            if (wanted.Length == 0) continue;
            var block = pages[entry.Page - 1].Find(block =>
                block.Kind is BlockKind.Text or BlockKind.Item && block.Lines.Count is > 0 and <= MaxLines && block.Length <= MaxLength
                && KeyOf(Paragraphs.Join(block.Lines)) == wanted);
            if (block is not null) named.TryAdd(block, Math.Min(6, entry.Depth + shift));
        }
        return named;
    }

    // Letters and digits, without the number in front: outlines often leave that out.
    private static string KeyOf(string text)
    {
        var key = string.Concat(text.Where(char.IsLetterOrDigit)).ToUpperInvariant();
        return key.TrimStart('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
    }

    // The largest type of the first page that has a heading, where it stands alone.
    private static TextBlock? TitleOf(List<TextBlock> headings)
    {
        var page = headings.Where(block => block.Page == headings[0].Page && block.Page <= 2).ToList();
        if (page.Count == 0) return null;
        var largest = page.MaxBy(block => block.Size)!;
        var style = StyleOf(largest);
        var alone = headings.TrueForAll(block => block == largest || (StyleOf(block) != style && block.Size < largest.Size * 0.95f));
        return alone ? largest : null;
    }

    private readonly record struct Style(float Size, bool Bold);

    private static Style StyleOf(TextBlock block) => new(MathF.Round(block.Size), block.Style.HasFlag(FontStyle.Bold));

    public static float BodySize(List<List<TextBlock>> pages) => Body(pages).Size;

    private static Style Body(List<List<TextBlock>> pages)
    {
        var weights = new Dictionary<Style, int>();
        var prose = pages.SelectMany(page => page).Where(block => block.Kind is BlockKind.Text or BlockKind.Item);
        foreach (var line in prose.SelectMany(block => block.Lines))
        {
            var style = new Style(MathF.Round(line.Size * 2) / 2, line.Style.HasFlag(FontStyle.Bold));
            weights[style] = weights.GetValueOrDefault(style) + line.Text.Length;
        }
        return weights.Count == 0 ? default : weights.MaxBy(pair => (pair.Value, -pair.Key.Size)).Key;
    }

    private static bool IsHeading(TextBlock block, Style body)
    {
        if (block.Lines.Count is 0 or > MaxLines || block.Length > MaxLength) return false;
        var numbered = block.Kind == BlockKind.Item && (char.IsLetterOrDigit(block.Mark[0]) || block.Mark[0] == '(');
        if (!numbered && block.Kind != BlockKind.Text) return false;
        var style = block.Style;
        if (style.HasFlag(FontStyle.Monospace) || block.Frame is not { IsMain: true, Angle: 0 or 90 or 180 or 270 }) return false;

        var text = block.Lines[^1].Text;
        if (text[^1] is ',' or ';' or '.' or '。' or '…' || !block.Lines[0].Text.Any(char.IsLetter) || Leaders.In(text)) return false;
        var size = block.Lines.Max(line => line.Size);
        if (size >= Larger * body.Size) return true;
        if (numbered && block.Lines.Count == 1 && size >= SlightlyLarger * body.Size) return true;
        return style.HasFlag(FontStyle.Bold) && !body.Bold && size >= 0.93f * body.Size && text[^1] is not (':' or '?')
            && block.Lines.Count <= (numbered ? 1 : 2) && !char.IsLower(block.Lines[0].Text[0]);
    }
}
