using Ingestion.Extraction;
using Ingestion.Extraction.Office;

namespace Ingestion.Tests.Extraction;

public class DocxReaderTests
{
    private const string W = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
        + " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\""
        + " xmlns:m=\"http://schemas.openxmlformats.org/officeDocument/2006/math\""
        + " xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\"";

    private readonly DocxReader _reader = new();

    [Fact]
    public async Task Golden_documents_keep_their_words_and_their_order()
    {
        var scores = new List<(double Words, double Order)>();
        foreach (var path in OfficeFiles.Golden("docx", "*.docx").Where(path => File.Exists(path + ".expected.md")))
        {
            var document = await OfficeFiles.ReadAsync(_reader, await File.ReadAllBytesAsync(path, Cancel));
            var score = WordScore.Of(document.Text, await File.ReadAllTextAsync(path + ".expected.md", Cancel));
            Assert.True(score.Words >= 0.97 && score.Order >= 0.95, $"{Path.GetFileName(path)}: {score}");
            scores.Add(score);
        }
        Assert.True(scores.Count >= 12 && scores.Average(score => score.Words) >= 0.99);
    }

    [Fact]
    public async Task Golden_headings_are_found_at_their_level()
    {
        foreach (var path in OfficeFiles.Golden("docx", "*.docx").Where(path => File.Exists(path + ".expected.md")))
        {
            var document = await OfficeFiles.ReadAsync(_reader, await File.ReadAllBytesAsync(path, Cancel));
            var expected = (await File.ReadAllLinesAsync(path + ".expected.md", Cancel)).Where(line => line.StartsWith('#'));
            var found = document.Elements.Where(element => element.Kind == ElementKind.Heading);
            Assert.Equal(expected.Select(line => line.IndexOf(' ')), found.Select(heading => heading.Level));
        }
    }

