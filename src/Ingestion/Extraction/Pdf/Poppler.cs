using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Poppler's programs, where they are installed: pictures of pages for text recognition, and another pair of eyes for files that are
/// too broken for ours.
/// </summary>
internal sealed class Poppler(byte[] pdf, string? path)
{
    private const int MaxPicture = 128 * 1024 * 1024;
    private const float PointsAnInch = 72;
    private const float DotsAnInch = 300;
    private const float MaxSide = 7000;
    private static readonly TimeSpan TextTimeout = TimeSpan.FromSeconds(30);

    public static bool CanDraw { get; } = ExternalTool.IsInstalled("pdftoppm");

    private static bool CanRead { get; } = ExternalTool.IsInstalled("pdftotext");

    /// <summary>A page as a grey picture.</summary>
    /// <param name="longSide">Of the page, in points.</param>
    /// <returns>No picture where it could not be drawn; whether it was time that lacked.</returns>
    public async Task<(byte[]? Picture, float DotsAPoint, bool IsLate)> DrawAsync(int page, float longSide, TimeSpan limit, CancellationToken cancel)
    {
        // The picture's own side is given, not its resolution: a page of a mile would fill the memory.
        var side = (int)Math.Clamp(longSide * DotsAnInch / PointsAnInch, 100, MaxSide);
        var number = page.ToString(CultureInfo.InvariantCulture);
        var result = await RunAsync(
            "pdftoppm", ["-q", "-gray", "-f", number, "-l", number, "-scale-to", side.ToString(CultureInfo.InvariantCulture), Source], MaxPicture, limit, cancel);
        return (result.End == ToolEnd.Well && result.Output.Length > 0 ? result.Output : null, side / Math.Max(1, longSide), result.End == ToolEnd.TooLong);
    }

    /// <summary>The text of every page, with nothing of its structure but paragraphs; null where Poppler cannot read it either, or is not there.</summary>
    public async Task<ExtractedDocument?> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        if (!CanRead) return null;
        var most = (int)Math.Min(4L * content.Limits.MaxTextLength, 1 << 29);
        var result = await RunAsync("pdftotext", ["-q", "-enc", "UTF-8", Source, "-"], most, TextTimeout, cancel);
        if (result.End == ToolEnd.TooMuch) throw ExtractionException.TextTooLong(content.Limits);
        var text = Encoding.UTF8.GetString(result.Output);
        if (result.End != ToolEnd.Well || string.IsNullOrWhiteSpace(text)) return null;

        var writer = new MarkdownWriter(content.Limits);
        writer.Warn("The PDF is damaged. Its text was read by pdftotext, without headings, tables and links. Save it anew in a viewer to have them.");
        // Each page ends with a form feed.
        foreach (var page in text.Split('\f').SkipLast(1))
        {
            writer.StartPage();
            foreach (var paragraph in page.Split("\n\n", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                writer.Paragraph(BlockWriter.Escape(paragraph.Replace('\n', ' ')));
        }
        return writer.ToDocument(content.MediaType);
    }

    private string Source => path ?? "-";

    private Task<ToolResult> RunAsync(string program, string[] arguments, int maxOutput, TimeSpan limit, CancellationToken cancel) =>
        ExternalTool.RunAsync(program, arguments, path is null ? pdf : default, maxOutput, limit, cancel);
}
