using System.Diagnostics;
using Ingestion.Extraction;
using Ingestion.Extraction.Host;

namespace Ingestion.Tests.Extraction;

/// <summary>
/// <c>Golden/&lt;extension&gt;/hostile/*</c>: one document for each way in which a damaged one once crashed a reader, held it up or took
/// gigabytes. Through the host, with far less than a service allows.
/// </summary>
public class HostileDocumentTests
{
    public static IEnumerable<TheoryDataRow<string>> Documents => Goldens.Hostile.Select(golden => new TheoryDataRow<string>(golden));

    [Theory, MemberData(nameof(Documents))]
    public async Task A_hostile_document_is_read_or_refused_within_limits_and_costs_no_process(string golden)
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 1, MemoryMegabytes = 256, Timeout = TimeSpan.FromSeconds(40) });
        await ReadAsync(host, "<html><p>one"u8.ToArray(), "a.html");
        var process = Assert.Single(host.ProcessIds);
        var clock = Stopwatch.StartNew();
        try
        {
            ReaderConformance.AssertConsistent(await ReadAsync(host, await Goldens.BytesAsync(golden), golden));
        }
        catch (ExtractionException fault)
        {
            Assert.True(
                fault.Failure is ExtractionFailure.Corrupt or ExtractionFailure.Encrypted or ExtractionFailure.Empty or ExtractionFailure.TooLarge,
                $"{fault.Failure}: {fault.Message}");
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"It took {clock.Elapsed}.");
        Assert.Equal(process, Assert.Single(host.ProcessIds));
    }

    [Theory]
    [InlineData("pdf/hostile/widths-of-billions.pdf")]
    [InlineData("pdf/hostile/font-of-a-graphics-state.pdf")]
    [InlineData("pdf/hostile/vertical-widths-of-billions.pdf")]
    [InlineData("pdf/hostile/font-ends-in-a-number.pdf")]
    [InlineData("pdf/hostile/unicode-of-billions.pdf")]
    [InlineData("pdf/hostile/unpacked-unicode-of-billions.pdf")]
    [InlineData("pdf/hostile/unknown-operators.pdf")]
    [InlineData("pdf/hostile/open-picture.pdf")]
    [InlineData("pdf/hostile/names-of-gigabytes.pdf")]
    [InlineData("pdf/hostile/unpacked-names-of-gigabytes.pdf")]
    [InlineData("pdf/hostile/unpacked-outlines-of-gigabytes.pdf")]
    [InlineData("pdf/hostile/glyph-of-glyphs.pdf")]
    [InlineData("pdf/hostile/outline-in-a-circle.pdf")]
    public async Task What_stands_beside_the_damage_is_read(string golden) =>
        Assert.Contains("The rest is read", (await Goldens.ReadAsync(golden)).Text, StringComparison.Ordinal);

    [Fact]
    public async Task A_picture_whose_bytes_look_like_its_end_costs_no_text()
    {
        var text = (await Goldens.ReadAsync("pdf/hostile/false-picture-ends.pdf")).Text;
        Assert.Contains("The rest is read", text, StringComparison.Ordinal);
        Assert.Contains("The end", text, StringComparison.Ordinal);
    }

    private static Task<ExtractedDocument> ReadAsync(ReaderHost host, byte[] bytes, string name) => host.ReadAsync(
        new DocumentContent { Bytes = new MemoryStream(bytes), MediaType = "", FileName = Path.GetFileName(name) },
        TestContext.Current.CancellationToken);
}
