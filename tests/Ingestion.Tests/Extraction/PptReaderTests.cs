using System.Buffers.Binary;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class PptReaderTests
{
    private const string Sample = "ppt/legacy_sample.ppt";

    [Fact]
    public async Task An_old_presentation_keeps_its_titles_tables_lists_and_notes()
    {
        var document = await Goldens.ReadAsync(Sample);
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
        var document = await Goldens.ReadAsync(Sample);
        Assert.Equal(3, document.PageCount);
        Assert.StartsWith("# Second slide title", document.Text[document.PageStarts[1]..], StringComparison.Ordinal);
        Assert.Equal("Maxim Lysak", document.Author);
        Assert.Equal(2024, document.Created?.Year);
    }

    [Fact]
    public async Task A_presentation_that_is_locked_says_so()
    {
        var bytes = await Goldens.BytesAsync(Sample);
        byte[] open = [0x5F, 0xC0, 0x91, 0xE3], locked = [0xDF, 0xC4, 0xD1, 0xF3];
        locked.CopyTo(bytes, bytes.AsSpan().IndexOf(open));
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync(bytes, "a.ppt"));
        Assert.Equal(ExtractionFailure.Encrypted, fault.Failure);
    }

    [Fact]
    public async Task A_slide_that_is_missing_costs_only_itself()
    {
        var bytes = await Goldens.BytesAsync(Sample);
        // Of the list of slides, the first one's number.
        var list = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x0F, 0, 0xF0, 0x0F]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(list + 16), 0xFFFFF);
        var document = await Goldens.ReadAsync(bytes, "a.ppt");
        Assert.Equal("Slide 1 is missing from the file.", Assert.Single(document.Warnings));
        Assert.Equal(3, document.PageCount);
        Assert.StartsWith("# Second slide title", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hidden_slide_and_comments_are_told()
    {
        // In place of the slide's colours: that it is hidden, and the comments inside a tag of the program.
        byte[] show = [0, 0, 0xF9, 3, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0];
        byte[] comments =
        [
            0x0F, 0, 0x88, 0x13, 24, 0, 0, 0, 0x0F, 0, 0x8A, 0x13, 16, 0, 0, 0, 0, 0, 0x8B, 0x13, 8, 0, 0, 0, 0, 0, 0xE0, 0x2E, 0, 0, 0, 0,
        ];
        var bytes = await Goldens.BytesAsync(Sample);
        byte[] end = [.. show, .. comments];
        end.CopyTo(bytes.AsSpan(Slide(bytes, 2))[^end.Length..]);
        var document = await Goldens.ReadAsync(bytes, "a.ppt");
        Assert.Equal(["Slide 2 is hidden when the presentation is shown.", "Comments on slide 2 were left out."], document.Warnings);
        Assert.Equal((await Goldens.ReadAsync(Sample)).Text, document.Text);
    }

    [Fact]
    public async Task Pictures_are_counted_by_slide()
    {
        var bytes = await Goldens.BytesAsync(Sample);
        var slide = bytes.AsSpan(Slide(bytes, 2));
        // A rectangle becomes a picture's frame.
        byte[] rectangle = [0x12, 0, 0x0A, 0xF0], frame = [0xB2, 4, 0x0A, 0xF0];
        frame.CopyTo(slide[slide.IndexOf(rectangle)..]);
        var document = await Goldens.ReadAsync(bytes, "a.ppt");
        Assert.Contains("Pictures on slide 2: 1", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_in_groups_without_end_are_left_out()
    {
        const int Drawing = 40, Header = 8, Levels = 70;
        var bytes = await Goldens.BytesAsync(Sample);
        var shapes = bytes.AsSpan(Slide(bytes, 2))[(Drawing + Header)..];
        byte[] group = [0x0F, 0, 0x03, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF];
        for (var level = 0; level < Levels; level++) group.CopyTo(shapes[(level * group.Length)..]);
        var document = await Goldens.ReadAsync(bytes, "a.ppt");
        Assert.Contains("more than 64 deep", Assert.Single(document.Warnings), StringComparison.Ordinal);
        Assert.Equal(3, document.PageCount);
    }

    [Fact]
    public async Task A_container_without_slides_is_corrupt()
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(
            () => Goldens.ReadAsync(CompoundFiles.With("PowerPoint Document"), "a.ppt"));
        Assert.Equal(ExtractionFailure.Corrupt, fault.Failure);
    }

    /// <summary>Where a slide's record stands, from its header to its end.</summary>
    private static Range Slide(byte[] bytes, int number)
    {
        const int Header = 8;
        byte[] mark = [0x0F, 0, 0xEE, 3];
        var at = -1;
        for (var i = 0; i < number; i++) at += 1 + bytes.AsSpan(at + 1).IndexOf(mark);
        return at..(at + Header + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4)));
    }
}
