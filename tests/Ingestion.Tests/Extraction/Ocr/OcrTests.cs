using System.Diagnostics;
using System.Text;
using Ingestion.Extraction;
using Ingestion.Extraction.Host;
using Ingestion.Extraction.Ocr;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Extraction.Ocr;

/// <summary>Text in pictures, by the real tesseract (<c>test.sh</c> installs it), inside the reading process with its limits.</summary>
public class OcrTests
{
    private static readonly OcrOptions English = new() { Languages = "eng" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("testOCR.png", "This file contains some words.")]
    [InlineData("testOCR.webp", "This file contains some words.")]
    [InlineData("testOCR.jpg", "Apache Tika OCR Testing")]
    public async Task A_picture_becomes_its_text_with_a_box(string file, string text)
    {
        SkipWithoutTesseract();
        var document = await ReadAsync(file, English);
        Assert.Equal(text, Words(document.Text));
        Assert.Equal(1, document.PageCount);
        Assert.All(document.Elements, element => Assert.True(element is { Page: 1, Box: { Left: >= 0, Top: >= 0 } box } && box.Right > box.Left && box.Bottom > box.Top));
        Assert.Contains(document.Warnings, warning => warning.Contains("recognised in a picture (OCR)", StringComparison.Ordinal));
        ReaderConformance.AssertConsistent(document);
    }

