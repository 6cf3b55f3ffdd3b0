using Ingestion.Extraction;
using Ingestion.Extraction.Office;

namespace Ingestion.Tests.Extraction;

public class OdfReaderTests
{
    private const string Namespaces = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\""
        + " xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\""
        + " xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\" xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\""
        + " xmlns:fo=\"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0\" xmlns:xlink=\"http://www.w3.org/1999/xlink\""
        + " xmlns:presentation=\"urn:oasis:names:tc:opendocument:xmlns:presentation:1.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"";

    private readonly OdfReader _reader = new();

    [Theory]
    [InlineData("*.odt", 0.98)]
    [InlineData("*.ods", 0.95)]
    [InlineData("*.odp", 0.8)]
    public async Task Golden_documents_keep_their_words_and_their_order(string pattern, double least)
    {
        var read = 0;
        foreach (var path in OfficeFiles.Golden(pattern[2..], pattern))
        {
            var document = await OfficeFiles.ReadAsync(_reader, await File.ReadAllBytesAsync(path, Cancel), mediaType: MediaType(path));
            Assert.NotEqual("", document.Text);
            if (!File.Exists(path + ".expected.md")) continue;
            var score = WordScore.Of(document.Text, await File.ReadAllTextAsync(path + ".expected.md", Cancel));
            Assert.True(score.Words >= least && score.Order >= least, $"{Path.GetFileName(path)}: {score}");
            read++;
        }
        Assert.NotEqual(0, read);
    }

    [Fact]
    public async Task Titles_headings_and_emphasis_come_from_styles()
    {
        var document = await ReadText("""
            <text:p text:style-name="P1">Report</text:p><text:h text:outline-level="1">Scope</text:h><text:h text:outline-level="2">Detail</text:h>
            <text:p>Some <text:span text:style-name="T1">bold <text:span text:style-name="T2">plain</text:span></text:span>
              text,<text:s text:c="2"/><text:a xlink:href="https://a.example/">linked</text:a><text:line-break/>here</text:p>
            """);
        Assert.Equal("# Report\n\n## Scope\n\n### Detail\n\nSome **bold** plain text,  [linked](https://a.example/)\nhere", document.Text);
        Assert.Equal("Report", document.Title);
    }

    [Fact]
    public async Task Lists_nest_count_and_go_on()
    {
        var document = await ReadText("""
            <text:list text:style-name="L1"><text:list-item><text:p>one</text:p><text:p>more</text:p>
              <text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list></text:list-item>
              <text:list-item><text:p>two</text:p></text:list-item></text:list>
            <text:p>between</text:p>
            <text:list text:style-name="L1" text:continue-numbering="true"><text:list-item><text:p>three</text:p></text:list-item></text:list>
            <text:list text:style-name="L1"><text:list-item><text:p>one again</text:p></text:list-item></text:list>
            """);
        Assert.Equal("1. one\n\nmore\n\n  - 1.a inner\n2. two\n\nbetween\n\n3. three\n1. one again", document.Text);
    }

    [Fact]
    public async Task Tables_repeat_spanned_labels_and_notes_stand_at_the_end()
    {
        var document = await ReadText("""
            <table:table><table:table-header-rows><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>Both</text:p></table:table-cell>
            <table:covered-table-cell/></table:table-row></table:table-header-rows>
            <table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>Down</text:p></table:table-cell><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>
            <table:table-row><table:covered-table-cell/><table:table-cell><text:p>y<text:note><text:note-citation>1</text:note-citation>
            <text:note-body><text:p>Why.</text:p></text:note-body></text:note></text:p></table:table-cell></table:table-row></table:table>
            """);
        Assert.Equal("| Both | Both |\n| --- | --- |\n| Down | x |\n| Down | y[^1] |\n\n[^1]: Why.", document.Text);
    }

