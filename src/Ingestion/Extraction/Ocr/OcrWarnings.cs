using Ingestion.Extraction.Pdf;

namespace Ingestion.Extraction.Ocr;

/// <summary>What a user should know of text that was recognised.</summary>
internal static class OcrWarnings
{
    public static void Add(MarkdownWriter writer, List<int> recognised, List<int> unsure)
    {
        if (recognised.Count > 0) writer.Warn($"{PageNames.Of(recognised)}: the text was recognised in a picture (OCR) and may hold mistakes.");
        if (unsure.Count > 0) writer.Warn($"{PageNames.Of(unsure)}: the picture is hard to read, so much of the text may be wrong. A sharper scan helps.");
    }
}
