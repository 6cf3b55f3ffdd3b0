using System.Text.Json;
using Ingestion.Chunking;
using Ingestion.Extraction;

namespace Ingestion.Tests.Chunking;

public class SemanticChunkerTests
{
    public static TheoryData<string, int, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (var run in Runs().Keys) data.Add(run.Text, run.Buffer, run.Percentile);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Cuts_are_those_of_SemanticSplitterNodeParser(string name, int buffer, int percentile)
    {
        var text = ChunkingGoldens.All[name].Text;
        var options = Options(1_000) with { SemanticBuffer = buffer, SemanticPercentile = percentile };
        var slices = await SemanticChunker.CutAsync(text, options, TestContext.Current.CancellationToken);
        Assert.Equal(Runs()[(name, buffer, percentile)], slices.Select(slice => text[slice.Start..slice.End].EnumerateRunes().Count()));
    }

    [Fact]
    public async Task No_chunk_is_over_the_size_however_alike_its_sentences_are()
    {
        var text = string.Concat(Enumerable.Repeat("The same words again and again. ", 200));
        var chunks = await new SemanticChunker().SplitAsync(new ExtractedDocument { Text = text }, Options(50), TestContext.Current.CancellationToken);
        Assert.InRange(chunks.Count, 1_400 / 50, 1_400 / 30);
        Assert.All(chunks, chunk => Assert.InRange(chunk.TokenCount, 1, 50));
    }

    [Fact]
    public async Task Without_an_embedding_it_says_what_to_do()
    {
        var error = await Assert.ThrowsAsync<ChunkingException>(() => new SemanticChunker().SplitAsync(
            new ExtractedDocument { Text = "One. Two." }, Options(50) with { Embed = null }, TestContext.Current.CancellationToken));
        Assert.Contains("EMBEDDING_PROVIDER", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_loses_a_text_is_an_error()
    {
        EmbedTexts lossy = async (texts, cancel) => [.. (await HashEmbedding.EmbedAsync(texts, cancel)).Skip(1)];
        await Assert.ThrowsAsync<ChunkingException>(() => new SemanticChunker().SplitAsync(
            new ExtractedDocument { Text = "One. Two. Three." }, Options(50) with { Embed = lossy }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Chinese_and_Thai_are_cut_at_their_own_sentence_ends()
    {
        const string Text = "猫喜欢鱼。狗喜欢骨头！「鸟喜欢种子。」人呢？ แมวชอบปลา สุนัขชอบกระดูก นกชอบเมล็ด";
        var options = Options(1_000) with { SemanticPercentile = 0, Embed = DifferentEachTime() };
        var chunks = await new SemanticChunker().SplitAsync(new ExtractedDocument { Text = Text }, options, TestContext.Current.CancellationToken);
        Assert.Equal(
            ["猫喜欢鱼。", "狗喜欢骨头！", "「鸟喜欢种子。」", "人呢？", "แมวชอบปลา", "สุนัขชอบกระดูก นกชอบเมล็ด"],
            chunks.Select(chunk => Text[chunk.Start..chunk.End]));
    }

    /// <summary>Neighbours ever less alike but for the last two, which the strict comparison with the lowest keeps together.</summary>
    private static EmbedTexts DifferentEachTime()
    {
        var asked = 0;
        return (texts, _) => Task.FromResult<IReadOnlyList<ReadOnlyMemory<float>>>([.. texts.Select((_, i) =>
        {
            var angle = asked++ == texts.Count - 1 ? (texts.Count - 2) * 0.5 : i * 0.5;
            return new ReadOnlyMemory<float>([(float)Math.Cos(angle), (float)Math.Sin(angle)]);
        })]);
    }

    private static ChunkOptions Options(int size) => new() { Size = size, Overlap = 0, Tokens = TokenCounters.Cl100kBase, Embed = HashEmbedding.EmbedAsync };

    /// <summary>Each chunk's length in code points, for the documents that are here.</summary>
    private static Dictionary<(string Text, int Buffer, int Percentile), int[]> Runs()
    {
        using var json = JsonDocument.Parse(ChunkingGoldens.Extra("semantic_hash.json"));
        return json.RootElement.GetProperty("cases").EnumerateArray()
            .Where(entry => ChunkingGoldens.All.ContainsKey(entry.GetProperty("text").GetString()!))
            .ToDictionary(
                entry => (entry.GetProperty("text").GetString()!, entry.GetProperty("buffer").GetInt32(), entry.GetProperty("pct").GetInt32()),
                entry => entry.GetProperty("chunk_lens_cp").EnumerateArray().Select(length => length.GetInt32()).ToArray());
    }
}
