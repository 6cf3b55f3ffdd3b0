using System.IO.Compression;
using System.Text;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class MediaTypesTests
{
    [Theory]
    [InlineData("%PDF-1.7\n%âãÏÓ", null, MediaTypes.Pdf)]
    [InlineData("\0\0\n%PDF-1.4\n", null, MediaTypes.Pdf)]
    [InlineData("A PDF starts with\n%PDF-1.4", "note.txt", MediaTypes.PlainText)]
    [InlineData("{\\rtf1\\ansi x}", null, MediaTypes.Rtf)]
    [InlineData("  <!-- hello --> <!DOCTYPE html><p>x", null, MediaTypes.Html)]
    [InlineData("<HTML><p>x", "notes.txt", MediaTypes.Html)]
    [InlineData("<div align=center>x</div>\n# Title", "README.md", MediaTypes.Markdown)]
    [InlineData("<div>x</div>", null, MediaTypes.Html)]
    [InlineData("<?xml version='1.0'?><!DOCTYPE html><html>", null, MediaTypes.Html)]
    [InlineData("<?xml version='1.0'?><feed>", null, MediaTypes.Xml)]
    [InlineData("<!doctype html><?php echo 1; ?>", "page.php", MediaTypes.SourceCode)]
    [InlineData("{\"a\": [1, 2]}", null, MediaTypes.Json)]
    [InlineData("[link](x) and {braces}", null, MediaTypes.PlainText)]
    [InlineData("{\"cells\": [], \"nbformat\": 4}", null, MediaTypes.Notebook)]
    [InlineData("Received: from a\nFrom: a@b\nTo: c@d\nSubject: x\n\nHi", null, MediaTypes.Email)]
    [InlineData("WEBVTT\n\n00:00.000 --> 00:01.000\nHi", "x.txt", MediaTypes.WebVtt)]
    [InlineData("a,b\n1,2", "data.CSV", MediaTypes.Csv)]
    [InlineData("BM is how it starts", null, MediaTypes.PlainText)]
    [InlineData("MZ is how it starts", "a.md", MediaTypes.Markdown)]
    [InlineData("just words", "words.unknown", MediaTypes.PlainText)]
    [InlineData("\u0001\u0002\u0000\u0003binary", null, MediaTypes.Unknown)]
    [InlineData("\u0089PNG\r\n\u001a\n\0\0", "photo.pdf", "image/png")]
    [InlineData("\u001f\u008b\u0008\0\0", null, "application/gzip")]
    public void The_content_says_what_a_document_is_and_its_name_which_text(string content, string? name, string type) =>
        Assert.Equal(type, Detect(Encoding.Latin1.GetBytes(content), name).MediaType);

    [Theory]
    [InlineData("text/markdown; charset=utf-8", MediaTypes.Markdown)]
    [InlineData("application/x-ndjson", MediaTypes.JsonLines)]
    [InlineData("application/octet-stream", MediaTypes.PlainText)]
    [InlineData("nonsense", MediaTypes.PlainText)]
    public void Where_content_and_name_say_nothing_the_header_decides(string declared, string type) =>
        Assert.Equal(type, MediaTypes.Detect(new MemoryStream("words"u8.ToArray()), null, declared, new ExtractionLimits()).MediaType);

    [Theory]
    [InlineData("word/document.xml", MediaTypes.Docx)]
    [InlineData("ppt/presentation.xml", MediaTypes.Pptx)]
    [InlineData("xl/workbook.xml", MediaTypes.Xlsx)]
    [InlineData("xl/workbook.bin", MediaTypes.Xlsb)]
    [InlineData("readme.txt", MediaTypes.Zip)]
    public void An_office_document_is_known_by_its_entries(string entry, string type)
    {
        var zip = Zip(("[Content_Types].xml", "<Types/>"), (entry, "x"));
        Assert.Equal(type, Detect(zip, "x.bin").MediaType);
        // Cut short, it has no directory any more.
        Assert.Equal(type, Detect(zip[..^60], "x.bin").MediaType);
    }

    [Theory]
    [InlineData("application/epub+zip", MediaTypes.Epub)]
    [InlineData("application/vnd.oasis.opendocument.text", MediaTypes.Odt)]
    [InlineData("application/vnd.oasis.opendocument.spreadsheet", MediaTypes.Ods)]
    public void An_open_document_says_what_it_is(string mimetype, string type) =>
        Assert.Equal(type, Detect(Zip(("mimetype", mimetype), ("content.xml", "<x/>")), null).MediaType);

    [Fact]
    public void A_name_that_the_content_contradicts_is_warned_about()
    {
        var detected = Detect("%PDF-1.7"u8.ToArray(), "report.docx");
        Assert.Equal(MediaTypes.Pdf, detected.MediaType);
        Assert.Contains(MediaTypes.Docx, detected.Warning, StringComparison.Ordinal);
        Assert.Null(Detect("%PDF-1.7"u8.ToArray(), "report.pdf").Warning);
        Assert.NotNull(Detect("just words"u8.ToArray(), "report.pdf").Warning);
        Assert.Null(Detect("just words"u8.ToArray(), "report.log").Warning);
    }

    [Theory]
    [InlineData("application/vnd.ms-word.document.macroEnabled.12")]
    [InlineData("application/octet-stream")]
    [InlineData("application/vnd.openxmlformats-officedocument.wordprocessingml.document; charset=binary")]
    public void A_kind_of_the_same_format_is_no_contradiction(string declared)
    {
        var docx = new MemoryStream(Zip(("[Content_Types].xml", "<Types/>"), ("word/document.xml", "x")));
        Assert.Equal(new DetectedType(MediaTypes.Docx, null), MediaTypes.Detect(docx, null, declared, new ExtractionLimits()));
    }

    [Fact]
    public void A_container_of_too_many_entries_is_refused()
    {
        var zip = Zip([.. Enumerable.Range(0, 20).Select(i => ($"e{i}", "x"))]);
        var fault = Assert.Throws<ExtractionException>(
            () => MediaTypes.Detect(new MemoryStream(zip), null, null, new ExtractionLimits { MaxArchiveEntries = 10 }));
        Assert.Equal(ExtractionFailure.TooLarge, fault.Failure);
    }

    [Fact]
    public void Utf_16_is_text_and_not_binary() =>
        Assert.Equal(MediaTypes.Html, Detect(Encoding.Unicode.GetBytes("<!doctype html><p>Hello there"), null).MediaType);

    internal static byte[] Zip(params ReadOnlySpan<(string Name, string Content)> entries)
    {
        var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name, name == "mimetype" ? CompressionLevel.NoCompression : CompressionLevel.Fastest).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }
        return bytes.ToArray();
    }

    private static DetectedType Detect(byte[] bytes, string? name) => MediaTypes.Detect(new MemoryStream(bytes), name, null, new ExtractionLimits());
}
