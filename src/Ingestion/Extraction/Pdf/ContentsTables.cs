namespace Ingestion.Extraction.Pdf;

/// <summary>A table of contents, with "title … page" on each line, is a table of two columns.</summary>
internal static class ContentsTables
{
    private const int MinEntries = 3;
    private const int LongestNumber = 8;
    private const string Leader = " … ";

    public static void Join(List<TextBlock> blocks)
    {
        for (var first = 0; first < blocks.Count; first++)
        {
            var rows = new List<string[]>();
            var end = first;
            while (end < blocks.Count && blocks[end].Frame == blocks[first].Frame && AddEntries(blocks[end], rows)) end++;
            if (rows.Count < MinEntries) continue;
            var all = blocks.GetRange(first, end - first);
            blocks[first] = new TextBlock
            {
                Page = all[0].Page,
                Frame = all[0].Frame,
                Kind = BlockKind.Table,
                Cells = rows,
                Box = new BoundingBox(
                    all.Min(block => block.Box.Left), all.Min(block => block.Box.Top),
                    all.Max(block => block.Box.Right), all.Max(block => block.Box.Bottom)),
            };
            blocks.RemoveRange(first + 1, all.Count - 1);
        }
    }

    /// <summary>False, and nothing added, where the block is anything else.</summary>
    private static bool AddEntries(TextBlock block, List<string[]> rows)
    {
        if (!block.IsProse) return false;
        var before = rows.Count;
        var title = "";
        foreach (var line in block.Lines)
        {
            var at = line.RightToLeft ? -1 : line.Text.LastIndexOf(Leader, StringComparison.Ordinal);
            if (at < 0)
            {
                // A long title goes on in the next line.
                title += line.Text + " ";
                continue;
            }
            var number = line.Text[(at + Leader.Length)..];
            if (number.Length > LongestNumber)
            {
                title = line.Text;
                break;
            }
            rows.Add([title + line.Text[..at], number]);
            title = "";
        }
        if (title.Length == 0 && rows.Count > before) return true;
        rows.RemoveRange(before, rows.Count - before);
        return false;
    }
}
