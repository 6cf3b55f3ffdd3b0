using System.Text.Json;
using Ingestion.Chunking;
using Ingestion.Extraction;

namespace Ingestion.Tests.Chunking;

/// <summary>Chunk by chunk what LlamaIndex makes: offsets, lengths and token counts.</summary>
public class LlamaIndexParityTests
{
    public static TheoryData<string> Names => ChunkingGoldens.Names;

    public static TheoryData<string, string, string, int, int> MetadataCases
    {
        get
        {
            var data = new TheoryData<string, string, string, int, int>();
            foreach (var run in MetadataRuns().Keys) data.Add(run.Text, run.Splitter, run.Metadata, run.Size, run.Overlap);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public Task Sentence_chunks_are_those_of_SentenceSplitter(string name) => CompareAsync("sentence", name, ChunkingGoldens.All[name].Sentence);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Token_chunks_are_those_of_TokenTextSplitter(string name) => CompareAsync("token", name, ChunkingGoldens.All[name].Token);

    [Theory]
    [MemberData(nameof(MetadataCases))]
    public async Task Metadata_takes_its_tokens_off_the_size_as_in_the_node_parsers(string text, string splitter, string metadata, int size, int overlap)
    {
        var document = new ExtractedDocument { Text = ChunkingGoldens.All[text].Text };
        var options = new ChunkOptions { Size = size, Overlap = overlap, Tokens = TokenCounters.Cl100kBase, Metadata = metadata };
        var chunker = Chunkers.Find(splitter == "SentenceSplitter" ? "sentence" : "token")!;
        var chunks = await chunker.SplitAsync(document, options, TestContext.Current.CancellationToken);
        var expected = MetadataRuns()[(text, splitter, metadata, size, overlap)];
        Assert.Equal(expected.Length, chunks.Count);
        foreach (var (chunk, golden) in chunks.Zip(expected))
        {
            var slice = document.Text[chunk.Start..chunk.End];
            Assert.Equal(golden, golden is string ? slice : slice.EnumerateRunes().Count());
        }
    }

    [Theory]
    [InlineData("sentence")]
    [InlineData("token")]
    public async Task Metadata_that_leaves_no_room_is_an_error_that_says_what_to_do(string chunker)
    {
        var metadata = string.Join(' ', Enumerable.Repeat("palabra", 30));
        var options = new ChunkOptions { Size = 20, Overlap = 0, Tokens = TokenCounters.Cl100kBase, Metadata = metadata };
        var error = await Assert.ThrowsAsync<ChunkingException>(() => Chunkers.Find(chunker)!.SplitAsync(
            new ExtractedDocument { Text = "Text." }, options, TestContext.Current.CancellationToken));
        Assert.Contains("Raise chunk_size above", error.Message, StringComparison.Ordinal);
    }

    private static async Task CompareAsync(string chunker, string name, IReadOnlyList<ChunkingGoldens.Run> runs)
    {
        var golden = ChunkingGoldens.All[name];
        foreach (var run in runs)
        {
            var options = new ChunkOptions { Size = run.Size, Overlap = run.Overlap, Tokens = TokenCounters.Cl100kBase };
            var chunks = await Chunkers.Find(chunker)!.SplitAsync(
                new ExtractedDocument { Text = golden.Text }, options, TestContext.Current.CancellationToken);
            // LlamaIndex answers the empty text with one empty chunk; we answer with none.
            var expected = golden.Text.Length == 0 ? [] : run.Chunks;
            Assert.Equal(expected, chunks.Select(chunk => (chunk.Start, chunk.End - chunk.Start, chunk.TokenCount)));
        }
    }

    /// <summary>Each chunk's text, or its length in code points, for the documents that are here.</summary>
    private static Dictionary<(string Text, string Splitter, string Metadata, int Size, int Overlap), object[]> MetadataRuns()
    {
        var runs = new Dictionary<(string, string, string, int, int), object[]>();
        using var json = JsonDocument.Parse(ChunkingGoldens.Extra("metadata_aware.json"));
        foreach (var entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            var text = entry.GetProperty("text").GetString()!;
            if (!ChunkingGoldens.All.ContainsKey(text)) continue;
            var key = (text, entry.GetProperty("splitter").GetString()!, entry.GetProperty("metadata_str").GetString()!,
                entry.GetProperty("cs").GetInt32(), entry.GetProperty("ov").GetInt32());
            runs[key] = [.. entry.GetProperty("chunks").EnumerateArray().Select(object (chunk) =>
                chunk.ValueKind == JsonValueKind.String ? chunk.GetString()! : chunk.GetInt32())];
        }
        return runs;
    }
}
