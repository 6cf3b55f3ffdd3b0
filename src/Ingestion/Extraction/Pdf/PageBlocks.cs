namespace Ingestion.Extraction.Pdf;

internal enum BlockKind
{
    Text,
    Heading,
    Item,
    Code,
    Table,
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

    public BoundingBox Box { get; set; }
    public float Size => Lines.Count == 0 ? 0 : Lines.Max(line => line.Size);
    public FontStyle Style => Lines.Count == 0 ? FontStyle.None : Lines.Aggregate((FontStyle)0xFF, (style, line) => style & line.Style);
    public int Length => Lines.Sum(line => line.Text.Length);
}

/// <summary>One page's text to blocks in reading order.</summary>
internal static class PageBlocks
{
    public static List<TextBlock> Of(PdfPage page)
    {
        var blocks = new List<TextBlock>();
        foreach (var frame in TextFrame.Of(page))
        {
            var segments = PageLines.Build(frame.Glyphs);
            if (segments.Count == 0) continue;
            var rightToLeft = segments.Count(segment => VisualText.HasRightToLeft(segment.Glyphs)) * 2 > segments.Count;
            foreach (var column in ReadingOrder.Of(segments, rightToLeft))
            {
                Paragraphs.Build(ToLines(column), page, frame, blocks);
            }
        }
        return blocks;
    }

    private static List<TextLine> ToLines(List<Segment> column)
    {
        var lines = new List<TextLine>();
        for (var i = 0; i < column.Count;)
        {
            var start = i;
            while (i < column.Count && column[i].Row == column[start].Row) i++;
            lines.Add(TextLine.Of(column.GetRange(start, i - start)));
        }
        return lines;
    }
}