    [Fact]
    public async Task Every_document_of_the_corpus_is_read_or_refused_with_a_reason()
    {
        foreach (var path in OfficeFiles.Golden("docx", "*.docx"))
        {
            var bytes = await File.ReadAllBytesAsync(path, Cancel);
            if (path.Contains("truncated", StringComparison.Ordinal))
                Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, bytes));
            else
                await OfficeFiles.ReadAsync(_reader, bytes);
        }
    }

    [Fact]
    public async Task Heading_levels_come_from_styles_and_what_they_are_based_on()
    {
        var document = await Read(
            Paragraph("Report", "Title") + Paragraph("Scope", "Chapter") + Paragraph("Detail", "Heading2") + Paragraph("Body"),
            styles: """
                <w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>
                <w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
                <w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/><w:pPr><w:outlineLvl w:val="3"/></w:pPr></w:style>
                <w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="x"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
                <w:style w:type="paragraph" w:styleId="Chapter"><w:name w:val="Chapter"/><w:basedOn w:val="Heading1"/></w:style>
                """);
        Assert.Equal("# Report\n\n## Scope\n\n### Detail\n\nBody", document.Text);
        Assert.Equal("Report", document.Title);
        Assert.Equal([ElementKind.Heading, ElementKind.Heading, ElementKind.Heading, ElementKind.Paragraph],
            document.Elements.Select(element => element.Kind));
    }

    [Fact]
    public async Task Styles_that_are_based_on_each_other_end()
    {
        var document = await Read(Paragraph("Round", "A"), styles: """
            <w:style w:type="paragraph" w:styleId="A"><w:basedOn w:val="B"/></w:style>
            <w:style w:type="paragraph" w:styleId="B"><w:basedOn w:val="A"/></w:style>
            """);
        Assert.Equal("Round", document.Text);
    }

    [Fact]
    public async Task Lists_show_the_numbers_that_the_text_does_not_hold()
    {
        var document = await Read(
            Item("first") + Item("deeper", 1) + Item("deeper", 1) + Item("second") + Item("again", 1) + Item("dot", 0, number: 2),
            numbering: """
                <w:abstractNum w:abstractNumId="0">
                  <w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
                  <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
                </w:abstractNum>
                <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>
                <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
                <w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
                """);
        Assert.Equal("3. first\n  - 3.a) deeper\n  - 3.b) deeper\n4. second\n  - 4.a) again\n- dot", document.Text);
        Assert.Equal([1, 2, 2, 1, 2, 1], document.Elements.Select(element => element.Level));
    }

    [Fact]
    public async Task Spanned_cells_repeat_their_label()
    {
        var document = await Read("<w:tbl>"
            + $"<w:tr>{Cell("Year", "<w:gridSpan w:val=\"2\"/>")}{Cell("Sum")}</w:tr>"
            + $"<w:tr>{Cell("North", "<w:vMerge w:val=\"restart\"/>")}{Cell("2024")}{Cell("a|b")}</w:tr>"
            + $"<w:tr>{Cell("", "<w:vMerge/>")}{Cell("2025")}{Cell("7")}</w:tr>"
            + $"<w:tr><w:trPr><w:del/></w:trPr>{Cell("gone")}</w:tr></w:tbl>");
        Assert.Equal("| Year | Year | Sum |\n| --- | --- | --- |\n| North | 2024 | a\\|b |\n| North | 2025 | 7 |", document.Text);
        Assert.Equal(ElementKind.Table, Assert.Single(document.Elements).Kind);
        Assert.Contains("deleted", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_span_of_a_billion_columns_is_no_table_of_a_billion_columns() =>
        Assert.InRange((await Read($"<w:tbl><w:tr>{Cell("x", "<w:gridSpan w:val=\"1000000000\"/>")}{Cell("y")}</w:tr></w:tbl>")).Text.Length, 1, 1000);

    [Fact]
    public async Task Notes_stand_at_the_end_and_are_referred_to_in_the_text()
    {
        var document = await Read(
            "<w:p><w:r><w:t>Water</w:t></w:r><w:r><w:footnoteReference w:id=\"7\"/></w:r><w:r><w:t> is wet.</w:t></w:r></w:p>",
            extra: [("word/footnotes.xml", $"<w:footnotes {W}><w:footnote w:id=\"0\"><w:p><w:r><w:t>separator</w:t></w:r></w:p></w:footnote>"
                + "<w:footnote w:id=\"7\"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t xml:space=\"preserve\"> Mostly.</w:t></w:r></w:p></w:footnote></w:footnotes>")]);
        Assert.Equal("Water[^1] is wet.\n\n[^1]: Mostly.", document.Text);
        Assert.Equal(ElementKind.Footnote, document.Elements[^1].Kind);
    }

    [Fact]
    public async Task Powers_are_told_from_the_numbers_that_they_follow()
    {
        static string Run(string text, string place = "baseline") =>
            $"<w:r><w:rPr><w:vertAlign w:val=\"{place}\"/></w:rPr><w:t xml:space=\"preserve\">{text}</w:t></w:r>";
        var document = await Read("<w:p>" + Run("10") + Run("-6", "superscript") + Run(" m of H") + Run("2", "subscript") + Run("O, 1") + Run("st", "superscript") + "</w:p>");
        Assert.Equal("10^-6 m of H2O, 1st", document.Text);
    }

    [Fact]
    public async Task Links_fields_and_tracked_changes_give_the_text_that_is_shown()
    {
        var document = await Read("""
            <w:p><w:hyperlink r:id="link"><w:r><w:t>site</w:t></w:r></w:hyperlink><w:r><w:t xml:space="preserve"> and </w:t></w:r>
            <w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://b.example/x y" </w:instrText></w:r>
            <w:r><w:t>never</w:t></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>field</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>
            <w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins><w:r><w:t>, new</w:t></w:r></w:ins></w:p>
            """);
        Assert.Equal("[site](https://a.example/) and [field](<https://b.example/x y>), new", document.Text);
    }

    [Fact]
    public async Task Comments_are_left_out_and_that_is_said()
    {
        var document = await Read("<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:commentReference w:id=\"0\"/></w:r></w:p>");
        Assert.Equal("Text", document.Text);
        Assert.Contains("Comments", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_field_that_never_ends_does_not_swallow_the_document()
    {
        var document = await Read("<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/><w:instrText>PAGE</w:instrText></w:r></w:p>" + Paragraph("Kept"));
        Assert.Equal("Kept", document.Text);
    }

    [Fact]
    public async Task Text_boxes_are_read_once()
    {
        var document = await Read($"""
            <w:p><w:r><w:t>Before</w:t></w:r><w:r><mc:AlternateContent>
            <mc:Choice Requires="wps"><w:drawing><w:txbxContent>{Paragraph("Box")}</w:txbxContent></w:drawing></mc:Choice>
            <mc:Fallback><w:pict><w:txbxContent>{Paragraph("Box")}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>
            """);
        Assert.Equal("Before\n\nBox", document.Text);
    }

    [Fact]
    public async Task What_is_not_text_is_named_in_a_warning()
    {
        var document = await Read($"""
            {Paragraph("Kept")}<w:p><w:r><w:drawing><pic/></w:drawing></w:r><w:r><w:drawing><pic/></w:drawing></w:r></w:p>
            <w:p><w:r><w:object><OLEObject/></w:object></w:r></w:p><w:altChunk/>
            """);
        Assert.Equal("Kept", document.Text);
        Assert.Equal(
            [
                "A file that is embedded as a chunk of the text was not read.", "An embedded object was not read.",
                "Pictures in the document: 2. Text inside pictures was not read.",
            ],
            document.Warnings.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Emphasis_marks_stand_on_words_not_on_spaces()
    {
        var document = await Read("""
            <w:p><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve"> bold </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>too</w:t></w:r>
            <w:r><w:rPr><w:b w:val="0"/><w:i/></w:rPr><w:t xml:space="preserve"> it</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>
            """);
        Assert.Equal("**bold too** *it*", document.Text);
        Assert.Contains("hides", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Equations_become_latex()
    {
        var document = await Read("""
            <w:p><m:oMath><m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub><m:r><m:t>i=0</m:t></m:r></m:sub><m:sup><m:r><m:t>n</m:t></m:r></m:sup>
            <m:e><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:sSup><m:e><m:r><m:t>𝑥</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:den></m:f></m:e>
            </m:nary></m:oMath></w:p>
            """);
        Assert.Equal("$$\\sum_{i=0}^{n}{\\frac{1}{x^{2}}}$$", document.Text);
        Assert.Equal(ElementKind.Formula, Assert.Single(document.Elements).Kind);
    }

    [Fact]
    public async Task Strange_characters_never_leave_the_reader()
    {
        var document = await Read("<w:p><w:r><w:t>a&#0;b&#xD800;c&#x1F600;</w:t></w:r></w:p>");
        Assert.Equal("ab\uFFFDc😀", document.Text);
    }

    [Fact]
    public async Task A_broken_styles_part_costs_the_styles_not_the_document()
    {
        var document = await Read(Paragraph("Text"), styles: "<w:style w:type='paragraph'");
        Assert.Equal("Text", document.Text);
        Assert.Contains("styles.xml", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a zip")]
    [InlineData("PK\u0003\u0004 and then nothing")]
    public async Task What_is_no_package_is_corrupt(string bytes) =>
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, System.Text.Encoding.Latin1.GetBytes(bytes)));

    [Fact]
    public async Task A_package_without_a_document_is_corrupt() =>
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, OfficeFiles.Package(("other.xml", "<a/>"))));

    [Fact]
    public async Task A_document_with_a_doctype_is_refused() =>
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, OfficeFiles.Package(("word/document.xml",
            $"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><w:document {W}><w:body>{Paragraph("&a;")}</w:body></w:document>"))));

    [Fact]
    public async Task An_encrypted_document_says_so()
    {
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, CompoundFiles.With("WordDocument")));
        Assert.Equal(ExtractionFailure.Encrypted, await OfficeFiles.FailureAsync(_reader, CompoundFiles.With("EncryptedPackage")));
    }

    [Fact]
    public async Task A_zip_bomb_is_too_large()
    {
        var bytes = Docx(Paragraph(new string('a', 3_000_000)));
        var limits = new ExtractionLimits { ExpansionFloor = 1_000_000, MaxExpansionRatio = 20 };
        Assert.Equal(ExtractionFailure.TooLarge, await OfficeFiles.FailureAsync(_reader, bytes, limits));
        Assert.Equal(3_000_000, (await OfficeFiles.ReadAsync(_reader, bytes)).Text.Length);
    }

    [Fact]
    public async Task Too_deep_nesting_and_too_many_parts_are_too_large()
    {
        var deep = string.Concat(Enumerable.Repeat("<w:sdt>", 10_000)) + string.Concat(Enumerable.Repeat("</w:sdt>", 10_000));
        Assert.Equal(ExtractionFailure.TooLarge, await OfficeFiles.FailureAsync(_reader, Docx(deep)));
        Assert.Equal(ExtractionFailure.TooLarge,
            await OfficeFiles.FailureAsync(_reader, Docx(Paragraph("x")), new ExtractionLimits { MaxArchiveEntries = 2 }));
    }

    [Fact]
    public async Task Every_cut_of_a_document_fails_as_corrupt()
    {
        var bytes = Docx(Paragraph("Some text that is long enough to be cut."));
        for (var tenth = 0; tenth < 10; tenth++)
            Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, bytes[..(bytes.Length * tenth / 10)]));
    }

    [Fact]
    public async Task Flipped_bytes_never_raise_anything_unforeseen()
    {
        var good = Docx(string.Concat(Enumerable.Range(0, 50).Select(i => Paragraph($"Paragraph {i}", "Heading1") + Item("x"))));
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var flips = random.Next(1, 6); flips > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                await OfficeFiles.ReadAsync(_reader, bytes);
            }
            catch (ExtractionException)
            {
                continue;
            }
        }
    }

    [Fact]
    public async Task Reading_stops_when_it_is_cancelled()
    {
        var random = new Random(1);
        var words = Enumerable.Range(0, 60_000).Select(_ => Paragraph(Convert.ToHexString(BitConverter.GetBytes(random.NextInt64()))));
        await OfficeFiles.StopsWhenCancelledAsync(_reader, Docx(string.Concat(words)));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Paragraph(string text, string? style = null) =>
        $"<w:p>{(style is null ? "" : $"<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>")}<w:r><w:t>{text}</w:t></w:r></w:p>";

    private static string Item(string text, int level = 0, int number = 1) =>
        $"<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{number}\"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>";

    private static string Cell(string text, string properties = "") => $"<w:tc><w:tcPr>{properties}</w:tcPr>{Paragraph(text)}</w:tc>";

    private Task<ExtractedDocument> Read(string body, string styles = "", string numbering = "", (string, string)[]? extra = null) =>
        OfficeFiles.ReadAsync(_reader, Docx(body, styles, numbering, extra));

    private static byte[] Docx(string body, string styles = "", string numbering = "", (string, string)[]? extra = null) => OfficeFiles.Package(
    [
        ("_rels/.rels", OfficeFiles.Relations(("main", "officeDocument", "word/document.xml"))),
        ("word/_rels/document.xml.rels", OfficeFiles.Relations(
            ("s", "styles", "styles.xml"), ("n", "numbering", "numbering.xml"), ("f", "footnotes", "/word/footnotes.xml"), ("link", "hyperlink", "https://a.example/"))),
        ("word/document.xml", $"<w:document {W}><w:body>{body}</w:body></w:document>"),
        ("word/styles.xml", $"<w:styles {W}>{styles}</w:styles>"),
        ("word/numbering.xml", $"<w:numbering {W}>{numbering}</w:numbering>"),
        .. extra ?? [],
    ]);
}
