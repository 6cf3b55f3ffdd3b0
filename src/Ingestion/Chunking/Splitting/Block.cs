using Ingestion.Extraction;

namespace Ingestion.Chunking.Splitting;

/// <summary>An element with its marks and the white space after it: a document's blocks tile its text.</summary>
/// <param name="WholeStart">Before <paramref name="Start"/> where this is a later part of the block.</param>
internal readonly record struct Block(ElementKind Kind, int Level, int Start, int End, int WholeStart)
{
    private Block(ElementKind kind, int level, int start, int end) : this(kind, level, start, end, start) { }

    public bool IsHeading => Kind == ElementKind.Heading;

    /// <summary>Rows of a table whose header rows stand before them.</summary>
    public bool IsContinuedTable => Kind == ElementKind.Table && WholeStart < Start;

    /// <summary>Text that no element covers belongs to the block before it; without elements the text is one paragraph.</summary>
    public static List<Block> Of(ExtractedDocument document)
    {
        var blocks = new List<Block>();
        var covered = 0;
        foreach (var element in document.Elements)
        {
            // Marks such as "## " may stand before the element, on its line.
            var line = document.Text.AsSpan(covered, element.Start - covered).LastIndexOf('\n');
            var start = line >= 0 ? covered + line + 1 : covered == 0 ? 0 : element.Start;
            if (blocks.Count == 0 && !document.Text.AsSpan(0, start).IsWhiteSpace()) blocks.Add(new Block(ElementKind.Paragraph, 0, 0, start));
            if (blocks.Count > 0) blocks[^1] = blocks[^1] with { End = start };
            blocks.Add(new Block(element.Kind, element.Level, blocks.Count == 0 ? 0 : start, element.End));
            covered = element.End;
        }
        if (blocks.Count == 0) blocks.Add(new Block(ElementKind.Paragraph, 0, 0, 0));
        blocks[^1] = blocks[^1] with { End = document.Text.Length };
        return blocks;
    }

    /// <summary>The blocks of a slice, the first and the last cut at its ends.</summary>
    public static List<Block> Within(List<Block> blocks, int start, int end)
    {
        int low = 0, high = blocks.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (blocks[middle].End <= start) low = middle + 1;
            else high = middle;
        }
        var within = new List<Block>();
        for (; low < blocks.Count && blocks[low].Start < end; low++)
        {
            var block = blocks[low];
            within.Add(block with { Start = Math.Max(block.Start, start), End = Math.Min(block.End, end) });
        }
        return within;
    }
}
