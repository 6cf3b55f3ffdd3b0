namespace Ingestion.Extraction.Pdf;

/// <summary>Paragraphs that go on in the next column or on the next page become one.</summary>
internal static class Continuations
{
    public static void Join(List<List<TextBlock>> pages)
    {
        TextBlock? open = null;
        for (var number = 0; number < pages.Count; number++)
        {
            var page = pages[number];
            if (open is not null && page.Find(block => block.Kind != BlockKind.Footnote) is { } first && GoesOn(open, first))
            {
                MoveToEnd(pages[number - 1], open);
                MoveToStart(page, first);
                first.Continues = true;
            }
            JoinColumns(page);
            open = page.FindLast(block => block.Kind != BlockKind.Footnote);
        }
    }

    private static void JoinColumns(List<TextBlock> page)
    {
        for (var i = 1; i < page.Count; i++)
        {
            var block = page[i];
            var before = page.FindLastIndex(i - 1, other => other.Kind != BlockKind.Footnote);
            // The next column starts higher up, and beside this one.
            if (before < 0 || block.Box.Top > page[before].Box.Top || block.Box.Left < page[before].Box.Right || !GoesOn(page[before], block)) continue;
            page[before].Lines.AddRange(block.Lines);
            page.RemoveAt(i--);
        }
    }

    // Its last line is full and in the middle of a sentence, which the other one goes on with in the same type.
    private static bool GoesOn(TextBlock block, TextBlock next)
    {
        if (!block.IsProse || next.Kind != BlockKind.Text || block.Lines.Count == 0 || next.Lines.Count == 0) return false;
        if (Math.Abs(block.Size - next.Size) > 0.3f || block.Style != next.Style || block.Frame.Angle != next.Frame.Angle) return false;
        var (last, first) = (block.Lines[^1], next.Lines[0]);
        if (last.RightToLeft || first.RightToLeft || Leaders.In(last.Text)) return false;
        if (block.Lines.Count > 1 && last.Right < block.Lines.Max(line => line.Right) - (4 * block.Size)) return false;
        var end = last.Text[^1];
        return char.IsLower(first.Text[0]) && (char.IsLetterOrDigit(end) || end is ',' or '-' or '\u00AD' or '\u2010' or ')' or '’');
    }

    // Notes stay on their page: before the paragraph that leaves it, and after the one that came to it.
    private static void MoveToEnd(List<TextBlock> page, TextBlock block)
    {
        page.Remove(block);
        page.Add(block);
    }

    private static void MoveToStart(List<TextBlock> page, TextBlock block)
    {
        page.Remove(block);
        page.Insert(0, block);
    }
}
