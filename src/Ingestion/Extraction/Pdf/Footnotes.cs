namespace Ingestion.Extraction.Pdf;

/// <summary>Notes at the foot of a page or column: smaller than the text, below it, and each with its mark in front.</summary>
internal static class Footnotes
{
    private const float Smaller = 0.93f;
    private const float Highest = 0.5f;
    private const string Marks = "*∗†‡§¶‖";

    /// <param name="body">The type size of the document's text.</param>
    public static void Mark(List<TextBlock> page, float body, float height)
    {
        // From the foot upwards: what stands below a note is a note, too.
        for (var i = page.Count - 1; i >= 0; i--)
        {
            var block = page[i];
            if (!block.IsProse || block.Frame.Angle != 0 || block.Size > Smaller * body || block.Box.Top < Highest * height) continue;
            if (!HasMark(block.Lines[0].Text) || !IsAtFoot(page, block, body)) continue;
            block.Kind = BlockKind.Footnote;
            Split(page, i);
            // The rest of the same note, where it was set as a paragraph of its own.
            for (var next = page.FindIndex(i, other => other.Kind != BlockKind.Footnote); next >= 0 && next < page.Count && IsRestOf(block, page[next]); next++)
                page[next].Kind = BlockKind.Footnote;
        }
    }

    private static bool HasMark(string line)
    {
        if (line.Length < 4) return false;
        if (Marks.Contains(line[0], StringComparison.Ordinal)) return true;
        var digits = 0;
        while (digits < line.Length && char.IsAsciiDigit(line[digits])) digits++;
        // Not a number with a unit or a decimal: a note starts with a word.
        return digits is 1 or 2 or 3 && (char.IsUpper(line[digits]) || (line[digits] == ' ' && char.IsLetter(line[digits + 1])));
    }

    // Text stands above it in its column, and nothing but notes below.
    private static bool IsAtFoot(List<TextBlock> page, TextBlock block, float body)
    {
        var hasText = false;
        foreach (var other in page)
        {
            if (other == block || other.Kind == BlockKind.Footnote || other.Box.Left > block.Box.Right || other.Box.Right < block.Box.Left) continue;
            var isText = other.Kind == BlockKind.Table || other.Size > Smaller * body;
            if (isText && other.Box.Top > block.Box.Bottom - 1) return false;
            hasText |= isText && other.IsProse && other.Box.Bottom < block.Box.Top + 1;
        }
        return hasText;
    }

    // Notes of a line each were taken for one paragraph.
    private static void Split(List<TextBlock> page, int at)
    {
        var lines = page[at].Lines.ToList();
        if (lines.Count < 2 || !lines.Skip(1).Any(line => HasMark(line.Text))) return;
        var notes = new List<TextBlock>();
        foreach (var line in lines)
        {
            if (notes.Count == 0 || HasMark(line.Text))
                notes.Add(new TextBlock { Page = page[at].Page, Frame = page[at].Frame, Kind = BlockKind.Footnote, Box = page[at].Box });
            notes[^1].Lines.Add(line);
        }
        page.RemoveAt(at);
        page.InsertRange(at, notes);
    }

    private static bool IsRestOf(TextBlock note, TextBlock block) =>
        block.Kind == BlockKind.Text && Math.Abs(block.Size - note.Size) < 0.3f && block.Box.Top > note.Box.Top
        && block.Box.Left < note.Box.Right && block.Box.Right > note.Box.Left;
}
