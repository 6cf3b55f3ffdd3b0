using Ingestion.Chunking;
using Ingestion.Extraction;

namespace Ingestion.Tests.Chunking;

public class SentenceWindowAndHierarchyTests
{
    [Fact]
    public async Task A_sentence_knows_the_sentences_around_it()
    {
        const string Text = "One here. Two here. Three here. Four here. Five here.";
        var chunks = await new SentenceWindowChunker().SplitAsync(
            new ExtractedDocument { Text = Text }, Options(100, 0) with { WindowSentences = 1 }, TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                ("One here.", "One here. Two here."),
                ("Two here.", "One here. Two here. Three here."),
                ("Three here.", "Two here. Three here. Four here."),
                ("Four here.", "Three here. Four here. Five here."),
                ("Five here.", "Four here. Five here."),
            ],
            chunks.Select(chunk => (Text[chunk.Start..chunk.End], Text[chunk.Window!.Value.Start..chunk.Window.Value.End])));
    }

    [Theory]
    [MemberData(nameof(ChunkingGoldens.Names), MemberType = typeof(ChunkingGoldens))]
    public async Task Windows_have_one_chunk_a_sentence(string name)
    {
        var golden = ChunkingGoldens.All[name];
        var chunks = await new SentenceWindowChunker().SplitAsync(
            new ExtractedDocument { Text = golden.Text }, Options(1_000_000, 0), TestContext.Current.CancellationToken);
        Assert.Equal(golden.SentenceStarts.Count, chunks.Count);
    }

    [Fact]
    public async Task Each_level_splits_the_chunks_of_the_level_above()
    {
        var golden = ChunkingGoldens.All["es_informe_x20"];
        var document = new ExtractedDocument { Text = golden.Text };
        var chunks = await new HierarchicalChunker().SplitAsync(document, Options(2_048, 20), TestContext.Current.CancellationToken);

        var parents = chunks.Where(chunk => chunk.IsParent).ToList();
        Assert.NotEmpty(parents);
        foreach (var (index, parent) in chunks.Index().Where(item => item.Item.IsParent))
        {
            var children = chunks.Where(chunk => chunk.Parent == index).ToList();
            var size = parent.Parent is null ? 512 : 128;
            var alone = await new SentenceChunker().SplitAsync(
                document with { Text = golden.Text[parent.Start..parent.End] }, Options(size, 20), TestContext.Current.CancellationToken);
            Assert.Equal(
                alone.Select(chunk => (parent.Start + chunk.Start, parent.Start + chunk.End, chunk.TokenCount)),
                children.Select(chunk => (chunk.Start, chunk.End, chunk.TokenCount)));
        }
        Assert.All(chunks.Where(chunk => !chunk.IsParent), leaf => Assert.NotNull(chunks[leaf.Parent!.Value].Parent));
    }

    private static ChunkOptions Options(int size, int overlap) => new() { Size = size, Overlap = overlap, Tokens = TokenCounters.Cl100kBase };
}
