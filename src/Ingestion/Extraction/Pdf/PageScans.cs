using Ingestion.Extraction.Ocr;

namespace Ingestion.Extraction.Pdf;

/// <summary>The pages of one PDF whose text is recognised in a picture of them.</summary>
internal sealed class PageScans(Poppler poppler, OcrOptions? options)
{
    private readonly Dictionary<int, (RecognisedPage Page, float Scale)> _read = [];
    private readonly List<(int Page, string Why)> _failed = [];
    private bool _late;

    /// <summary>Characters recognised so far.</summary>
    public long Length { get; private set; }

    /// <summary>Pages were given up because their time was over, and no other was read.</summary>
    public ExtractionException? Late => _late && _read.Count == 0 ? OcrWarnings.Late(options!) : null;

    public bool Wants(bool isPicture) => options is not null && (isPicture || options.Force);

    public bool WasRead(int page) => _read.ContainsKey(page);

    /// <returns>False where it found nothing, or could not look; then the page keeps what else it has.</returns>
    public async Task<bool> TryReadAsync(int number, (float Width, float Height) size, CancellationToken cancel)
    {
        if (!Poppler.CanDraw)
        {
            _failed.Add((number, "its picture cannot be drawn for OCR, as pdftoppm is not installed (Debian: apt-get install poppler-utils)"));
            return false;
        }
        var (picture, dots, isLate) = await poppler.DrawAsync(number, Math.Max(size.Width, size.Height), options!.PageTimeout, cancel).ConfigureAwait(false);
        _late |= isLate;
        if (picture is null)
        {
            _failed.Add((number, "its picture could not be drawn for OCR"));
            return false;
        }
        (var pages, var why, isLate) = await Tesseract.RecogniseAsync(picture, (int)(dots * 72), options, cancel).ConfigureAwait(false);
        _late |= isLate;
        if (why is not null) _failed.Add((number, why));
        if (pages is not [{ Paragraphs.Count: > 0 } page]) return false;
        _read.Add(number, (page, 1 / dots));
        Length += page.Paragraphs.Sum(paragraph => (long)paragraph.Text.Length);
        return true;
    }

    public void Write(int number, MarkdownWriter writer)
    {
        if (_read.TryGetValue(number, out var scan)) scan.Page.WriteTo(writer, scan.Scale);
    }

    public void Warn(MarkdownWriter writer)
    {
        OcrWarnings.Add(
            writer, [.. _read.Keys.Order()],
            [.. _read.Where(scan => scan.Value.Page.Confidence < RecognisedPage.LowConfidence).Select(scan => scan.Key).Order()]);
        foreach (var group in _failed.GroupBy(item => item.Why))
            writer.Warn($"{PageNames.Of([.. group.Select(item => item.Page)])}: {group.Key}.");
    }
}
