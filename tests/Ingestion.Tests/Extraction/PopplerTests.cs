using System.Text;
using Ingestion.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Extraction;

/// <summary>PDFs that our parser refuses, by the real pdftotext (<c>test.sh</c> installs it).</summary>
public class PopplerTests
{
    // The guard against widths that would kill the parser sees this, and Poppler sees a comment.
    private static readonly byte[] Refused = [.. LongDocuments.Pdf(3), .. "% /XRef /W [ 1 2 166666666666666666666666666 ]\n"u8];

    [Fact]
    public async Task What_the_parser_cannot_open_is_read_by_pdftotext_with_a_warning()
    {
        Assert.SkipUnless(ExternalTool.IsInstalled("pdftotext"), "pdftotext is not installed; test.sh installs it.");
        var document = await Goldens.ReadAsync(Refused, "a.pdf");
        Assert.Equal(3, document.PageCount);
        Assert.Contains("Line 59 of a page", document.Text, StringComparison.Ordinal);
        Assert.Contains(document.Warnings, warning => warning.Contains("read by pdftotext", StringComparison.Ordinal));
        ReaderConformance.AssertConsistent(document);
    }

    [Fact]
    public async Task What_neither_can_read_is_refused_as_broken()
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync([.. "%PDF-1.7\n"u8, .. Encoding.ASCII.GetBytes(new string('x', 500))], "a.pdf"));
        Assert.Equal(ExtractionFailure.Corrupt, fault.Failure);
    }

    [Fact]
    public async Task A_text_over_the_limit_is_refused_and_never_cut()
    {
        Assert.SkipUnless(ExternalTool.IsInstalled("pdftotext"), "pdftotext is not installed; test.sh installs it.");
        var content = new DocumentContent
        {
            Bytes = new MemoryStream(Refused), MediaType = "", FileName = "a.pdf", Limits = new ExtractionLimits { MaxTextLength = 500 },
        };
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => DocumentReaders.ReadAsync(content, TestContext.Current.CancellationToken));
        Assert.Equal(ExtractionFailure.TooLarge, fault.Failure);
    }
}
