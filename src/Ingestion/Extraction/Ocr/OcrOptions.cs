namespace Ingestion.Extraction.Ocr;

/// <summary>How text in pictures is recognised.</summary>
public sealed record OcrOptions
{
    /// <summary>Tesseract's names of languages, joined by <c>+</c>.</summary>
    public required string Languages { get; init; }

    /// <summary>Every page of a PDF, also those that have text; otherwise only pages that are pictures alone.</summary>
    public bool Force { get; init; }

    /// <summary>For one page; a page that takes longer is left out, with a warning.</summary>
    public TimeSpan PageTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
