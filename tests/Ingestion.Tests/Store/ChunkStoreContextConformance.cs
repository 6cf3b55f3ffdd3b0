using Ingestion.Store;

namespace Ingestion.Tests.Store;

/// <summary>What chunkers know around a chunk: neighbours, larger chunks, windows, header rows, and what is embedded before the text.</summary>
public abstract partial class ChunkStoreConformance
{
    [Fact]
    public async Task Chunks_name_the_ones_before_and_after_them()
    {
        var draft = Draft.Of("d1", "t1", "uno", "dos", "tres", "cuatro", "cinco");
        await Ingest(draft);
        string?[] ids = [null, .. draft.Chunks.Select(chunk => chunk.ChunkId), null];

        var all = new List<StoredChunk>();
        for (var page = 1; page <= 3; page++) all.AddRange((await Store.ListChunksAsync(Tenant, Collection, "d1", page, 2, false, Cancel))!.Chunks);
        var hit = Assert.Single(await Search(SearchMode.Text, "tres")).Chunk;

        Assert.Equal(ids[..5], all.Select(chunk => chunk.PreviousId));
        Assert.Equal(ids[2..], all.Select(chunk => chunk.NextId));
        Assert.Equal((2, ids[2], ids[4]), (hit.Index, hit.PreviousId, hit.NextId));
    }

    [Fact]
    public async Task Larger_chunks_come_with_those_that_are_part_of_them_and_are_not_found()
    {
        var draft = Hierarchy("d1", "t1", 40);
        await Ingest(draft);

        var page = await Store.ListChunksAsync(Tenant, Collection, "d1", 2, 10, false, Cancel);
        var document = await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel);

        Assert.Equal((40, 40L), (document!.ChunkCount, page!.Total));
        Assert.Equal([.. draft.Chunks.Select(chunk => chunk.ChunkId)], await Store.ReadChunkIdsAsync(Tenant, Collection, "d1", Cancel));
        // Chunks 10 to 19 are part of the middle ones 2 to 4, and those of the large ones 1 and 2.
        Assert.Equal([2, 2, 3, 3, 3, 3, 4, 4, 4, 4], page.Chunks.Select(chunk => ParentOf(page, chunk).Index - 5));
        Assert.Equal([(1, 1), (2, 1), (7, 2), (8, 2), (9, 2)], page.Parents.Select(parent => (parent.Index, parent.Context!.Level)));
        Assert.Equal([1, 1, 2], page.Parents.Skip(2).Select(parent => ParentOf(page, parent).Index));
        Assert.All(page.Parents.Where(parent => parent.Context!.Level == 1), parent => Assert.Null(parent.ParentId));
        Assert.All(page.Parents.Concat(page.Chunks), chunk => Assert.Equal(draft.Content[chunk.Start..chunk.End], chunk.Text));
        Assert.Equal(page.Parents[0].ChunkId, page.Parents[1].PreviousId);
        Assert.Equal(page.Parents[2].ChunkId, page.Parents[3].PreviousId);

        var last = await Store.ListChunksAsync(Tenant, Collection, "d1", 4, 10, false, Cancel);
        Assert.Null(last!.Chunks[^1].NextId);
        Assert.Null(last.Parents.Last(parent => parent.Context!.Level == 1).NextId);
        foreach (var mode in Enum.GetValues<SearchMode>())
        {
            var hits = await Store.SearchAsync(Query(mode, "cláusula") with { TopK = 1000 }, Cancel);
            Assert.Equal(Enumerable.Range(0, 40), hits.Select(hit => hit.Chunk.Index).Order());
            Assert.All(hits, hit => Assert.Equal(draft.Parents[draft.Chunks[hit.Chunk.Index].Parent!.Value].ChunkId, hit.Chunk.ParentId));
        }

