using Ingestion.Chunking;
using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Tests.Chunking;

public class ChunkPlaceTests
{
    private const string Text = "Preface.\n# One\nFirst.\n## Two #\nSecond of two.\n# Three\nLast.";

    private static readonly ExtractedDocument Document = new()
    {
        Text = Text,
        // Readers may leave the marks out of a heading's element, or in.
        Elements = [Heading("# One", 1), Heading("Two #", 2), Heading("# Three", 1)],
        PageStarts = [At("# One"), At("Second"), At("of two"), Text.Length],
    };

    [Theory]
    [InlineData("Preface.", "", 1, 1)]
    [InlineData("Preface.\n# One", "", 1, 1)]
    [InlineData("# One", "One", 1, 1)]
    [InlineData("First.\n##", "One", 1, 1)]
    [InlineData("## Two #\nSecond", "One/Two #", 1, 2)]
    [InlineData("Second of", "One/Two #", 2, 3)]
    [InlineData("of two.\n# Three", "One/Two #", 3, 3)]
    [InlineData("Last.", "Three", 3, 3)]
    public void A_slice_knows_the_headings_that_it_starts_under_and_its_pages(string slice, string path, int firstPage, int lastPage)
    {
        var chunk = new ChunkPlace(Document).Describe(new Piece(At(slice), At(slice) + slice.Length, 3));
        Assert.Equal(new { path, firstPage, lastPage }, new { path = string.Join('/', chunk.HeadingPath), firstPage = chunk.PageStart, lastPage = chunk.PageEnd });
    }

    private static int At(string part) => Text.IndexOf(part, StringComparison.Ordinal);

    private static Element Heading(string part, int level) => new(ElementKind.Heading, level, At(part), At(part) + part.Length);
}
