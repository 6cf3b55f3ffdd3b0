using Ingestion.Extraction;
using Ingestion.Extraction.Office;

namespace Ingestion.Tests.Extraction;

public class XlsxReaderTests
{
    private const string Namespaces = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"" + OfficeFiles.OfficeRelation + "\"";

    private readonly XlsxReader _reader = new();

    [Fact]
    public async Task Golden_workbooks_keep_their_words_and_their_order()
    {
        var scores = new List<(double Words, double Order)>();
        foreach (var path in OfficeFiles.Golden("xlsx", "*.xlsx").Where(path => File.Exists(path + ".expected.md")))
        {
            var document = await OfficeFiles.ReadAsync(_reader, await File.ReadAllBytesAsync(path, Cancel));
            var score = WordScore.Of(document.Text, await File.ReadAllTextAsync(path + ".expected.md", Cancel));
            // docling leaves out one reply of xlsx_comments and names no cells.
            var least = path.Contains("comments", StringComparison.Ordinal) ? 0.8 : 0.96;
            Assert.True(score.Words >= least && score.Order >= least, $"{Path.GetFileName(path)}: {score}");
            scores.Add(score);
        }
        Assert.True(scores.Count >= 3);
    }

    [Fact]
    public async Task Every_workbook_of_the_corpus_is_read_or_encrypted()
    {
        foreach (var path in OfficeFiles.Golden("xlsx", "*.xlsx"))
        {
            var bytes = await File.ReadAllBytesAsync(path, Cancel);
            if (path.Contains("protect", StringComparison.Ordinal))
                Assert.Equal(ExtractionFailure.Encrypted, await OfficeFiles.FailureAsync(_reader, bytes));
            else
                Assert.NotEqual("", (await OfficeFiles.ReadAsync(_reader, bytes)).Text);
        }
    }

    [Fact]
    public async Task Cells_of_each_type_show_what_the_sheet_shows()
    {
        var document = await Read("""
            <row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c><c t="b"><v>1</v></c></row>
            <row r="2"><c r="A2"><v>4.2999999999999998</v></c><c r="B2" t="e"><v>#N/A</v></c><c r="C2" t="str"><f>A1</f><v>text</v></c></row>
            <row r="3"><c r="A3" s="2"><v>0.255</v></c><c r="B3"><v>1.2345678901234501E15</v></c><c r="C3" t="d"><v>2024-03-01</v></c></row>
            """);
        Assert.Equal("""
            ## Data

            | shared | inline | TRUE |
            | --- | --- | --- |
            | 4.3 | #N/A | text |
            | 25.5% | 1234567890123450 | 2024-03-01 |
            """.ReplaceLineEndings("\n"), document.Text);
    }

    [Theory]
    [InlineData("45352", 1, false, "2024-03-01")]
    [InlineData("45352.5", 3, false, "2024-03-01 12:00:00")]
    [InlineData("43890", 1, true, "2024-03-01")]
    [InlineData("60", 1, false, "1900-02-29")]
    [InlineData("1", 1, false, "1900-01-01")]
    [InlineData("0.999988425925926", 4, false, "23:59:59")]
    [InlineData("1.5", 5, false, "36:00:00")]
    [InlineData("1e300", 1, false, "1e300")]
    [InlineData("-1", 1, false, "-1")]
    [InlineData("text", 1, false, "text")]
    public async Task Dates_and_times_are_written_by_the_iso_standard(string value, int format, bool from1904, string expected)
    {
        var document = await Read($"<row><c s=\"{format}\"><v>{value}</v></c></row>", from1904: from1904);
        Assert.Equal($"## Data\n\n{expected}", document.Text);
    }

    [Theory]
    [InlineData("8001", "08001")]
    [InlineData("-42", "-00042")]
    [InlineData("123456", "123456")]
    [InlineData("1.5", "1.5")]
    [InlineData("1e300", "1E+300")]
    public async Task Zeros_in_front_are_kept_where_the_format_has_them(string value, string expected) =>
        Assert.Equal($"## Data\n\n{expected}", (await Read($"<row><c s=\"6\"><v>{value}</v></c></row>")).Text);

