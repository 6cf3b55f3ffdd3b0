using System.Diagnostics;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

/// <summary>
/// What every reader promises, tried on every golden document: <c>Golden/&lt;extension&gt;/*</c> is found by its folder's name,
/// so a new format is under this suite as soon as its first document lies there.
/// </summary>
public class ReaderConformance
{
    public static IEnumerable<TheoryDataRow<string>> Documents =>
        Goldens.All.Select(golden => new TheoryDataRow<string>(golden));

    [Theory, MemberData(nameof(Documents))]
    public async Task A_golden_document_is_read_with_consistent_offsets(string golden)
    {
        var document = await ReadAsync(golden, await Goldens.BytesAsync(golden));
        Assert.False(string.IsNullOrWhiteSpace(document.Text));
        Assert.NotEmpty(document.Elements);
        AssertConsistent(document);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task A_golden_document_is_known_by_its_name_and_content(string golden)
    {
        var found = MediaTypes.Detect(new MemoryStream(await Goldens.BytesAsync(golden)), golden, declared: null, new ExtractionLimits());
        Assert.Equal(new DetectedType(MediaTypes.FromName(golden)!, null), found);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task Reading_twice_gives_the_same(string golden)
    {
        var bytes = await Goldens.BytesAsync(golden);
        var (first, second) = (await ReadAsync(golden, bytes), await ReadAsync(golden, bytes));
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(first.Elements, second.Elements);
        Assert.Equal(first.PageStarts, second.PageStarts);
        Assert.Equal(first.Warnings, second.Warnings);
        Assert.Equal(first.Title, second.Title);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task A_cancelled_token_stops_the_reader_itself(string golden)
    {
        var content = Content(golden, await Goldens.BytesAsync(golden));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => DocumentReaders.ReadAsync(ReaderOf(golden), content, new CancellationToken(canceled: true)));
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task A_document_cut_short_at_any_tenth_is_read_or_refused(string golden)
    {
        var bytes = await Goldens.BytesAsync(golden);
        for (var tenth = 1; tenth < 10; tenth++) await ReadOrRefuseAsync(golden, bytes[..(int)((long)bytes.Length * tenth / 10)]);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task A_damaged_document_is_read_or_refused(string golden)
    {
        var whole = await Goldens.BytesAsync(golden);
        for (var seed = 1; seed <= 8; seed++)
        {
            var random = new Random(seed);
            var bytes = (byte[])whole.Clone();
            for (var i = 0; i < Math.Max(4, bytes.Length / 500); i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            await ReadOrRefuseAsync(golden, bytes);
        }
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task Garbage_is_read_or_refused(string golden)
    {
        var garbage = new byte[5000];
        new Random(7).NextBytes(garbage);
        await ReadOrRefuseAsync(golden, garbage);
        await ReadOrRefuseAsync(golden, new byte[5000]);
        // The right first bytes, then garbage: past the detection, into the reader.
        var bytes = await Goldens.BytesAsync(golden);
        await ReadOrRefuseAsync(golden, [.. bytes.AsSpan(0, Math.Min(64, bytes.Length)), .. garbage]);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task Every_other_type_of_document_is_read_or_refused(string golden)
    {
        foreach (var other in Goldens.OneOfEachFormat) await ReadOrRefuseAsync(golden, await Goldens.BytesAsync(other));
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task Nothing_is_refused_as_empty(string golden)
    {
        var fault = await Assert.ThrowsAsync<ExtractionException>(() =>
            DocumentReaders.ReadAsync(Content(golden, []), TestContext.Current.CancellationToken));
        Assert.Equal(ExtractionFailure.Empty, fault.Failure);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task A_text_over_the_limit_is_refused_and_never_cut(string golden)
    {
        var content = Content(golden, await Goldens.BytesAsync(golden)) with { Limits = new ExtractionLimits { MaxTextLength = 5 } };
        var fault = await Assert.ThrowsAsync<ExtractionException>(() =>
            DocumentReaders.ReadAsync(content, TestContext.Current.CancellationToken));
        Assert.Equal(ExtractionFailure.TooLarge, fault.Failure);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task The_stream_stays_with_its_owner(string golden)
    {
        var content = Content(golden, await Goldens.BytesAsync(golden));
        await DocumentReaders.ReadAsync(content, TestContext.Current.CancellationToken);
        Assert.True(content.Bytes.CanRead);
    }

    /// <summary>What later stages build on.</summary>
    internal static void AssertConsistent(ExtractedDocument document)
    {
        Assert.Equal(-1, MarkdownWriter.FirstUnclean(document.Text));
        var end = 0;
        foreach (var element in document.Elements)
        {
            Assert.InRange(element.Start, end, document.Text.Length);
            Assert.InRange(element.End, element.Start + 1, document.Text.Length);
            Assert.False(string.IsNullOrWhiteSpace(document.Text[element.Start..element.End]));
            var (least, most) = element.Kind switch { ElementKind.Heading => (1, 6), ElementKind.ListItem => (1, 64), _ => (0, 64) };
            Assert.InRange(element.Level, least, most);
            Assert.InRange(element.Page, document.PageCount is null ? 0 : 1, document.PageCount ?? 0);
            end = element.End;
        }
        Assert.Equal(document.PageCount ?? 0, document.PageStarts.Count);
        Assert.Equal(document.PageStarts.Order(), document.PageStarts);
        Assert.All(document.PageStarts, start => Assert.InRange(start, 0, document.Text.Length));
        Assert.All(document.Warnings, warning => Assert.False(string.IsNullOrWhiteSpace(warning)));
    }

    private static async Task ReadOrRefuseAsync(string golden, byte[] bytes)
    {
        var clock = Stopwatch.StartNew();
        foreach (var read in (Func<Task<ExtractedDocument>>[])
                 [
                     () => ReadAsync(golden, bytes),
                     () => DocumentReaders.ReadAsync(ReaderOf(golden), Content(golden, bytes), TestContext.Current.CancellationToken),
                 ])
        {
            try
            {
                AssertConsistent(await read());
            }
            catch (ExtractionException fault)
            {
                Assert.NotEmpty(fault.Message);
            }
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"It took {clock.Elapsed}.");
    }

    private static Task<ExtractedDocument> ReadAsync(string golden, byte[] bytes) =>
        DocumentReaders.ReadAsync(Content(golden, bytes), TestContext.Current.CancellationToken);

    private static IDocumentReader ReaderOf(string golden) =>
        DocumentReaders.All.Single(reader => reader.MediaTypes.Contains(MediaTypes.FromName(golden)!));

    private static DocumentContent Content(string golden, byte[] bytes) =>
        new() { Bytes = new MemoryStream(bytes), MediaType = MediaTypes.FromName(golden)!, FileName = Path.GetFileName(golden) };
}
