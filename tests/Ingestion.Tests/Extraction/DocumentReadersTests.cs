using System.Text;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class DocumentReadersTests
{
    [Fact]
    public async Task The_type_is_what_the_content_holds_and_the_contradiction_is_told()
    {
        var document = await Goldens.ReadAsync("<!doctype html><p>Hello"u8.ToArray(), "report.pdf");
        Assert.Equal(MediaTypes.Html, document.MediaType);
        Assert.Equal("Hello", document.Text);
        Assert.Contains(document.Warnings, warning => warning.Contains("report", StringComparison.Ordinal) || warning.Contains(MediaTypes.Pdf, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_charset_of_the_header_is_used() =>
        Assert.Equal("año", (await Goldens.ReadAsync([(byte)'a', 0xF1, (byte)'o'], null, "text/plain; charset=\"ISO-8859-1\"")).Text);

    [Theory]
    [InlineData("   \n\t ", "blank.txt", ExtractionFailure.Empty)]
    [InlineData("<html><script>1</script></html>", "page.html", ExtractionFailure.Empty)]
    [InlineData("\u0000\u0001\u0002\u0000", "x.dat", ExtractionFailure.Unsupported)]
    [InlineData("\u001f\u008b\u0008\0\0", "x.gz", ExtractionFailure.Unsupported)]
    public async Task What_cannot_be_read_is_refused_with_its_reason(string content, string name, ExtractionFailure failure)
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync(Encoding.Latin1.GetBytes(content), name));
        Assert.Equal(failure, fault.Failure);
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_locked_office_document_is_called_locked()
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync(CompoundFiles.With("EncryptedPackage"), "x.docx"));
        Assert.Equal(ExtractionFailure.Encrypted, fault.Failure);
    }

    [Fact]
    public async Task A_workbook_with_a_password_is_called_locked()
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync("xlsx/hostile/protect.xlsx"));
        Assert.Equal(ExtractionFailure.Encrypted, fault.Failure);
    }

    [Fact]
    public async Task No_null_and_no_control_character_leaves_a_reader()
    {
        var document = await Goldens.ReadAsync(Encoding.UTF8.GetBytes("one\u0001 two\r\nthree\u001bfour\fpage\uFFFE"), "x.txt");
        Assert.Equal("one two\nthreefour\npage", document.Text);
        ReaderConformance.AssertConsistent(document);
    }

    [Fact]
    public void Clean_text_holds_no_lone_surrogate()
    {
        Assert.Equal("a\uFFFDb", MarkdownWriter.Clean("a\uD800b"));
        Assert.Equal("\uFFFD\uFFFDx", MarkdownWriter.Clean("\uDC00\uD83Dx"));
    }

    [Theory]
    [InlineData("x\uD83D\uDE00y", "x\uD83D\uDE00y")]
    [InlineData("a\r\nb\rc", "a\nb\nc")]
    [InlineData("a\0b\u007Fc\vd", "abc\nd")]
    [InlineData("", "")]
    public void Clean_text_has_one_kind_of_line_end_and_no_control_characters(string text, string clean) => Assert.Equal(clean, MarkdownWriter.Clean(text));
}
