using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class PptReaderTests
{
    [Fact]
    public async Task An_old_presentation_keeps_its_titles_tables_lists_and_notes()
    {
        var document = await Goldens.ReadAsync("ppt/legacy_sample.ppt");
        var outline = Goldens.Outline(document).ToList();
        Assert.Equal("Heading 1: # Test Table Slide", outline[0]);
        Assert.Contains("| R3 |  | True |  | True |  |  |\n| R4 |", document.Text, StringComparison.Ordinal);
        Assert.Contains("ListItem 1: - And baz things", outline);
        Assert.Contains("ListItem 1: 3. List item6", outline);
        Assert.Contains("Quote 0: > Notes: Some notes on the second slide.", outline);
    }

    [Fact]
    public async Task Slides_are_pages_and_the_author_is_known()
    {
        var document = await Goldens.ReadAsync("ppt/legacy_sample.ppt");
        Assert.Equal(3, document.PageCount);
        Assert.StartsWith("# Second slide title", document.Text[document.PageStarts[1]..], StringComparison.Ordinal);
        Assert.Equal("Maxim Lysak", document.Author);
        Assert.Equal(2024, document.Created?.Year);
    }

    [Fact]
    public async Task A_presentation_that_is_locked_says_so()
    {
        var bytes = await Goldens.BytesAsync("ppt/legacy_sample.ppt");
        byte[] open = [0x5F, 0xC0, 0x91, 0xE3], locked = [0xDF, 0xC4, 0xD1, 0xF3];
        locked.CopyTo(bytes, bytes.AsSpan().IndexOf(open));
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync(bytes, "a.ppt"));
        Assert.Equal(ExtractionFailure.Encrypted, fault.Failure);
    }

    [Fact]
    public async Task A_container_without_slides_is_corrupt()
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(
            () => Goldens.ReadAsync(CompoundFiles.With("PowerPoint Document"), "a.ppt"));
        Assert.Equal(ExtractionFailure.Corrupt, fault.Failure);
    }
}