        static StoredChunk ParentOf(ChunkPage page, StoredChunk chunk) => page.Parents.Single(parent => parent.ChunkId == chunk.ParentId);
    }

    [Fact]
    public async Task Larger_chunks_go_with_their_version()
    {
        await Ingest(Hierarchy("d1", "t1", 500));
        await Ingest(Hierarchy("d2", "t2", 8));

        var small = await Store.DeleteDocumentAsync(Tenant, Collection, "d2", Cancel);
        var large = await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel);

        Assert.Equal(new DeleteReceipt(1, 8, 8, 0), small);
        Assert.Equal(new DeleteReceipt(1, 500, 500, 0), large);
    }

    [Fact]
    public async Task A_window_is_kept_as_offsets_and_found_as_text()
    {
        var draft = Draft.Of("d1", "t1", "😀 uno", "dos", "tres 😀", "cuatro");
        draft = draft with
        {
            Chunks =
            [
                .. draft.Chunks.Select((chunk, i) => chunk with
                {
                    Context = new ChunkContext(
                        0, new(draft.Chunks[Math.Max(0, i - 1)].StartCodePoint, draft.Chunks[Math.Min(3, i + 1)].EndCodePoint), null),
                }),
            ],
        };
        await Ingest(draft);

        var listed = (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 10, false, Cancel))!.Chunks;
        var hits = "uno dos tres cuatro".Split(' ').Select(async word => Assert.Single(await Search(SearchMode.Text, word)).Chunk.Window);

        Assert.Equal(draft.Chunks.Select(chunk => chunk.Context!.Window), listed.Select(chunk => chunk.Context!.Window));
        Assert.All(listed, chunk => Assert.Null(chunk.Window));
        Assert.Equal(["😀 uno\n\ndos", "😀 uno\n\ndos\n\ntres 😀", "dos\n\ntres 😀\n\ncuatro", "tres 😀\n\ncuatro"], await Task.WhenAll(hits));
    }

    [Fact]
    public async Task Preface_and_header_rows_are_embedded_before_the_text_that_stays_as_it_is()
    {
        var draft = Draft.Of("d1", "t1", "| a | b |", "| 1 | 2 |", "| 3 | 4 |") with { Preface = "title: Tabla" };
        var header = new ChunkContext(0, null, new(0, "| a | b |"));
        draft = draft with { Chunks = [draft.Chunks[0], .. draft.Chunks.Skip(1).Select(chunk => chunk with { Context = header })] };

        var staged = await Store.StageAsync(draft, Cancel);
        var pending = await Store.ReadPendingAsync(staged, -1, 10, Cancel);
        await Ingest(draft);
        var listed = (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 10, false, Cancel))!.Chunks;

        Assert.Equal(
            ["title: Tabla\n\n| a | b |", "title: Tabla\n\n| a | b |\n| 1 | 2 |", "title: Tabla\n\n| a | b |\n| 3 | 4 |"],
            pending.Select(chunk => chunk.Text));
        Assert.Equal(["| a | b |", "| 1 | 2 |", "| 3 | 4 |"], listed.Select(chunk => chunk.Text));
        Assert.Equal([null, header, header], listed.Select(chunk => chunk.Context));
        Assert.Equal([null, listed[0].ChunkId, listed[1].ChunkId], listed.Select(chunk => chunk.PreviousId));
    }

    /// <summary>Four chunks to a middle one, two middle ones to a large one.</summary>
    private static NewVersion Hierarchy(string document, string task, int count)
    {
        var draft = Draft.Of(document, task, [.. Enumerable.Range(0, count).Select(n => $"cláusula {n}")]);
        var middles = Merge(draft.Chunks, 4, level: 2);
        var larges = Merge(middles, 2, level: 1);
        return draft with
        {
            Chunks = [.. draft.Chunks.Select((chunk, i) => chunk with { Parent = larges.Count + i / 4, Context = new ChunkContext(3, null, null) })],
            Parents = [.. larges, .. middles.Select((chunk, i) => chunk with { Parent = i / 2 })],
        };

        static List<NewChunk> Merge(IReadOnlyList<NewChunk> chunks, int size, int level) => chunks.Chunk(size).Select(part => part[0] with
        {
            ChunkId = $"{level}-{part[0].ChunkId}",
            End = part[^1].End,
            EndCodePoint = part[^1].EndCodePoint,
            Context = new ChunkContext(level, null, null),
        }).ToList();
    }
}