    [Fact]
    public async Task A_TIFF_is_read_as_well()
    {
        SkipWithoutTesseract();
        var name = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using (var draw = Process.Start("pdftoppm", ["-tiff", "-gray", "-r", "100", "-singlefile", PathOf("testOCR.pdf"), name])) await draw.WaitForExitAsync(Cancel);
            var document = await ReadAsync(await File.ReadAllBytesAsync(name + ".tif", Cancel), "scan.tif", English);
            Assert.Equal("Happy New Year 2003!", Words(document.Text));
        }
        finally
        {
            File.Delete(name + ".tif");
        }
    }

    [Fact]
    public async Task A_scanned_page_of_a_PDF_becomes_its_text_with_boxes_in_points()
    {
        SkipWithoutTesseract();
        var document = await ReadAsync("testOCR.pdf", English);
        Assert.Contains("Happy New Year 2003!", Words(document.Text), StringComparison.Ordinal);
        var element = Assert.Single(document.Elements);
        Assert.Equal(1, element.Page);
        // The page is 842 by 651 points large, and the words stand in its upper half.
        Assert.InRange(element.Box!.Value.Left, 20, 100);
        Assert.InRange(element.Box.Value.Right, 300, 500);
        Assert.Contains("Page 1: the text was recognised in a picture (OCR) and may hold mistakes.", document.Warnings);
        Assert.DoesNotContain(document.Warnings, warning => warning.Contains("OCR is off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Forced_also_a_page_that_has_text_is_recognised()
    {
        SkipWithoutTesseract();
        var plain = await ReadAsync(LongDocuments.Pdf(1), "a.pdf", English);
        Assert.Empty(plain.Warnings);
        var forced = await ReadAsync(LongDocuments.Pdf(1), "a.pdf", English with { Force = true });
        Assert.Contains("Line 7 of a page that is like every other", Words(forced.Text), StringComparison.Ordinal);
        Assert.Contains(forced.Warnings, warning => warning.StartsWith("Page 1: the text was recognised", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("testOCR.pdf")]
    [InlineData("testOCR.png")]
    public async Task Without_OCR_a_scan_is_empty_and_the_error_says_what_would_help(string file)
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => ReadAsync(file, null));
        Assert.Equal(ExtractionFailure.Empty, fault.Failure);
        Assert.Contains("OCR=auto", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("testOCR.png")]
    [InlineData("testOCR.pdf")]
    public async Task A_scan_whose_time_is_over_says_so_and_is_not_called_empty(string file)
    {
        SkipWithoutTesseract();
        var fault = await Assert.ThrowsAsync<ExtractionException>(
            () => ReadAsync(file, English with { PageTimeout = TimeSpan.FromMilliseconds(1) }));
        Assert.Equal(ExtractionFailure.TimedOut, fault.Failure);
        Assert.Contains("EXTRACTION_TIMEOUT", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task A_picture_that_unpacks_to_too_much_is_refused_by_its_header(string name, byte[] header)
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => ReadAsync([.. header, .. new byte[100]], name, English));
        Assert.Equal(ExtractionFailure.TooLarge, fault.Failure);
        Assert.Contains("pixels", fault.Message, StringComparison.Ordinal);
    }

    public static IEnumerable<TheoryDataRow<string, byte[]>> Bombs =>
    [
        new("a.png", [0x89, .. "PNG\r\n\u001a\n\0\0\0\rIHDR"u8, 0, 1, 0, 0, 0, 1, 0, 0, 8, 0]),
        new("a.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF]),
        new("a.webp", [.. "RIFF\0\0\0\0WEBPVP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0]),
        new("a.tif", [.. "II*\0"u8, 8, 0, 0, 0, 2, 0, 0, 1, 4, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1, 4, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]),
    ];

    [Fact]
    public async Task A_picture_cut_short_anywhere_is_read_or_refused()
    {
        SkipWithoutTesseract();
        foreach (var file in (string[])["testOCR.png", "testOCR.jpg", "testOCR.webp", "testOCR.pdf"])
        {
            var bytes = await File.ReadAllBytesAsync(PathOf(file), Cancel);
            for (var fifth = 1; fifth < 5; fifth++)
            {
                try
                {
                    ReaderConformance.AssertConsistent(await ReadAsync(bytes[..(bytes.Length * fifth / 5)], file, English));
                }
                catch (ExtractionException fault)
                {
                    Assert.NotEmpty(fault.Message);
                }
            }
        }
    }

    [Fact]
    public void Words_of_a_table_become_paragraphs_and_broken_words_are_mended()
    {
        const string table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
            + "1\t1\t0\t0\t0\t0\t0\t0\t600\t800\t-1\t\n3\t1\t1\t1\t0\t0\t10\t20\t300\t40\t-1\t\n"
            + "5\t1\t1\t1\t1\t1\t10\t20\t30\t10\t90\tA\n5\t1\t1\t1\t1\t2\t50\t20\t30\t10\t90\tbro-\n5\t1\t1\t1\t2\t1\t10\t40\t30\t10\t60\tken\n"
            + "5\t1\t1\t1\t2\t2\t40\t40\t30\t10\t60\tword.\n3\t1\t2\t1\t0\t0\t10\t80\t300\t40\t-1\t\n5\t1\t2\t1\t1\t1\t10\t80\t30\t10\t0\t# 2\n"
            + "1\t2\t0\t0\t0\t0\t0\t0\t600\t800\t-1\t\n5\t2\t1\t1\t1\t1\t10\t80\t30\t10\t96\t \n";
        var pages = RecognisedPage.ParseTable(table);
        Assert.Equal(2, pages.Count);
        Assert.Equal(["A broken word.", "# 2"], pages[0].Paragraphs.Select(paragraph => paragraph.Text));
        Assert.Equal(new BoundingBox(10, 20, 310, 60), pages[0].Paragraphs[0].Box);
        Assert.Equal(60, pages[0].Confidence);
        Assert.Empty(pages[1].Paragraphs);
    }

    private static Task<ExtractedDocument> ReadAsync(string file, OcrOptions? options) => ReadAsync(File.ReadAllBytes(PathOf(file)), file, options);

    private static async Task<ExtractedDocument> ReadAsync(byte[] bytes, string name, OcrOptions? options)
    {
        await using var host = new ReaderHost(new ReaderHostOptions());
        return await host.ReadAsync(new DocumentContent { Bytes = new MemoryStream(bytes), MediaType = "", FileName = name, Ocr = options }, Cancel);
    }

    private static string Words(string text) => string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));

    private static string PathOf(string file) => Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", "scans", file);

    internal static void SkipWithoutTesseract() =>
        Assert.SkipUnless(
            ExternalTool.IsInstalled("tesseract") && ExternalTool.IsInstalled("pdftoppm"), "tesseract and pdftoppm are not installed; test.sh installs them.");
}