    [Theory]
    [InlineData("General", nameof(NumberKind.Plain))]
    [InlineData("0.00E+00", nameof(NumberKind.Plain))]
    [InlineData("#,##0.00\\ \"days\"", nameof(NumberKind.Plain))]
    [InlineData("[Red]-0.0%", nameof(NumberKind.Percent))]
    [InlineData("[$-409]d/mmm/yy;@", nameof(NumberKind.Date))]
    [InlineData("mmm yyyy", nameof(NumberKind.Date))]
    [InlineData("dd.mm.yyyy h:mm AM/PM", nameof(NumberKind.DateTime))]
    [InlineData("mm:ss.0", nameof(NumberKind.Time))]
    [InlineData("[h]:mm:ss", nameof(NumberKind.Duration))]
    [InlineData("\"unfinished", nameof(NumberKind.Plain))]
    [InlineData("0;-0", nameof(NumberKind.Plain))]
    public void Format_codes_tell_dates_from_numbers(string code, string kind) => Assert.Equal(kind, NumberFormat.Kind(code).ToString());

    [Fact]
    public async Task Blank_rows_and_columns_part_tables()
    {
        var document = await Read("""
            <row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="D1"><v>10</v></c><c r="E1"><v>20</v></c></row>
            <row r="2"><c r="A2"><v>3</v></c><c r="B2"><v>4</v></c><c r="D2"><v>30</v></c><c r="E2"><v>40</v></c></row>
            <row r="900000"><c r="XFD900000"><v>99</v></c></row>
            """);
        Assert.Equal("## Data\n\n| 1 | 2 |\n| --- | --- |\n| 3 | 4 |\n\n| 10 | 20 |\n| --- | --- |\n| 30 | 40 |\n\n99", document.Text);
        Assert.Equal([ElementKind.Heading, ElementKind.Table, ElementKind.Table, ElementKind.Paragraph],
            document.Elements.Select(element => element.Kind));
    }

    [Fact]
    public async Task Merged_cells_repeat_their_label_and_links_keep_their_address()
    {
        var document = await Read("""
            <row r="1"><c r="A1" t="str"><v>Both</v></c></row><row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" t="str"><v>b</v></c></row>
            """, "<mergeCells><mergeCell ref=\"A1:B1\"/><mergeCell ref=\"junk\"/></mergeCells>"
            + "<hyperlinks><hyperlink ref=\"B2\" r:id=\"link\"/></hyperlinks>");
        Assert.Equal("## Data\n\n| Both | Both |\n| --- | --- |\n| a | [b](https://a.example/) |", document.Text);
    }

    [Fact]
    public async Task A_merge_of_the_whole_sheet_does_not_fill_it()
    {
        var rows = string.Concat(Enumerable.Range(1, 2000).Select(i => $"<row r=\"{i}\"><c r=\"A{i}\"><v>1</v></c><c r=\"ALL{i}\"><v>1</v></c></row>"));
        var document = await Read(rows, "<mergeCells>" + string.Concat(Enumerable.Repeat("<mergeCell ref=\"A1:XFD1048576\"/>", 1000)) + "</mergeCells>");
        Assert.InRange(document.Text.Length, 1, 20_000_000);
    }

    [Fact]
    public async Task Hidden_sheets_are_marked_and_sheets_follow_the_workbook()
    {
        var bytes = Xlsx("<row><c><v>1</v></c></row>", second: "<row><c><v>2</v></c></row>");
        Assert.Equal("## Secret (hidden)\n\n2\n\n## Data\n\n1", (await OfficeFiles.ReadAsync(_reader, bytes)).Text);
    }