    [Fact]
    public async Task Deleted_text_is_left_out_and_text_boxes_are_read()
    {
        var document = await ReadText("""
            <text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region></text:tracked-changes>
            <text:p>Kept<draw:frame><draw:text-box><text:p>Box</text:p></draw:text-box></draw:frame></text:p>
            """);
        Assert.Equal("Kept\n\nBox", document.Text);
        Assert.Contains("deleted while changes were tracked", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<text:p>Kept<office:annotation><text:p>Sure?</text:p></office:annotation></text:p>", "Comments")]
    [InlineData("<text:p>Kept</text:p><office:annotation><text:p>Sure?</text:p></office:annotation>", "Comments")]
    [InlineData("<text:p>Kept<text:span text:style-name=\"T3\">unseen</text:span></text:p>", "hides")]
    [InlineData("<text:p>Kept<draw:frame><draw:image/></draw:frame></text:p>", "Pictures in the document: 1")]
    [InlineData("<text:p>Kept<draw:frame><draw:object xlink:href=\"./Gone\"/></draw:frame></text:p>", "embedded object")]
    [InlineData("<text:p>Kept<draw:frame><draw:object xlink:href=\"./Broken\"/></draw:frame></text:p>", "Broken/content.xml\" is broken")]
    public async Task What_a_text_leaves_out_is_told(string body, string told)
    {
        var document = await ReadText(body);
        Assert.Equal("Kept", document.Text);
        Assert.Contains(told, Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_on_a_sheet_are_told()
    {
        var document = await Read("application/vnd.oasis.opendocument.spreadsheet",
            "<office:spreadsheet><table:table table:name=\"Data\"><table:table-row><table:table-cell><text:p>x</text:p>"
            + "<draw:frame><draw:image/></draw:frame></table:table-cell></table:table-row></table:table></office:spreadsheet>");
        Assert.Equal("## Data\n\nx", document.Text);
        Assert.Contains("Pictures in the document: 1", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slides_tell_that_they_are_hidden_and_that_comments_pictures_and_footers_are_left_out()
    {
        var document = await Read("application/vnd.oasis.opendocument.presentation", """
            <office:presentation><draw:page><draw:frame><draw:text-box><text:p>Shown</text:p></draw:text-box></draw:frame>
              <draw:frame><draw:image/></draw:frame><office:annotation><text:p>Sure?</text:p></office:annotation>
              <draw:frame presentation:class="footer"><draw:text-box><text:p>Confidential</text:p></draw:text-box></draw:frame></draw:page>
              <draw:page draw:style-name="Backup"><draw:frame><draw:text-box><text:p>Backup</text:p></draw:text-box></draw:frame></draw:page>
            </office:presentation>
            """);
        Assert.Equal("Shown\n\nBackup", document.Text);
        Assert.Equal(4, document.Warnings.Count);
        foreach (var told in (string[])["Comments", "Slide 2 is hidden", "Pictures in the document: 1", "\"Confidential\""])
            Assert.Single(document.Warnings, warning => warning.Contains(told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sheets_show_dates_by_the_iso_standard_and_repetitions_end()
    {
        var document = await Read("application/vnd.oasis.opendocument.spreadsheet", """
            <office:spreadsheet><table:table table:name="Data">
            <table:table-row><table:table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>head</text:p></table:table-cell>
              <table:table-cell table:number-columns-repeated="16382"/></table:table-row>
            <table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="date" office:date-value="2024-03-01T00:00:00"><text:p>1/3/24</text:p></table:table-cell>
              <table:table-cell office:value-type="float" office:value="1234.5"><text:p>1.234,50</text:p></table:table-cell></table:table-row>
            <table:table-row><table:table-cell office:value-type="percentage" office:value="0.25"/><table:table-cell office:value-type="currency" office:value="3"/></table:table-row>
            <table:table-row table:number-rows-repeated="1048572"><table:table-cell/></table:table-row>
            </table:table><table:table table:name="Old" table:style-name="Hidden"><table:table-row><table:table-cell><text:p>x</text:p>
              <office:annotation><dc:creator>Ann</dc:creator><text:p>Sure?</text:p></office:annotation></table:table-cell></table:table-row></table:table></office:spreadsheet>
            """);
        Assert.Equal("## Data\n\n| head | head |\n| --- | --- |\n| 2024-03-01 | 1234.5 |\n| 2024-03-01 | 1234.5 |\n| 25% | 3 |\n\n"
            + "## Old (hidden)\n\nx\n\n[A1, author: Ann]: Sure?", document.Text);
    }

    [Fact]
    public async Task A_cell_that_repeats_itself_over_the_whole_sheet_is_too_large()
    {
        var bytes = Odf("<office:spreadsheet><table:table><table:table-row table:number-rows-repeated=\"1048576\">"
            + "<table:table-cell table:number-columns-repeated=\"16384\"><text:p>x</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>");
        Assert.Equal(ExtractionFailure.TooLarge, await OfficeFiles.FailureAsync(_reader, bytes));
    }

    [Fact]
    public async Task Slides_are_pages_with_title_and_notes()
    {
        var document = await Read("application/vnd.oasis.opendocument.presentation", """
            <office:presentation><draw:page><draw:frame><draw:text-box><text:p>Body</text:p></draw:text-box></draw:frame>
              <draw:g><draw:custom-shape><text:p>Shape</text:p></draw:custom-shape></draw:g>
              <draw:frame presentation:class="title"><draw:text-box><text:p>Title</text:p></draw:text-box></draw:frame>
              <presentation:notes><draw:frame><draw:text-box><text:p>Slowly.</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>
              <draw:page><draw:frame><draw:text-box><text:p>Two</text:p></draw:text-box></draw:frame></draw:page></office:presentation>
            """);
        Assert.Equal("# Title\n\nBody\n\nShape\n\n> Notes: Slowly.\n\nTwo", document.Text);
        Assert.Equal(2, document.PageCount);
        Assert.Equal(document.Text.IndexOf("Two", StringComparison.Ordinal), document.PageStarts[1]);
    }

    [Fact]
    public async Task Embedded_formulas_become_latex()
    {
        var document = await ReadText("<text:p><draw:frame><draw:object xlink:href=\"./Object 1\"/></draw:frame></text:p>");
        Assert.Equal("$$\\frac{a}{x^{2}}$$".Replace("x", "{x}", StringComparison.Ordinal), document.Text);
    }

    [Fact]
    public async Task An_encrypted_document_says_so() => Assert.Equal(ExtractionFailure.Encrypted, await OfficeFiles.FailureAsync(_reader,
        OfficeFiles.Package(("content.xml", "\u0001\u0002"), ("META-INF/manifest.xml", "<m><file-entry><encryption-data/></file-entry></m>"))));

    [Fact]
    public async Task Every_cut_of_a_document_fails_as_corrupt()
    {
        var bytes = Odf("<office:text><text:p>Some text</text:p></office:text>");
        for (var tenth = 0; tenth < 10; tenth++)
            Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, bytes[..(bytes.Length * tenth / 10)]));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string MediaType(string path) => "application/vnd.oasis.opendocument." + Path.GetExtension(path) switch
    {
        ".odt" => "text",
        ".ods" => "spreadsheet",
        _ => "presentation",
    };

    private Task<ExtractedDocument> ReadText(string body) =>
        Read("application/vnd.oasis.opendocument.text", $"<office:text>{body}</office:text>");

    private Task<ExtractedDocument> Read(string mediaType, string body) => OfficeFiles.ReadAsync(_reader, Odf(body), mediaType: mediaType);

    private static byte[] Odf(string body) => OfficeFiles.Package(
        ("mimetype", "application/vnd.oasis.opendocument.text"),
        ("content.xml", $"<office:document-content {Namespaces}><office:automatic-styles>"
            + "<style:style style:name=\"P1\" style:family=\"paragraph\" style:parent-style-name=\"Title\"/>"
            + "<style:style style:name=\"T1\" style:family=\"text\"><style:text-properties fo:font-weight=\"bold\"/></style:style>"
            + "<style:style style:name=\"T2\" style:family=\"text\"><style:text-properties fo:font-weight=\"normal\"/></style:style>"
            + "<style:style style:name=\"T3\" style:family=\"text\"><style:text-properties text:display=\"none\"/></style:style>"
            + "<style:style style:name=\"Backup\" style:family=\"drawing-page\">"
            + "<style:drawing-page-properties presentation:visibility=\"hidden\"/></style:style>"
            + "<style:style style:name=\"Hidden\" style:family=\"table\"><style:table-properties table:display=\"false\"/></style:style>"
            + "<text:list-style style:name=\"L1\"><text:list-level-style-number text:level=\"1\" style:num-format=\"1\" style:num-suffix=\".\"/>"
            + "<text:list-level-style-number text:level=\"2\" style:num-format=\"a\" text:display-levels=\"2\"/></text:list-style>"
            + $"</office:automatic-styles><office:body>{body}</office:body></office:document-content>"),
        ("styles.xml", $"<office:document-styles {Namespaces}><office:styles><style:style style:name=\"Title\" style:family=\"paragraph\"/>"
            + "</office:styles></office:document-styles>"),
        ("Broken/content.xml", "<math><mi>a"),
        ("Object 1/content.xml", "<math><semantics><mfrac><mi>a</mi><msup><mi>x</mi><mn>2</mn></msup></mfrac><annotation>a over x^2</annotation>"
            + "</semantics></math>"));
}
