using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class DocReaderTests
{
    private const string Sample = "doc/testException1.doc";

    [Fact]
    public async Task An_old_word_document_keeps_its_paragraphs_and_lists()
    {
        var document = await Goldens.ReadAsync(Sample);
        Assert.StartsWith("A Guide to Disability Access and Inclusion Plans (DAIPs) for Western Australian Public Authorities\n\n", document.Text, StringComparison.Ordinal);
        Assert.Contains(document.Elements, element => element is { Kind: ElementKind.ListItem, Level: 1 });
    }

    [Fact]
    public async Task Pictures_and_objects_in_a_word_document_are_counted()
    {
        var bytes = await Goldens.BytesAsync(Sample);
        Assert.Contains("objects in the document: 4.", Assert.Single((await Goldens.ReadAsync(bytes, "a.doc")).Warnings), StringComparison.Ordinal);
        var title = bytes.AsSpan().IndexOf("Guide to"u8);
        // The characters that stand for what is in the text and for what is drawn over it.
        (bytes[title], bytes[title + 1]) = (1, 8);
        var document = await Goldens.ReadAsync(bytes, "a.doc");
        Assert.StartsWith("A ide to", document.Text, StringComparison.Ordinal);
        Assert.Contains("Pictures and objects in the document: 6.", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }
}
