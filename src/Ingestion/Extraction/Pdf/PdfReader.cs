using UglyToad.PdfPig;

namespace Ingestion.Extraction.Pdf;

/// <summary>Reads the text of PDFs with its pages, reading order and structure. Pictures of text are not read.</summary>
public sealed class PdfReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes { get; } = ["application/pdf", "application/x-pdf"];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(content);
        var bytes = await PdfFile.ReadBytesAsync(content.Bytes, cancel).ConfigureAwait(false);
        using var document = PdfFile.Open(bytes, new PdfParsing(cancel));
        return Read(document, content, cancel);
    }

    private static ExtractedDocument Read(PdfDocument document, DocumentContent content, CancellationToken cancel)
    {
        var total = document.NumberOfPages;
        if (total > content.Limits.MaxPages)
        {
            throw new ExtractionException(
                ExtractionFailure.TooLarge,
                $"The PDF has {total} pages and at most {content.Limits.MaxPages} are read. Split it and send the parts.");
        }

        var writer = new MarkdownWriter(content.Limits);
        var pages = new List<List<TextBlock>>(Math.Min(total, 1024));
        var damaged = new List<(int Page, string Why)>();
        var pictures = new List<int>();
        var heights = new List<float>(pages.Capacity);
        var length = 0L;
        for (var number = 1; number <= total; number++)
        {
            cancel.ThrowIfCancellationRequested();
            var blocks = ReadPage(document, number, damaged, pictures, heights, cancel);
            length += blocks.Sum(block => (long)block.Length);
            if (length > content.Limits.MaxTextLength)
            {
                throw new ExtractionException(
                    ExtractionFailure.TooLarge,
                    $"The PDF's text is longer than {content.Limits.MaxTextLength} characters. Split it and send the parts.");
            }
            pages.Add(blocks);
            content.Progress?.Invoke(new ReadProgress(number, total, "page"));
        }

        var body = Headings.BodySize(pages);
        foreach (var block in PageFurniture.Take(pages, number => heights[number - 1], body))
            writer.Furniture(Paragraphs.Join(block.Lines), block.Page, block.Box);
        for (var i = 0; i < pages.Count; i++) Footnotes.Mark(pages[i], body, heights[i]);
        Headings.Mark(pages, OutlineOf(document, writer));
        Continuations.Join(pages);
        foreach (var blocks in pages)
        {
            ListLevels.Assign(blocks);
            BlockWriter.Write(blocks, writer);
        }
        Warn(writer, damaged, pictures, total, length);
        return PdfMetadata.AddTo(writer.ToDocument(content.MediaType), document);
    }

    private static List<OutlineEntry> OutlineOf(PdfDocument document, MarkdownWriter writer)
    {
        try
        {
            return OutlineEntry.Of(document);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or ExtractionException))
        {
            writer.Warn($"The PDF's outline could not be read ({failure.GetType().Name}); headings are told by their type alone.");
            return [];
        }
    }

    private static List<TextBlock> ReadPage(
        PdfDocument document, int number, List<(int, string)> damaged, List<int> pictures, List<float> heights, CancellationToken cancel)
    {
        try
        {
            var page = document.GetPage<PdfPage>(number);
            heights.Add(page.Height);
            if (page.Damage is { } damage) damaged.Add((number, damage));
            var blocks = PageBlocks.Of(page);
            if (blocks.Count == 0 && page.Images > 0) pictures.Add(number);
            return blocks;
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or ExtractionException))
        {
            cancel.ThrowIfCancellationRequested();
            if (heights.Count < number) heights.Add(0);
            damaged.Add((number, $"it could not be read ({failure.GetType().Name})"));
            return [];
        }
    }

    private static void Warn(MarkdownWriter writer, List<(int Page, string Why)> damaged, List<int> pictures, int total, long length)
    {
        foreach (var group in damaged.GroupBy(item => item.Why))
            writer.Warn($"{PageNames.Of([.. group.Select(item => item.Page)])}: {group.Key}.");

        if (length == 0 && pictures.Count > 0)
            writer.Warn("The PDF holds pictures but no text: it looks scanned. Text in pictures is not read while OCR is off.");
        else if (length == 0)
            writer.Warn(total == 0 ? "The PDF has no pages." : "The PDF holds no text.");
        else if (pictures.Count > 0)
            writer.Warn($"{PageNames.Of(pictures)}: only pictures, no text. Text in pictures is not read while OCR is off.");
    }
}
