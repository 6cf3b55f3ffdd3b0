using Ingestion.Chunking;
using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Tests.Chunking;

public class SentenceChunkerTests
{
    [Theory]
    [MemberData(nameof(ChunkingGoldens.Names), MemberType = typeof(ChunkingGoldens))]
    public void Tokens_are_counted_as_tiktoken_counts_them(string name)
    {
        var golden = ChunkingGoldens.All[name];
        Assert.Equal(golden.Tokens, TokenCounters.Cl100kBase.Count(golden.Text));
    }

    [Theory]
    [MemberData(nameof(ChunkingGoldens.Names), MemberType = typeof(ChunkingGoldens))]
    public void Sentences_begin_where_Punkt_begins_them(string name)
    {
        var golden = ChunkingGoldens.All[name];
        Assert.Equal(golden.SentenceStarts, Punkt.Starts(golden.Text, 0, golden.Text.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t\u001C \u3000")]
    public async Task Blank_text_has_no_chunks(string text) => Assert.Empty(await SplitAsync(text, 100, 0));

    [Fact]
    public async Task A_document_without_pages_has_chunks_without_pages()
    {
        var chunk = Assert.Single(await SplitAsync("Some text.", 100, 0));
        Assert.Equal((0, 0), (chunk.PageStart, chunk.PageEnd));
        Assert.Empty(chunk.HeadingPath);
    }

    [Fact]
    public async Task A_code_point_of_more_tokens_than_the_size_stays_whole()
    {
        var chunks = await SplitAsync("𠮷𠮷", 1, 0);
        Assert.Equal([(0, 2), (2, 4)], chunks.Select(chunk => (chunk.Start, chunk.End)));
    }

    [Fact]
    public async Task Cancelling_stops_the_splitting()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new SentenceChunker().SplitAsync(
            new ExtractedDocument { Text = new string('a', 10_000) }, Options(10, 0), cancelled.Token));
    }

    private static ChunkOptions Options(int size, int overlap) => new() { Size = size, Overlap = overlap, Tokens = TokenCounters.Cl100kBase };

    private static Task<IReadOnlyList<Chunk>> SplitAsync(string text, int size, int overlap) =>
        new SentenceChunker().SplitAsync(new ExtractedDocument { Text = text }, Options(size, overlap), TestContext.Current.CancellationToken);
}
