using System.Text;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

/// <summary>What runs over pages, stands below them, or is said by the file in other words than it is drawn.</summary>
public class PdfProseTests
{
    private static readonly string Body = PdfSample.Lines(72, 700, 12,
        "The first lines of a text that is long enough to be the body of this page here,",
        "with a second line of about the same length that ends as a sentence does.");

    [Fact]
    public async Task A_paragraph_that_leaves_its_page_in_the_middle_of_a_word_stays_one()
    {
        var document = await ReadAsync(new PdfSample()
            .Page(PdfSample.Lines(72, 700, 12, "A paragraph that starts on the first page and has a full last line, which ends with a di-"))
            .Page(PdfSample.Lines(72, 700, 12, "vided word that goes on here.", "It ends on the second page.")));
        Assert.Contains("ends with a divided word that goes on here. It ends", document.Text, StringComparison.Ordinal);
        Assert.Single(document.Elements);
        Assert.Equal(document.Text.IndexOf("vided", StringComparison.Ordinal), document.PageStarts[1]);
        ReaderConformance.AssertConsistent(document);
    }

    [Fact]
    public async Task A_sentence_that_ends_with_its_page_ends_its_paragraph()
    {
        var document = await ReadAsync(new PdfSample()
            .Page(PdfSample.Lines(72, 700, 12, "A whole sentence on the first page."))
            .Page(PdfSample.Lines(72, 700, 12, "another one on the second page.")));
        Assert.Equal(2, document.Elements.Count);
    }

    [Fact]
    public async Task Small_text_with_marks_below_the_text_is_footnotes()
    {
        var document = await ReadAsync(new PdfSample().Page(Body + PdfSample.Lines(72, 90, 8, "1 See the first source.", "2 See the second source.")));
        Assert.Equal(
            ["1 See the first source.", "2 See the second source."],
            document.Elements.Where(element => element.Kind == ElementKind.Footnote).Select(element => document.Text[element.Start..element.End]));
    }

    [Fact]
    public async Task Small_text_without_a_mark_is_no_footnote()
    {
        var document = await ReadAsync(new PdfSample().Page(Body + PdfSample.Lines(72, 90, 8, "Printed on recycled paper.")));
        Assert.DoesNotContain(document.Elements, element => element.Kind == ElementKind.Footnote);
    }

    [Fact]
    public async Task What_the_file_says_a_drawing_means_stands_for_the_drawing()
    {
        var document = await ReadAsync(new PdfSample().Page(
            "/Span << /ActualText (Once) >> BDC\n" + PdfSample.At(72, 700, 12, "0nc3") + "EMC\n" + PdfSample.At(110, 700, 12, "upon a time")));
        Assert.Equal("Once upon a time", document.Text);
    }

    [Fact]
    public async Task Metadata_stands_in_xml_where_the_old_dictionary_has_none()
    {
        const string Xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
            + "<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:CreateDate='2024-05-06T07:08:09Z'>"
            + "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A title in XML</rdf:li></rdf:Alt></dc:title>"
            + "<dc:creator><rdf:Seq><rdf:li>One</rdf:li><rdf:li>Two</rdf:li></rdf:Seq></dc:creator>"
            + "<dc:language><rdf:Bag><rdf:li>es</rdf:li></rdf:Bag></dc:language></rdf:Description></rdf:RDF></x:xmpmeta>";
        var sample = new PdfSample { Catalog = "/Metadata 100 0 R" }.Page(Body);
        sample.Objects.Add($"<< /Type /Metadata /Subtype /XML /Length {Xmp.Length} >>\nstream\n{Xmp}\nendstream");
        var document = await ReadAsync(sample);
        Assert.Equal(("A title in XML", "One, Two", "es"), (document.Title, document.Author, document.Language));
        Assert.Equal(new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero), document.Created);
    }

    [Theory]
    [InlineData("1 2 -2147483648")]
    [InlineData("1e308 2 1")]
    [InlineData("1 2 166666666666666666666666666")]
    public async Task Field_widths_that_would_kill_the_process_are_refused(string widths)
    {
        var bytes = Encoding.Latin1.GetBytes(
            $"%PDF-1.5\n1 0 obj\n<< /Type /XRef /Size 3 /W [ {widths} ] /Root 2 0 R /Length 4 >>\nstream\n0000\nendstream\nendobj\nstartxref\n9\n%%EOF");
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync(bytes, "a.pdf"));
        Assert.Equal(ExtractionFailure.Corrupt, fault.Failure);
    }

    private static Task<ExtractedDocument> ReadAsync(PdfSample sample) => Goldens.ReadAsync(sample.ToBytes(), "a.pdf");
}
