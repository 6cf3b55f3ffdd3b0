using System.Text;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

/// <summary>What each of the smaller formats becomes.</summary>
public class FormatTests
{
    [Theory]
    [InlineData("a;b\n1;2,5\n", "| a | b |\n| --- | --- |\n| 1 | 2,5 |")]
    [InlineData("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n", "| a | b |\n| --- | --- |\n| x, y | say \"hi\" |")]
    [InlineData("a,b\n\"two\nlines\",2\n", "| a | b |\n| --- | --- |\n| two lines | 2 |")]
    [InlineData("sep=|\na|b,c\n", "| a | b,c |\n| --- | --- |")]
    [InlineData("Report of March\n\na,b\n1,2\n3,4", "Report of March\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |")]
    [InlineData("a,b\n5\" pipe,2\n\"open,3\n", "| a | b |\n| --- | --- |\n| 5\" pipe | 2 |\n| \"open | 3 |")]
    [InlineData("word\nother\n", "| word |\n| --- |\n| other |")]
    public async Task A_text_table_becomes(string csv, string markdown) => Assert.Equal(markdown, (await ReadAsync(csv, "x.csv")).Text);

    [Fact]
    public async Task Records_of_different_lengths_are_filled_up_and_told()
    {
        var table = await ReadAsync("a,b\n1\n1,2,3", "x.csv");
        Assert.Equal("| a | b |  |\n| --- | --- | --- |\n| 1 |  |  |\n| 1 | 2 | 3 |", table.Text);
        Assert.Contains("from 1 to 3", Assert.Single(table.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_becomes_nested_items_and_tables()
    {
        var json = await Goldens.ReadAsync("json/orders.json");
        Assert.Equal(
            """
            - title: Orders
            - paid: true
            - tags: new, urgent
            - customer:
              - name: Ana
              - address:
                - city: Málaga
                - zip: 29001
            - lines:

            | item | price | note |
            | --- | --- | --- |
            | Pen | 1.20 |  |
            | Paper | 4.5 | A\|4 |

            - notes:
              1. 7
                - id: 7
                - parts:
                  1. 1
                  2. 2, 3
              2. last
            - empty: {}
            - nothing: null
            - emoji: 😀
            - broken: \ud83d
            """, json.Text);
    }

    [Theory]
    [InlineData("{\"a\": 1,\n}{", "x.json")]
    [InlineData("{\"a\": 1}\nnot json\n", "x.jsonl")]
    public async Task Broken_json_is_read_as_text_and_told(string json, string name)
    {
        var document = await ReadAsync(json, name);
        Assert.Contains(json.Trim(), document.Text, StringComparison.Ordinal);
        Assert.Contains("line 2", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_lines_are_a_table_under_either_name()
    {
        const string Lines = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n";
        Assert.Equal("| a | b |\n| --- | --- |\n| 1 | x |\n| 2 | y |", (await ReadAsync(Lines, "x.jsonl")).Text);
        Assert.Equal((await ReadAsync(Lines, "x.jsonl")).Text, (await ReadAsync(Lines, "x.json")).Text);
    }

    [Fact]
    public async Task Json_that_nests_without_end_is_read_as_text() =>
        Assert.NotEmpty((await ReadAsync(new string('[', 100_000), "x.json")).Warnings);

    [Fact]
    public async Task Xml_becomes_headings_paragraphs_and_items()
    {
        var xml = await Goldens.ReadAsync("xml/article.xml");
        Assert.Equal(
            """
            # Un artículo

            - section (id: s1):

            # Primera parte

            Texto con énfasis y más.

            - products:
              - product (sku: A1):
                - name: Lápiz
                - price: 1.20
            """, xml.Text);
        Assert.Equal("Un artículo", xml.Title);
        Assert.Equal("es", xml.Language);
    }

    [Fact]
    public async Task No_entity_of_an_xml_document_is_resolved()
    {
        var bomb = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'xxxxxxxxxx'><!ENTITY y '&x;&x;&x;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]><a><p>before</p><p>&y;</p><p>&f;</p></a>";
        var document = await ReadAsync(bomb, "x.xml");
        Assert.Contains("before", document.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("xxx", document.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("root", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Xml_that_nests_too_deep_is_refused()
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => ReadAsync("<?xml version='1.0'?>" + string.Concat(Enumerable.Repeat("<a>", 300)), "x.xml"));
        Assert.Equal(ExtractionFailure.TooLarge, fault.Failure);
    }

    [Theory]
    [InlineData(@"{\rtf1\ansi\ansicpg1252 A\'f1o \u241?\u8364?\par second\line line\par}", "Año ñ€\n\nsecond\nline")]
    [InlineData(@"{\rtf1{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset128 MS;}}\f0 \'cf\'f0\'e8 {\f1 \'93\'fa\'96\'7b}}", "При 日本")]
    [InlineData(@"{\rtf1{\stylesheet{\s1 heading 1;}{\s2 Body;}}\pard\s1 Title\par\pard\s2 text\par\pard\outlinelevel1 Sub\par}", "# Title\n\ntext\n\n## Sub")]
    [InlineData(@"{\rtf1\trowd\intbl a\cell b\cell\row\trowd\intbl c\cell d|e\cell\row\pard after\par}", "| a | b |\n| --- | --- |\n| c | d\\|e |\n\nafter")]
    [InlineData(@"{\rtf1 See {\field{\*\fldinst{HYPERLINK ""http://a.b/c""}}{\fldrslt{the page}}}.\par}", "See [the page](http://a.b/c).")]
    [InlineData(@"{\rtf1{\pict\bin4 }}{}}{\*\unknown hidden}{\v secret}{\header top}text{\footnote a note}\par more\par}", "text\n\na note\n\nmore")]
    [InlineData(@"{\rtf1\trowd\intbl a{\footnote of a}\cell b\cell\row\pard after{\footnote of after}\par}", "| a | b |\n| --- | --- |\n\nof a\n\nafter\n\nof after")]
    [InlineData(@"{\rtf1\uc2\u26085 xx\u26412 yy!\par}", "日本!")]
    public async Task Rich_text_becomes(string rtf, string markdown) => Assert.Equal(markdown, (await ReadAsync(rtf, "x.rtf")).Text);

    [Fact]
    public async Task Rich_text_lists_keep_their_marks_and_levels()
    {
        var list = await Goldens.ReadAsync("rtf/testRTFListMicrosoftWord.rtf");
        Assert.Contains("1. one\n2. two\n3. three", list.Text, StringComparison.Ordinal);
        Assert.EndsWith("1. a\n  - aa\n  - ab\n2. b\n3. c", list.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rich_text_that_nests_without_end_is_refused() =>
        Assert.Equal(ExtractionFailure.TooLarge, (await Assert.ThrowsAsync<ExtractionException>(() => ReadAsync(@"{\rtf1" + new string('{', 100_000), "x.rtf"))).Failure);

    [Fact]
    public async Task Source_code_stays_as_it_is_in_a_fence_that_it_cannot_close()
    {
        var code = await Goldens.ReadAsync("py/shapes.py");
        var source = Encoding.UTF8.GetString(await Goldens.BytesAsync("py/shapes.py"));
        Assert.Equal("````py\n" + source + "````", code.Text);
        Assert.Equal(
            ["\"\"\"Shapes.\"\"\"", "import math", "class Circle:", "def main():"],
            code.Elements.Select(element => code.Text[element.Start..element.End].Split('\n')[0]));
    }

    [Theory]
    [InlineData("srt/talk.srt", "[00:00:01] Hola a todos. Hoy hablamos de vectores.\n\n[00:01:10] - ¿Preguntas?")]
    [InlineData("vtt/talk.vtt", "[00:00:01] Ana: Hello & welcome. Hello & welcome.\n\n[01:00:05] Luis: Thank you.")]
    public async Task Subtitles_become_running_text_with_times(string golden, string text) => Assert.Equal(text, (await Goldens.ReadAsync(golden)).Text);

    [Fact]
    public async Task A_notebook_keeps_its_cells_and_tells_which_outputs_it_left_out()
    {
        var notebook = await Goldens.ReadAsync("ipynb/sums.ipynb");
        Assert.Equal(
            "# Sums\n\nA *short* notebook:\n\n- one\n\n```python\nprint(1 + 1)\n```\n\n```\n2\n```\n\n```python\nplot()\n```\n\n```\n<Figure>\n```\n\n```\nE: bad\n```\n\nraw text",
            notebook.Text);
        Assert.Contains("1 output", Assert.Single(notebook.Warnings), StringComparison.Ordinal);
        Assert.Equal("Heading Paragraph ListItem Code Code Code Code Code Paragraph", string.Join(' ', notebook.Elements.Select(element => element.Kind)));
    }

    [Fact]
    public async Task A_book_is_read_in_its_order_of_chapters()
    {
        var book = await Goldens.ReadAsync(MediaTypesTests.Zip(
            ("mimetype", "application/epub+zip"),
            ("META-INF/container.xml", "<container><rootfiles><rootfile full-path='OEBPS/book.opf'/></rootfiles></container>"),
            ("OEBPS/book.opf",
                """
                <package xmlns:dc="x"><metadata><dc:title>A book</dc:title><dc:creator>Ana</dc:creator><dc:creator>Luis</dc:creator><dc:language>es</dc:language></metadata>
                <manifest><item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/><item id="b" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
                <item id="a" href="text/one.xhtml" media-type="application/xhtml+xml"/><item id="x" href="../gone.xhtml" media-type="application/xhtml+xml"/></manifest>
                <spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/><itemref idref="x"/></spine></package>
                """),
            ("OEBPS/nav.xhtml", "<html><body>Contents</body></html>"),
            ("OEBPS/text/two b.xhtml", "<html><body><h1>Two</h1><p>End.</p></body></html>"),
            ("OEBPS/text/one.xhtml", "<html><body><h1>One</h1><p>Start, then <a href='two%20b.xhtml'>two</a>.</p><aside epub:type='footnote'>A note.</aside></body></html>")), "x.epub");
        Assert.Equal("# One\n\nStart, then two.\n\nA note.\n\n# Two\n\nEnd.", book.Text);
        Assert.Equal(("A book", "Ana, Luis", "es"), (book.Title, book.Author, book.Language));
        Assert.Contains("gone.xhtml", Assert.Single(book.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mailbox_is_read_mail_by_mail_with_its_attachments()
    {
        var mails = await Goldens.ReadAsync("mbox/two.mbox");
        Assert.Equal(
            """
            # Reunión

            From: "Ana" <ana@example.org>
            To: luis@example.org
            Date: 2026-03-02 10:00 +01:00

            Nos vemos el lunes.

            > ¿A qué hora?

            # Re: agenda

            From: "Luis" <luis@example.org>
            To: ana@example.org
            Date: 2026-03-02 11:00 +01:00

            At ten, see [the agenda](https://example.org/a).

            # agenda.csv

            | time | what |
            | --- | --- |
            | 10:00 | Start |
            """, mails.Text);
        Assert.Contains("tool.exe", Assert.Single(mails.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mail_without_readable_headers_is_read_as_text_and_a_broken_mailbox_to_its_break()
    {
        var text = await ReadAsync("no header here\nand no blank line", "x.eml");
        Assert.Equal("no header here\nand no blank line", text.Text);
        Assert.Contains("plain text", Assert.Single(text.Warnings), StringComparison.Ordinal);
        var box = await ReadAsync("From a@b Mon Mar  2 10:00:00 2026\nSubject: One\n\nFirst.\n\nFrom a@b Mon Mar  2 10:00:00 2026\n\u0001 no header\n\u0002", "x.mbox");
        Assert.StartsWith("# One\n\nFirst.", box.Text, StringComparison.Ordinal);
        Assert.Contains("Mail 2", Assert.Single(box.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outlook_mail_is_read_with_the_mail_and_the_file_attached_to_it()
    {
        var mail = await Goldens.ReadAsync("msg/testMSG_att_msg.msg");
        Assert.StartsWith("# test email\n\nFrom: Nick Booth\nTo: Nick Booth\nDate: 2010-06-17 23:54 +00:00\n\nTest email with 1 msg attachment", mail.Text, StringComparison.Ordinal);
        Assert.Contains("# Test Attachment\n\nFrom: Nick Booth", mail.Text, StringComparison.Ordinal);
        Assert.Contains("# smbprn.00009008.KdcPjl.pdf\n\n", mail.Text, StringComparison.Ordinal);
        Assert.Equal("test email", mail.Title);
    }

    [Fact]
    public async Task An_archive_is_read_file_by_file_under_their_names()
    {
        var archive = await Goldens.ReadAsync("zip/papers.zip");
        Assert.Equal(
            "# a.txt\n\nFirst text.\n\nIts second paragraph.\n\n# b/notes.md\n\n# Notes\n\nSome *notes*.\n\n- one\n- two\n\n# page.html\n\n## Page\n\nWith a [link](/x).", archive.Text);
        Assert.Contains("tool.bin", Assert.Single(archive.Warnings), StringComparison.Ordinal);
        ReaderConformance.AssertConsistent(archive);
    }

    [Fact]
    public async Task Archives_within_archives_end_at_the_limit_and_say_so()
    {
        var zip = MediaTypesTests.Zip(("deep.txt", "the bottom"));
        for (var i = 0; i < 3; i++) zip = Nested(zip);
        Assert.Contains("the bottom", (await Goldens.ReadAsync(zip, "x.zip")).Text, StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync(Nested(zip), "x.zip"));
        Assert.Equal(ExtractionFailure.Empty, fault.Failure);
    }

    [Fact]
    public async Task An_archive_that_expands_without_end_is_refused()
    {
        var bomb = MediaTypesTests.Zip(("a.txt", new string(' ', 3_000_000) + "x"));
        var content = new DocumentContent { Bytes = new MemoryStream(bomb), MediaType = "", FileName = "x.zip", Limits = new ExtractionLimits { ExpansionFloor = 1_000_000 } };
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => DocumentReaders.ReadAsync(content, TestContext.Current.CancellationToken));
        Assert.Equal(ExtractionFailure.TooLarge, fault.Failure);
    }

    private static byte[] Nested(byte[] zip)
    {
        var bytes = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(bytes, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = archive.CreateEntry("inner.zip").Open())
            entry.Write(zip);
        return bytes.ToArray();
    }

    private static Task<ExtractedDocument> ReadAsync(string text, string name) => Goldens.ReadAsync(Encoding.UTF8.GetBytes(text), name);
}
