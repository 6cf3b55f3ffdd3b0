using Ingestion.Extraction.Pdf;

namespace Ingestion.Extraction.Ocr;

/// <summary>What a user should know of text that was recognised.</summary>
internal static class OcrWarnings
{
    /// <summary>Nothing of a document was recognised in time; on a machine that is less busy, or with more time, it may be.</summary>
    public static ExtractionException Late(OcrOptions options) => new(
        ExtractionFailure.TimedOut,
        $"The text in the pictures was not recognised within {options.PageTimeout.TotalSeconds:0.#} s a page, a quarter of EXTRACTION_TIMEOUT."
            + " Send a smaller or clearer scan, or ask the operator for more time.");

    public static void Add(MarkdownWriter writer, List<int> recognised, List<int> unsure)
    {
        if (recognised.Count > 0) writer.Warn($"{PageNames.Of(recognised)}: the text was recognised in a picture (OCR) and may hold mistakes.");
        if (unsure.Count > 0) writer.Warn($"{PageNames.Of(unsure)}: the picture is hard to read, so much of the text may be wrong. A sharper scan helps.");
    }
}
