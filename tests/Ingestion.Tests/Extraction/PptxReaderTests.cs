using Ingestion.Extraction;
using Ingestion.Extraction.Office;

namespace Ingestion.Tests.Extraction;

public class PptxReaderTests
{
    private const string Namespaces = "xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\""
        + " xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" xmlns:r=\"" + OfficeFiles.OfficeRelation + "\"";

    private readonly PptxReader _reader = new();

    [Fact]
    public async Task Every_document_of_the_corpus_is_read()
    {
        foreach (var path in OfficeFiles.Golden("pptx", "*.pptx"))
            await OfficeFiles.ReadAsync(_reader, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_real_presentation_keeps_its_titles_pages_and_diagram()
    {
        var golden = OfficeFiles.Golden("pptx", "*.pptx").ToDictionary(path => Path.GetFileName(path)!);
        var slides = await OfficeFiles.ReadAsync(_reader,
            await File.ReadAllBytesAsync(golden["testPPT.pptx"], TestContext.Current.CancellationToken));
        Assert.StartsWith("# Attachment Test\n\nRajiv\n\n", slides.Text, StringComparison.Ordinal);
        Assert.Equal(3, slides.PageCount);
        Assert.Equal("Attachment Test", slides.Title);
        Assert.StartsWith("This is a test file", slides.Text[slides.PageStarts[1]..], StringComparison.Ordinal);

        var diagram = await OfficeFiles.ReadAsync(_reader,
            await File.ReadAllBytesAsync(golden["testPPT_diagramData.pptx"], TestContext.Current.CancellationToken));
        Assert.Equal("- President\n- VP – HR\n- Manager 1\n- VP - Marketing\n- Manager 1", diagram.Text);
    }

    [Fact]
    public async Task Slides_come_in_the_order_of_the_presentation_not_of_their_names()
    {
        var document = await Read(Text("Second by name"), Text("First by name"));
        Assert.Equal("Second by name\n\nFirst by name", document.Text);
        Assert.Equal([0, 16], document.PageStarts);
        Assert.Equal([1, 2], document.Elements.Select(element => element.Page));
    }

    [Fact]
    public async Task The_title_comes_first_and_groups_are_opened()
    {
        var document = await Read($"<p:grpSp>{Text("Inside")}<p:grpSp>{Text("Deeper")}</p:grpSp></p:grpSp>{Shape("<p:ph type=\"title\"/>", P("Title"))}");
        Assert.Equal("# Title\n\nInside\n\nDeeper", document.Text);
    }

    [Fact]
    public async Task Bullets_and_numbers_become_lists()
    {
        var document = await Read(Shape("",
            P("dot", "<a:buChar char=\"•\"/>") + P("deeper", "<a:buChar char=\"–\"/>", level: 1)
            + P("four", "<a:buAutoNum type=\"arabicPeriod\" startAt=\"4\"/>") + P("five", "<a:buAutoNum type=\"arabicPeriod\" startAt=\"4\"/>")
            + P("a", "<a:buAutoNum type=\"alphaLcParenR\"/>", level: 1)));
        Assert.Equal("- dot\n  - deeper\n4. four\n5. five\n  - a) a", document.Text);
    }

    [Fact]
    public async Task Bullets_that_only_the_master_knows_are_found()
    {
        var document = await Read(Shape("<p:ph idx=\"1\"/>", P("one") + P("two") + P("plain", "<a:buNone/>")) + Text("free"));
        Assert.Equal("- one\n- two\n\nplain\n\nfree", document.Text);
    }

    [Fact]
    public async Task Tables_repeat_spanned_labels()
    {
        static string Cell(string text, string merge = "") => $"<a:tc{merge}><a:txBody>{P(text)}</a:txBody></a:tc>";
        var document = await Read("<p:graphicFrame><a:graphic><a:graphicData><a:tbl>"
            + $"<a:tr>{Cell("Both", " gridSpan=\"2\"")}{Cell("", " hMerge=\"1\"")}</a:tr>"
            + $"<a:tr>{Cell("Down", " rowSpan=\"2\"")}{Cell("x")}</a:tr><a:tr>{Cell("", " vMerge=\"1\"")}{Cell("y")}</a:tr>"
            + "</a:tbl></a:graphicData></a:graphic></p:graphicFrame>");
        Assert.Equal("| Both | Both |\n| --- | --- |\n| Down | x |\n| Down | y |", document.Text);
    }

    [Fact]
    public async Task Notes_links_and_footers_are_told_apart()
    {
        var document = await Read("<p:sp><p:nvSpPr><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:rPr b=\"1\"><a:hlinkClick r:id=\"link\"/></a:rPr>"
            + "<a:t>here</a:t></a:r></a:p></p:txBody></p:sp>" + Shape("<p:ph type=\"ftr\"/>", P("Confidential")));
        Assert.Equal("[**here**](https://a.example/)\n\n> Notes: Speak slowly.", document.Text);
        Assert.Equal([ElementKind.Paragraph, ElementKind.Quote], document.Elements.Select(element => element.Kind));
        Assert.Equal(new Furniture("Confidential", 1), Assert.Single(document.Furniture));
        Assert.Contains("\"Confidential\"", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slide_that_is_missing_or_broken_costs_only_itself()
    {
        var document = await OfficeFiles.ReadAsync(_reader, Pptx("<p:sp", null, Slide(Text("Good"))));
        Assert.Equal("Good", document.Text);
        Assert.Equal(3, document.PageCount);
        Assert.Equal(2, document.Warnings.Count);
        Assert.Contains("slide3.xml\" is broken", document.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("Slide 2 is missing", document.Warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_comments_and_embedded_objects_that_are_left_out_are_told()
    {
        var document = await OfficeFiles.ReadAsync(_reader, Pptx(
            [Slide(Text("Seen") + "<p:pic/><p:pic/><p:graphicFrame><a:graphic><a:graphicData><p:oleObj/></a:graphicData></a:graphic></p:graphicFrame>")],
            ("c", "comments", "../comments/comment1.xml")));
        Assert.Equal("Seen", document.Text);
        Assert.Equal(3, document.Warnings.Count);
        Assert.Contains("embedded object", document.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("Comments on slide 1", document.Warnings[1], StringComparison.Ordinal);
        Assert.Contains("Pictures on slide 1: 2", document.Warnings[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("false")]
    public async Task A_slide_that_is_not_shown_is_read_and_told(string show)
    {
        var hidden = Slide(Text("Backup")).Replace("<p:sld ", $"<p:sld show=\"{show}\" ", StringComparison.Ordinal);
        var document = await OfficeFiles.ReadAsync(_reader, Pptx(Slide(Text("Shown")), hidden));
        Assert.Equal("Shown\n\nBackup", document.Text);
        Assert.Contains("Slide 2 is hidden", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_package_that_is_no_presentation_is_corrupt() =>
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, OfficeFiles.Package(("word/document.xml", "<a/>"))));

    [Fact]
    public async Task Too_many_slides_are_too_large() => Assert.Equal(ExtractionFailure.TooLarge,
        await OfficeFiles.FailureAsync(_reader, Pptx(Slide(""), Slide(""), Slide("")), new ExtractionLimits { MaxPages = 2 }));

    [Fact]
    public async Task Every_cut_of_a_presentation_fails_as_corrupt()
    {
        var bytes = Pptx(Slide(Text("Some text")));
        for (var tenth = 0; tenth < 10; tenth++)
            Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, bytes[..(bytes.Length * tenth / 10)]));
    }

    private static string P(string text, string properties = "", int level = 0) =>
        $"<a:p><a:pPr lvl=\"{level}\">{properties}</a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>";

    private static string Text(string text) => Shape("", P(text));

    private static string Shape(string placeholder, string paragraphs) =>
        $"<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:txBody><a:bodyPr/>{paragraphs}</p:txBody></p:sp>";

    private static string Slide(string shapes) => $"<p:sld {Namespaces}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>";

    private Task<ExtractedDocument> Read(params string[] slides) => OfficeFiles.ReadAsync(_reader, Pptx([.. slides.Select(Slide)]));

    private static byte[] Pptx(params string?[] slides) => Pptx(slides, []);

    /// <summary>The first slide has the last name, a layout, notes and a link.</summary>
    /// <param name="relations">Further ones of the first slide.</param>
    private static byte[] Pptx(string?[] slides, params (string Id, string Type, string Target)[] relations)
    {
        var names = slides.Select((_, i) => $"slides/slide{slides.Length - i}.xml").ToList();
        return OfficeFiles.Package(
        [
            ("_rels/.rels", OfficeFiles.Relations(("main", "officeDocument", "ppt/presentation.xml"))),
            ("ppt/presentation.xml", $"<p:presentation {Namespaces}><p:sldIdLst>"
                + string.Concat(names.Select((_, i) => $"<p:sldId id=\"{256 + i}\" r:id=\"s{i}\"/>")) + "</p:sldIdLst></p:presentation>"),
            ("ppt/_rels/presentation.xml.rels", OfficeFiles.Relations([.. names.Select((name, i) => ($"s{i}", "slide", name))])),
            ($"ppt/slides/_rels/slide{slides.Length}.xml.rels", OfficeFiles.Relations([("l", "slideLayout", "../slideLayouts/slideLayout1.xml"),
                ("n", "notesSlide", "../notesSlides/notesSlide1.xml"), ("link", "hyperlink", "https://a.example/"), .. relations])),
            ("ppt/slideLayouts/slideLayout1.xml", $"<p:sldLayout {Namespaces}>{Shape("<p:ph idx=\"1\"/>", "<a:lstStyle/>")}</p:sldLayout>"),
            ("ppt/slideLayouts/_rels/slideLayout1.xml.rels", OfficeFiles.Relations(("m", "slideMaster", "../slideMasters/slideMaster1.xml"))),
            ("ppt/slideMasters/slideMaster1.xml", $"<p:sldMaster {Namespaces}><p:txStyles><p:bodyStyle><a:lvl1pPr><a:buChar char=\"•\"/></a:lvl1pPr>"
                + "</p:bodyStyle></p:txStyles></p:sldMaster>"),
            .. slides.Any(slide => slide?.Contains("ftr", StringComparison.Ordinal) == true)
                ? [("ppt/notesSlides/notesSlide1.xml", Slide(Shape("<p:ph type=\"body\" idx=\"1\"/>", P("Speak slowly."))))]
                : Array.Empty<(string, string)>(),
            .. slides.Zip(names).Where(one => one.First is not null).Select(one => ("ppt/" + one.Second, one.First!)),
        ]);
    }
}
