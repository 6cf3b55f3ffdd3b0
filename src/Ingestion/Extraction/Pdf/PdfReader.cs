using UglyToad.PdfPig;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Reads the text of PDFs with its pages, reading order and structure; text in pictures where OCR is asked for. What the parser cannot
/// open goes to Poppler, where that is installed.
/// </summary>
public sealed class PdfReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes { get; } = ["application/pdf", "application/x-pdf"];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(content);
        var bytes = await PdfFile.ReadBytesAsync(content.Bytes, cancel).ConfigureAwait(false);
        var poppler = new Poppler(bytes, (content.Bytes as FileStream)?.Name);
        try
        {
            using var document = PdfFile.Open(bytes, new PdfParsing(cancel));
            return await ReadAsync(document, poppler, content, cancel).ConfigureAwait(false);
        }
        catch (ExtractionException fault) when (fault.Failure == ExtractionFailure.Corrupt)
        {
            if (await poppler.ReadAsync(content, cancel).ConfigureAwait(false) is not { } saved) throw;
            return saved;
        }
    }

    private static async Task<ExtractedDocument> ReadAsync(PdfDocument document, Poppler poppler, DocumentContent content, CancellationToken cancel)
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
        var scans = new PageScans(poppler, content.Ocr);
        var sizes = new List<(float Width, float Height)>(pages.Capacity);
        var length = 0L;
        for (var number = 1; number <= total; number++)
        {
            cancel.ThrowIfCancellationRequested();
            var blocks = ReadPage(document, number, damaged, pictures, sizes, cancel);
            if (scans.Wants(isPicture: pictures.Count > 0 && pictures[^1] == number) && await scans.TryReadAsync(number, sizes[^1], cancel).ConfigureAwait(false))
                blocks = [];
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

        if (length == 0 && scans.Late is { } late) throw late;

        var body = Headings.BodySize(pages);
        foreach (var block in PageFurniture.Take(pages, number => sizes[number - 1].Height, body))
            writer.Furniture(Paragraphs.Join(block.Lines), block.Page, block.Box);
        for (var i = 0; i < pages.Count; i++) Footnotes.Mark(pages[i], body, sizes[i].Height);
        Headings.Mark(pages, OutlineOf(document, writer));
        // What was read in pictures stands between the texts of pages.
        if (scans.Length == 0) Continuations.Join(pages);
        foreach (var blocks in pages)
        {
            if (blocks is not [{ Continues: true }, ..])
            {
                writer.StartPage();
                scans.Write(writer.PageNumber, writer);
            }
            ListLevels.Assign(blocks);
            BlockWriter.Write(blocks, writer);
        }
        scans.Warn(writer);
        pictures.RemoveAll(scans.WasRead);
        Warn(writer, damaged, pictures, total, length + scans.Length, content.Ocr is not null);
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
        PdfDocument document, int number, List<(int, string)> damaged, List<int> pictures, List<(float, float)> sizes, CancellationToken cancel)
    {
        try
        {
            var page = document.GetPage<PdfPage>(number);
            sizes.Add((page.Width, page.Height));
            if (page.Damage is { } damage) damaged.Add((number, damage));
            var blocks = PageBlocks.Of(page);
            if (blocks.Count == 0 && page.Images > 0) pictures.Add(number);
            return blocks;
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or ExtractionException))
        {
            cancel.ThrowIfCancellationRequested();
            if (sizes.Count < number) sizes.Add((0, 0));
            damaged.Add((number, $"it could not be read ({failure.GetType().Name})"));
            return [];
        }
    }

    private static void Warn(
        MarkdownWriter writer, List<(int Page, string Why)> damaged, List<int> pictures, int total, long length, bool recognises)
    {
        foreach (var group in damaged.GroupBy(item => item.Why))
            writer.Warn($"{PageNames.Of([.. group.Select(item => item.Page)])}: {group.Key}.");

        var why = recognises ? "Nothing was recognised in them." : "Text in pictures is not read while OCR is off.";
        if (length == 0 && pictures.Count > 0)
            writer.Warn("The PDF holds pictures but no text: it looks scanned. " + why);
        else if (length == 0)
            writer.Warn(total == 0 ? "The PDF has no pages." : "The PDF holds no text.");
        else if (pictures.Count > 0)
            writer.Warn($"{PageNames.Of(pictures)}: only pictures, no text. {why}");
    }
}
