namespace Ingestion.Extraction.Pdf;

internal enum BlockKind
{
    Text,
    Heading,
    Item,
    Code,
    Table,
    Footnote,
}

/// <summary>Lines of one page that belong together: a paragraph, a heading, a list item, a table.</summary>
internal sealed class TextBlock
{
    public required int Page { get; init; }
    public required TextFrame Frame { get; init; }
    public BlockKind Kind { get; set; } = BlockKind.Text;
    public List<TextLine> Lines { get; } = [];

    /// <summary>Set for tables.</summary>
    public List<string[]>? Cells { get; init; }

    /// <summary>Set for list items.</summary>
    public string Mark { get; set; } = "";
    public int Level { get; set; }

    /// <summary>It is the rest of the last paragraph or item of the page before.</summary>
    public bool Continues { get; set; }

    public BoundingBox Box { get; set; }
    public bool IsProse => Kind is BlockKind.Text or BlockKind.Item;
    public float Size => Lines.Count == 0 ? 0 : Lines.Max(line => line.Size);
    public FontStyle Style => Lines.Count == 0 ? FontStyle.None : Lines.Aggregate((FontStyle)0xFF, (style, line) => style & line.Style);
    public int Length => Lines.Sum(line => line.Text.Length) + (Cells?.Sum(row => row.Sum(cell => cell.Length)) ?? 0);
}

/// <summary>One page's text to blocks in reading order.</summary>
internal static class PageBlocks
{
    /// <summary>More pieces of text than this on a page are a map or a plan, which has no tables to find.</summary>
    private const int MaxSegments = 2_000;

    public static List<TextBlock> Of(PdfPage page)
    {
        var blocks = new List<TextBlock>();
        var frames = TextFrame.Of(page).ConvertAll(frame => (Frame: frame, Segments: PageLines.Build(frame.Glyphs)));
        for (var i = 0; i < frames.Count; i++)
        {
            var (frame, segments) = frames[i];
            if (segments.Count == 0) continue;
            var rightToLeft = segments.Count(segment => segment.HasRightToLeft) * 2 > segments.Count;
            var (across, down) = RulesOf(page, frame);
            var prose = segments.Count <= MaxSegments && frame.Angle % 90 == 0;
            if (prose)
            {
                DrawnBullets.Attach(segments, page.SmallShapes, frame);
                var turned = i == 0 ? Turned(frames) : [];
                foreach (var table in RuledTables.Take(segments, across, down, turned)) Insert(segments, table);
                foreach (var (_, others) in frames)
                    others.RemoveAll(segment => turned.Exists(text => text.Taken && text.Segment.Glyphs == segment.Glyphs));
            }
            foreach (var column in ReadingOrder.Of(segments, rightToLeft)) AddColumn(column, prose ? across : null, page, frame, blocks);
        }
        ContentsTables.Join(blocks);
        return blocks;
    }

    /// <summary>The text of the other directions, placed in the first frame.</summary>
    private static List<RuledTables.TurnedText> Turned(List<(TextFrame Frame, List<Segment> Segments)> frames)
    {
        const int AfterAllRows = 1_000_000;
        const int Most = 500;
        var turned = new List<RuledTables.TurnedText>();
        foreach (var (frame, segments) in frames.Skip(1))
        {
            if (frame.Angle % 90 != 0 || turned.Count + segments.Count > Most) continue;
            foreach (var segment in segments)
            {
                var (x, y) = frame.ToPage((segment.U0 + segment.U1) / 2, segment.V + (0.3f * segment.Size));
                var (u, v) = frames[0].Frame.FromPage(x, y);
                turned.Add(new RuledTables.TurnedText(segment.InRow(segment.Row + AfterAllRows), u, v));
            }
        }
        return turned;
    }

    // The table stands in the order of rows where its top is.
    private static void Insert(List<Segment> segments, PageTable table)
    {
        var at = 0;
        while (at < segments.Count && (segments[at].V >= table.V1 || (at > 0 && segments[at].Row == segments[at - 1].Row))) at++;
        segments.Insert(at, Segment.For(table, -1 - at));
    }

    private static void AddColumn(
        List<Segment> column, List<RuledTables.Line>? across, PdfPage page, TextFrame frame, List<TextBlock> blocks)
    {
        var rows = new List<List<Segment>>();
        for (var i = 0; i <= column.Count; i++)
        {
            if (i < column.Count && column[i].Table is null)
            {
                if (rows.Count == 0 || rows[^1][0].Row != column[i].Row) rows.Add([]);
                rows[^1].Add(column[i]);
                continue;
            }
            AddRows(rows, across, page, frame, blocks);
            rows.Clear();
            if (i < column.Count) blocks.Add(TableBlock(column[i].Table!, page, frame));
        }
    }

    private static void AddRows(
        List<List<Segment>> rows, List<RuledTables.Line>? across, PdfPage page, TextFrame frame, List<TextBlock> blocks)
    {
        if (rows.Count == 0) return;
        if (across is null)
        {
            Paragraphs.Build([.. rows.Select(TextLine.Of)], page, frame, blocks);
            return;
        }
        foreach (var (first, last, table) in AlignedTables.Find(rows, across))
        {
            if (table is not null) blocks.Add(TableBlock(table, page, frame));
            else Paragraphs.Build([.. rows.GetRange(first, last - first + 1).Select(TextLine.Of)], page, frame, blocks);
        }
    }

    private static TextBlock TableBlock(PageTable table, PdfPage page, TextFrame frame) => new()
    {
        Page = page.Number,
        Frame = frame,
        Kind = BlockKind.Table,
        Cells = table.Cells,
        Box = frame.ToBox(page, table.U0, table.V0, table.U1, table.V1),
    };

    private static (List<RuledTables.Line> Across, List<RuledTables.Line> Down) RulesOf(PdfPage page, TextFrame frame)
    {
        List<RuledTables.Line> across = [], down = [];
        if (frame.Angle % 90 != 0) return (across, down);
        foreach (var rule in page.Rules)
        {
            var (a, b) = (frame.FromPage(rule.X0, rule.Y0), frame.FromPage(rule.X1, rule.Y1));
            var (u0, u1) = (Math.Min(a.U, b.U), Math.Max(a.U, b.U));
            var (v0, v1) = (Math.Min(a.V, b.V), Math.Max(a.V, b.V));
            if (u1 - u0 >= v1 - v0) across.Add(new RuledTables.Line((v0 + v1) / 2, u0, u1));
            else down.Add(new RuledTables.Line((u0 + u1) / 2, v0, v1));
        }
        return (across, down);
    }
}
