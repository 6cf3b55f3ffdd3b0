using System.Globalization;
using System.Text;
using Ingestion.Extraction.Pdf;

namespace Ingestion.Extraction.Ocr;

/// <summary>A paragraph of a picture; its box in pixels from the top left corner.</summary>
internal readonly record struct RecognisedParagraph(string Text, BoundingBox Box);

/// <summary>The text of one picture, in reading order.</summary>
/// <param name="Confidence">Mean over its words, 0 to 100.</param>
internal sealed record RecognisedPage(IReadOnlyList<RecognisedParagraph> Paragraphs, double Confidence)
{
    /// <summary>Below it, the words are guesses more than readings.</summary>
    public const double LowConfidence = 60;

    /// <summary>Reads tesseract's table: a line a word, and lines for the pages, blocks, paragraphs and lines around them.</summary>
    public static List<RecognisedPage> ParseTable(ReadOnlySpan<char> table)
    {
        var pages = new List<RecognisedPage>();
        var paragraphs = new List<RecognisedParagraph>();
        var text = new StringBuilder();
        BoundingBox box = default;
        var (words, confidence, isPage, line) = (0, 0.0, false, "");
        Span<Range> cells = stackalloc Range[12];
        foreach (var range in table.Split('\n'))
        {
            var row = table[range].TrimEnd('\r');
            if (row.Split(cells, '\t') < 12 || !int.TryParse(row[cells[0]], CultureInfo.InvariantCulture, out var level)) continue;
            if (level is 1) ClosePage();
            if (level is 1 or 3) CloseParagraph();
            isPage |= level == 1;
            if (level == 3) box = BoxOf(row, cells);
            if (level != 5 || row[cells[11]].IsWhiteSpace()) continue;

            var thisLine = row[cells[4]].ToString();
            var word = row[cells[11]].Trim();
            if (text.Length > 0 && thisLine != line && text[^1] == '-' && char.IsLower(word[0])) text.Length--;
            else if (text.Length > 0) text.Append(' ');
            text.Append(word);
            line = thisLine;
            words++;
            if (double.TryParse(row[cells[10]], CultureInfo.InvariantCulture, out var sure)) confidence += sure;
        }
        CloseParagraph();
        ClosePage();
        return pages;

        void CloseParagraph()
        {
            if (text.Length > 0) paragraphs.Add(new RecognisedParagraph(text.ToString(), box));
            text.Clear();
        }

        void ClosePage()
        {
            CloseParagraph();
            if (isPage) pages.Add(new RecognisedPage(paragraphs, words == 0 ? 100 : confidence / words));
            paragraphs = [];
            (words, confidence, isPage) = (0, 0, false);
        }
    }

    /// <param name="scale">From pixels to the document's units.</param>
    public void WriteTo(MarkdownWriter writer, float scale)
    {
        foreach (var (text, box) in Paragraphs)
            writer.Paragraph(
                BlockWriter.Escape(text), box: new BoundingBox(box.Left * scale, box.Top * scale, box.Right * scale, box.Bottom * scale));
    }

    private static BoundingBox BoxOf(ReadOnlySpan<char> row, ReadOnlySpan<Range> cells)
    {
        var (left, top) = (Number(row[cells[6]]), Number(row[cells[7]]));
        return new BoundingBox(left, top, left + Number(row[cells[8]]), top + Number(row[cells[9]]));
    }

    private static float Number(ReadOnlySpan<char> cell) => float.TryParse(cell, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