    [Fact]
    public async Task Formulas_without_a_saved_value_are_told()
    {
        var document = await Read("<row><c><f>1+1</f></c><c><v>5</v></c></row>");
        Assert.Contains("Formulas without a saved value", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sheet_that_is_missing_or_broken_costs_only_itself()
    {
        var document = await OfficeFiles.ReadAsync(_reader,
            Xlsx("<row><c><v>1</v></c></row>", second: "<row><c><v>2</v></c></row><row", sheets: "<sheet name=\"Gone\" sheetId=\"3\" r:id=\"three\"/>"));
        Assert.EndsWith("## Data\n\n1", document.Text, StringComparison.Ordinal);
        Assert.Equal(2, document.Warnings.Count);
        Assert.Contains("other.xml\" is broken", document.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("\"Gone\" is missing", document.Warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_on_a_sheet_are_told_and_their_descriptions_are_read()
    {
        var document = await OfficeFiles.ReadAsync(_reader, Xlsx("<row><c><v>1</v></c></row>", drawing:
            "<d><pic><cNvPr descr=\"Sales by month\"/></pic><pic/></d>"));
        Assert.Equal("## Data\n\n1\n\nSales by month", document.Text);
        Assert.Contains("Pictures in the workbook: 2", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_and_footers_of_a_sheet_stay_out_of_the_text_and_are_told()
    {
        var document = await Read("<row><c><v>1</v></c></row>", "<headerFooter><oddFooter>&amp;LConfidential</oddFooter></headerFooter>");
        Assert.Equal("## Data\n\n1", document.Text);
        Assert.Contains("\"Confidential\"", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_cells_than_the_limit_are_too_large()
    {
        var cross = "<row r=\"1\">" + string.Concat(Enumerable.Repeat("<c><v>1</v></c>", 1000)) + "</row>"
            + string.Concat(Enumerable.Range(2, 1000).Select(i => $"<row r=\"{i}\"><c r=\"A{i}\"><v>1</v></c></row>"));
        var limits = new ExtractionLimits { MaxTableCells = 100_000 };
        Assert.Equal(ExtractionFailure.TooLarge, await OfficeFiles.FailureAsync(_reader, Xlsx(cross), limits));
        limits = new ExtractionLimits { MaxTableCells = 1_500 };
        Assert.Equal(ExtractionFailure.TooLarge, await OfficeFiles.FailureAsync(_reader, Xlsx(cross), limits));
    }

    [Fact]
    public async Task Sizes_that_lie_and_references_that_are_nonsense_do_no_harm()
    {
        var document = await Read("""
            <row r="-5"><c r="ZZZZZZZZ1"><v>a</v></c></row><row r="2147483647"><c r="A1"><v>b</v></c></row><row r="x"><c t="s"><v>999999</v></c>
            <c t="s"><v>-1</v></c><c r="" s="99999999999"><v>c</v></c></row>
            """);
        Assert.Contains("a", document.Text, StringComparison.Ordinal);
        Assert.Contains("b", document.Text, StringComparison.Ordinal);
        Assert.Contains("c", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_cut_of_a_workbook_fails_as_corrupt()
    {
        var bytes = Xlsx("<row><c><v>1</v></c></row>");
        for (var tenth = 0; tenth < 10; tenth++)
            Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, bytes[..(bytes.Length * tenth / 10)]));
    }

    [Fact]
    public async Task Reading_stops_when_it_is_cancelled()
    {
        var random = new Random(1);
        var rows = Enumerable.Range(0, 100_000).Select(_ => $"<row><c><v>{random.NextInt64()}</v></c></row>");
        await OfficeFiles.StopsWhenCancelledAsync(_reader, Xlsx(string.Concat(rows)));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<ExtractedDocument> Read(string rows, string after = "", bool from1904 = false) =>
        OfficeFiles.ReadAsync(_reader, Xlsx(rows, after, from1904));

    /// <summary>A second sheet is hidden and comes first in the workbook.</summary>
    private static byte[] Xlsx(
        string rows, string after = "", bool from1904 = false, string? second = null, string sheets = "", string drawing = "<d/>") => OfficeFiles.Package(
        ("_rels/.rels", OfficeFiles.Relations(("main", "officeDocument", "/xl/book.xml"))),
        ("xl/book.xml", $"<workbook {Namespaces}><workbookPr date1904=\"{(from1904 ? 1 : 0)}\"/><sheets>"
            + (second is null ? "" : "<sheet name=\"Secret\" sheetId=\"2\" state=\"hidden\" r:id=\"two\"/>")
            + $"<sheet name=\"Data\" sheetId=\"1\" r:id=\"one\"/>{sheets}</sheets></workbook>"),
        ("xl/_rels/book.xml.rels", OfficeFiles.Relations(
            ("one", "worksheet", "sheets/any.xml"), ("two", "worksheet", "sheets/other.xml"),
            ("s", "styles", "styles.xml"), ("t", "sharedStrings", "strings.xml"))),
        ("xl/styles.xml", $"<styleSheet {Namespaces}><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd hh:mm\"/><numFmt numFmtId=\"165\" formatCode=\"00000\"/></numFmts><cellXfs>"
            + "<xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"10\"/><xf numFmtId=\"164\"/><xf numFmtId=\"21\"/><xf numFmtId=\"46\"/>"
            + "<xf numFmtId=\"165\"/></cellXfs></styleSheet>"),
        ("xl/strings.xml", $"<sst {Namespaces}><si><t>shared</t><rPh><t>phonetic</t></rPh></si></sst>"),
        ("xl/sheets/_rels/any.xml.rels", OfficeFiles.Relations(
            ("link", "hyperlink", "https://a.example/"), ("d", "drawing", "../drawings/any.xml"))),
        ("xl/drawings/any.xml", drawing),
        ("xl/sheets/any.xml", $"<worksheet {Namespaces}><sheetData>{rows}</sheetData>{after}</worksheet>"),
        ("xl/sheets/other.xml", $"<worksheet {Namespaces}><sheetData>{second}</sheetData></worksheet>"));
}
