namespace Ingestion.Extraction.Ocr;

/// <summary>Pictures of text: scans and photographs. What is not text in them is not described.</summary>
public sealed class PictureReader : IDocumentReader
{
    private static readonly string[] Types = ["image/png", "image/jpeg", "image/tiff", "image/webp"];

    public IReadOnlyList<string> MediaTypes => Types;

    public static bool Takes(string mediaType) => Types.Contains(mediaType);

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        if (content.Ocr is not { } ocr)
        {
            throw new ExtractionException(
                ExtractionFailure.Empty,
                "Text in pictures is read only with OCR, which is off here. Send the text itself, or ask the operator to set OCR=auto.");
        }
        var bytes = await TextDecoding.ReadBytesAsync(content, cancel);
        var pixels = PictureSize.Pixels(bytes);
        if (pixels is null or <= 0)
            throw new ExtractionException(ExtractionFailure.Corrupt, "The picture is broken or cut short. Open it in a viewer, save it anew and send that.");
        if (pixels > content.Limits.MaxPicturePixels)
        {
            throw new ExtractionException(
                ExtractionFailure.TooLarge,
                $"The picture has {pixels} pixels and at most {content.Limits.MaxPicturePixels} are read. Scale it down and send it again.");
        }

        var (pages, why, isLate) = await Tesseract.RecogniseAsync(bytes, null, ocr, cancel);
        if (isLate) throw OcrWarnings.Late(ocr);
        if (pages is null) throw new ExtractionException(ExtractionFailure.Corrupt, $"The picture is there, but {why}. Send a clearer or smaller one.");
        var writer = new MarkdownWriter(content.Limits);
        for (var number = 1; number <= pages.Count; number++)
        {
            writer.StartPage();
            pages[number - 1].WriteTo(writer, 1);
            content.Progress?.Invoke(new ReadProgress(number, pages.Count, "page"));
        }
        var read = Enumerable.Range(1, pages.Count).Where(number => pages[number - 1].Paragraphs.Count > 0).ToList();
        OcrWarnings.Add(writer, read, [.. read.Where(number => pages[number - 1].Confidence < RecognisedPage.LowConfidence)]);
        return writer.ToDocument(content.MediaType);
    }
}
