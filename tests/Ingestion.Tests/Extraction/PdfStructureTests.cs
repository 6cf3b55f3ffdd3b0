using System.Globalization;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class PdfStructureTests
{
    private static readonly string[] Prose =
    [
        "Here is a paragraph of plain text that is long enough to be what most of the page is",
        "made of, so that what is larger or bolder than it can be told from it without doubt.",
    ];

    private static string Headed() =>
        PdfSample.At(72, 720, 24, "The Title")
        + PdfSample.At(72, 680, 16, "A section")
        + PdfSample.Lines(72, 650, 10, Prose)
        + PdfSample.At(72, 600, 10, "A bold heading", "F2")
        + PdfSample.Lines(72, 580, 10, Prose)
        + PdfSample.At(72, 520, 16, "Another section")
        + PdfSample.Lines(72, 500, 10, Prose);

    private static string Text(ExtractedDocument document, Element element) => document.Text[element.Start..element.End];

    [Fact]
    public async Task Headings_are_told_by_size_and_weight()
    {
        var document = await new PdfSample().Page(Headed()).ReadAsync();
        var headings = document.Elements.Where(element => element.Kind == ElementKind.Heading).Select(element => Text(document, element));
        Assert.Equal(["# The Title", "## A section", "### A bold heading", "## Another section"], headings);
        Assert.Equal("The Title", document.Title);
    }

    [Fact]
    public async Task The_number_of_a_heading_says_how_deep_it_is()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 740, 24, "The Title") + PdfSample.At(72, 710, 18, "1.1 Scope") + PdfSample.Lines(72, 690, 10, Prose)
                + PdfSample.At(72, 640, 16, "A larger aside") + PdfSample.Lines(72, 620, 10, Prose)
                + PdfSample.At(72, 570, 12, "1.1.1 Detail") + PdfSample.Lines(72, 550, 10, Prose))
            .ReadAsync();
        var headings = document.Elements.Where(element => element.Kind == ElementKind.Heading).Select(element => Text(document, element));
        Assert.Equal(["# The Title", "## 1.1 Scope", "### A larger aside", "### 1.1.1 Detail"], headings);
    }

    [Fact]
    public async Task The_outline_gives_headings_that_type_does_not_show()
    {
        var sample = new PdfSample { Catalog = "/Outlines 100 0 R" }
            .Page(PdfSample.At(72, 720, 10, "Opening words") + PdfSample.Lines(72, 690, 10, Prose)
                + PdfSample.At(72, 640, 10, "Inner part") + PdfSample.Lines(72, 610, 10, Prose));
        sample.Objects.Add("<< /Type /Outlines /First 101 0 R /Last 103 0 R /Count 2 >>");
        sample.Objects.Add(
            "<< /Title (1. Opening Words) /Parent 100 0 R /Next 103 0 R /First 102 0 R /Last 102 0 R /Count 1 /Dest [10 0 R /Fit] >>");
        sample.Objects.Add("<< /Title (Inner part) /Parent 101 0 R /Dest [10 0 R /Fit] >>");
        sample.Objects.Add("<< /Title (Not on the page) /Parent 100 0 R /Prev 101 0 R /Dest [10 0 R /Fit] >>");
        var document = await sample.ReadAsync();
        Assert.Contains("## Opening words\n", document.Text, StringComparison.Ordinal);
        Assert.Contains("### Inner part\n", document.Text, StringComparison.Ordinal);
        Assert.Equal(2, document.Elements.Count(element => element.Kind == ElementKind.Heading));
    }

    [Fact]
    public async Task Repeated_headers_and_footers_are_kept_apart_from_the_text()
    {
        var sample = new PdfSample();
        for (var page = 1; page <= 4; page++)
        {
            sample.Page(PdfSample.At(72, 760, 9, "Annual report of the company") + PdfSample.Lines(72, 700, 10, Prose)
                + PdfSample.At(300, 30, 9, $"Page {page + 6} of 20"));
        }
        var document = await sample.ReadAsync();
        Assert.DoesNotContain("Annual report", document.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("of 20", document.Text, StringComparison.Ordinal);
        Assert.Equal(4, document.Elements.Count);
        Assert.Equal(8, document.Furniture.Count);
        Assert.Equal(
            ["Annual report of the company", "Page 7 of 20"],
            document.Furniture.Where(item => item.Page == 1).Select(item => item.Text));
    }

    [Fact]
    public async Task Text_that_is_not_repeated_stays_wherever_it_stands()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 770, 10, "Dear reader, this letter starts high on the page.")
                + PdfSample.At(72, 20, 10, "And it ends low."))
            .ReadAsync();
        Assert.Equal("Dear reader, this letter starts high on the page.\n\nAnd it ends low.", document.Text);
        Assert.Empty(document.Furniture);
    }

    [Fact]
    public async Task Lists_keep_their_marks_and_nesting()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 700, 10, "\\225 first")
                + PdfSample.At(72, 688, 10, "\\225 second, which is long enough to need")
                + PdfSample.At(80, 676, 10, "another line")
                + PdfSample.At(90, 664, 10, "\\225 inner")
                + PdfSample.At(72, 652, 10, "\\225 third"))
            .ReadAsync();
        Assert.Equal("- first\n- second, which is long enough to need another line\n  - inner\n- third", document.Text);
        Assert.Equal([1, 1, 2, 1], document.Elements.Select(element => element.Level));
    }

    [Fact]
    public async Task Shapes_drawn_before_lines_are_the_bullets_of_a_list()
    {
        static string Disc(int x, int y)
        {
            (double X, double Y)[] corners = [(x + 1.5, y + 1.5), (x + 3, y), (x + 1.5, y - 1.5), (x, y)];
            return $"{x} {y} m " + string.Concat(corners.Select(to => string.Create(CultureInfo.InvariantCulture, $"{to.X} {to.Y} {to.X} {to.Y} {to.X} {to.Y} c "))) + "f\n";
        }
        var document = await new PdfSample()
            .Page(PdfSample.Lines(72, 740, 10, Prose)
                + Disc(84, 623) + PdfSample.At(95, 620, 10, "First point") + Disc(104, 608) + PdfSample.At(115, 605, 10, "Below it")
                + Disc(84, 593) + PdfSample.At(95, 590, 10, "Second point")
                + Disc(300, 500) + PdfSample.At(72, 497, 10, "No point, and a drawing behind it"))
            .ReadAsync();
        Assert.EndsWith("- First point\n  - Below it\n- Second point\n\nNo point, and a drawing behind it", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Letters_of_a_font_of_pictures_are_bullets_and_marks()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 700, 10, "\\247", "F4") + PdfSample.At(84, 700, 10, "first") + PdfSample.At(72, 688, 10, "q", "F4")
                + PdfSample.At(84, 688, 10, "second") + PdfSample.At(72, 676, 10, "\\374", "F4") + PdfSample.At(84, 676, 10, "done"))
            .ReadAsync();
        Assert.Equal("- first\n- second\n- done", document.Text);
    }

    [Fact]
    public async Task A_page_that_is_turned_keeps_its_headings()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 740, 20, "A turned page") + PdfSample.Lines(72, 700, 10, Prose), "/Rotate 90")
            .ReadAsync();
        Assert.StartsWith("# A turned page\n\n", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drawn_grid_becomes_a_table()
    {
        const string grid = "0.5 w 72 700 300 -20 re 72 680 300 -20 re 72 660 300 -20 re S 172 700 m 172 640 l S 272 700 m 272 640 l S\n";
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 730, 10, "Prices of fruit, by the kilogram, as of today.") + grid
                + PdfSample.At(76, 686, 10, "Fruit") + PdfSample.At(176, 686, 10, "Price") + PdfSample.At(276, 686, 10, "Place of origin")
                + PdfSample.At(76, 666, 10, "Apple") + PdfSample.At(176, 666, 10, "1.20") + PdfSample.At(276, 666, 10, "Lleida")
                + PdfSample.At(76, 646, 10, "Pear") + PdfSample.At(176, 646, 10, "2.40") + PdfSample.At(276, 646, 10, "a | b")
                + PdfSample.At(72, 610, 10, "Text that follows the table."))
            .ReadAsync();
        Assert.Equal(
            "Prices of fruit, by the kilogram, as of today.\n\n"
            + "| Fruit | Price | Place of origin |\n| --- | --- | --- |\n| Apple | 1.20 | Lleida |\n| Pear | 2.40 | a \\| b |\n\n"
            + "Text that follows the table.",
            document.Text);
        var table = document.Elements.Single(element => element.Kind == ElementKind.Table);
        Assert.Equal(new BoundingBox(72, 92, 372, 152), table.Box);
    }

    [Fact]
    public async Task Aligned_columns_without_lines_become_a_table()
    {
        var rows = new[] { ("Name", "Count", "Share"), ("Alpha", "10", "5 %"), ("Beta", "20", "10 %"), ("Gamma", "170", "85 %") };
        var content = PdfSample.Lines(72, 720, 10, Prose);
        for (var i = 0; i < rows.Length; i++)
        {
            var y = 670 - (14 * i);
            var (name, count, share) = rows[i];
            content += PdfSample.At(72, y, 10, name) + PdfSample.At(200, y, 10, count) + PdfSample.At(300, y, 10, share);
        }
        var document = await new PdfSample().Page(content + PdfSample.Lines(72, 590, 10, Prose)).ReadAsync();
        Assert.Contains(
            "| Name | Count | Share |\n| --- | --- | --- |\n| Alpha | 10 | 5 % |\n| Beta | 20 | 10 % |\n| Gamma | 170 | 85 % |\n\nHere",
            document.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_keeps_its_lines_and_indents()
    {
        var document = await new PdfSample()
            .Page(PdfSample.Lines(72, 720, 10, Prose)
                + PdfSample.At(72, 670, 10, "if (a)", "F3")
                + PdfSample.At(84, 658, 10, "b\\(\\);", "F3")
                + PdfSample.At(72, 646, 10, "c\\(\\);", "F3"))
            .ReadAsync();
        Assert.EndsWith("```\nif (a)\n  b();\nc();\n```", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_lead_out_and_bare_addresses_stay_bare()
    {
        var sample = new PdfSample().Page(
            PdfSample.At(72, 700, 10, "See") + PdfSample.At(100, 700, 10, "the manual") + PdfSample.At(160, 700, 10, "or")
            + PdfSample.At(180, 700, 10, "https://example.org/help"),
            "/Annots [<< /Subtype /Link /Rect [98 696 152 712] /A << /S /URI /URI (https://example.org/manual) >> >> 100 0 R 102 0 R]");
        sample.Objects.Add("<< /Subtype /Link /Rect [178 696 400 712] /A << /S /URI /URI (https://example.org/help) >> >>");
        sample.Objects.Add("null");
        sample.Objects.Add("<< /Subtype /Link /Rect [70 696 95 712] /A << /S /URI /URI (javascript:alert\\(1\\)) >> >>");
        var document = await sample.ReadAsync();
        Assert.Equal("See [the manual](https://example.org/manual) or https://example.org/help", document.Text);
    }

    [Fact]
    public async Task Values_of_form_fields_follow_their_labels()
    {
        var sample = new PdfSample().Page(
            PdfSample.At(72, 700, 10, "Name:") + PdfSample.At(72, 680, 10, "Agreed:") + PdfSample.At(72, 660, 10, "Secret:"),
            "/Annots [100 0 R 102 0 R 104 0 R]");
        sample.Objects.Add("<< /Subtype /Widget /Rect [110 696 300 710] /Parent 101 0 R >>");
        sample.Objects.Add("<< /FT /Tx /T (name) /V (Ana Ruiz) /Parent 101 0 R >>");
        sample.Objects.Add("<< /Subtype /Widget /Rect [115 678 127 690] /FT /Btn /T (ok) /AS /Yes >>");
        sample.Objects.Add("null");
        sample.Objects.Add("<< /Subtype /Widget /Rect [115 656 300 670] /FT /Tx /Ff 8192 /V (hunter2) >>");
        var document = await sample.ReadAsync();
        Assert.Contains("Name: Ana Ruiz", document.Text, StringComparison.Ordinal);
        Assert.Contains("Agreed: [x]", document.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_is_what_the_file_says()
    {
        var sample = new PdfSample
        {
            Catalog = "/Lang (es-ES)",
            Information = "/Title (Informe anual) /Author (Ana) /CreationDate (D:20240131120000+01'00') /ModDate (D:20240201)",
        };
        var document = await sample.Page(PdfSample.At(72, 700, 12, "Hola")).ReadAsync();
        Assert.Equal("Informe anual", document.Title);
        Assert.Equal("Ana", document.Author);
        Assert.Equal("es-ES", document.Language);
        Assert.Equal(new DateTimeOffset(2024, 1, 31, 12, 0, 0, TimeSpan.FromHours(1)), document.Created);
        Assert.Equal(2024, document.Modified?.Year);
    }

    [Fact]
    public async Task Boxes_are_measured_from_the_top_left_of_the_visible_page()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(100, 700, 10, "Boxed text"), "/CropBox [50 92 562 742]")
            .ReadAsync();
        var box = Assert.Single(document.Elements).Box!.Value;
        Assert.Equal(50, box.Left, 1f);
        Assert.InRange(box.Top, 30, 42);
        Assert.InRange(box.Bottom, 42, 48);
    }

    [Fact]
    public async Task Captions_are_named_as_such()
    {
        var document = await new PdfSample()
            .Page(PdfSample.Lines(72, 720, 10, Prose) + PdfSample.At(72, 660, 10, "Figure 3. What the figure shows"))
            .ReadAsync();
        Assert.Equal([ElementKind.Paragraph, ElementKind.Caption], document.Elements.Select(element => element.Kind));
    }
}
