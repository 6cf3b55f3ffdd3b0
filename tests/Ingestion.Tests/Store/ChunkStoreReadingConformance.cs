using System.Text.Json;
using Ingestion.Store;

namespace Ingestion.Tests.Store;

/// <summary>What readers of documents and chunks are given.</summary>
public abstract partial class ChunkStoreConformance
{
    [Fact]
    public async Task A_document_comes_back_with_all_that_was_said_of_it()
    {
        var draft = Draft.Of("d1", "t1", "Uno.", "Dos 😀 más.") with
        {
            Title = "Título",
            Description = "Lo que dice",
            Tags = ["ley", "2026"],
            Metadata = JsonElement.Parse("""{"year":2026,"by":{"name":"Ana"}}"""),
            Source = new StoredSource("file", "ley.pdf", null, "application/pdf", 1234, "ab12"),
            PageCount = 2,
            PageStarts = [0, 5],
            Language = "es",
            Warnings = ["Page 2 was rotated."],
        };
        await Ingest(draft);

        var document = await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel);

        Assert.NotNull(document);
        Assert.Equal(("d1", Collection, "t1", 1), (document.DocumentId, document.CollectionId, document.TaskId, document.Version));
        Assert.Equal(("Título", "Lo que dice", "es"), (document.Title, document.Description, document.Language));
        Assert.Equal(["ley", "2026"], document.Tags);
        Assert.True(JsonElement.DeepEquals(draft.Metadata.Value, document.Metadata!.Value));
        Assert.Equal(draft.Source, document.Source);
        Assert.Equal(2, document.PageCount);
        Assert.Equal([0, 5], document.PageStarts);
        Assert.Equal(["Page 2 was rotated."], document.Warnings);
        Assert.Equal(("m", Vectors.Dimension), (document.Model, document.Dimension));
        Assert.Equal((2, draft.Chunks.Sum(chunk => (long)chunk.TokenCount)), (document.ChunkCount, document.TokenCount));
        Assert.Equal(draft.Content.EnumerateRunes().Count(), document.ContentLength);
        Assert.Equal(draft.Content, await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        Assert.InRange(document.UpdatedAt, document.CreatedAt, document.CreatedAt.AddMinutes(5));
    }

    [Fact]
    public async Task Chunks_come_back_in_order_page_by_page()
    {
        var draft = Draft.Of("d1", "t1", [.. Enumerable.Range(0, 25).Select(i => $"Párrafo número {i}.")]);
        draft = draft with
        {
            Chunks =
            [
                .. draft.Chunks.Select((chunk, i) => chunk with { PageStart = i + 1, PageEnd = i + 2, HeadingPath = ["A", $"B{i}"] }),
            ],
        };
        await Ingest(draft);

        var pages = new List<StoredChunk>();
        for (var page = 1; page <= 3; page++)
        {
            var part = await Store.ListChunksAsync(Tenant, Collection, "d1", page, 10, vectors: page == 3, Cancel);
            Assert.Equal(25, part!.Total);
            Assert.All(part.Chunks, chunk => Assert.Equal(page == 3, chunk.Vector is not null));
            pages.AddRange(part.Chunks);
        }

        Assert.Empty((await Store.ListChunksAsync(Tenant, Collection, "d1", 4, 10, false, Cancel))!.Chunks);
        Assert.Equal(Enumerable.Range(0, 25), pages.Select(chunk => chunk.Index));
        Assert.Equal(draft.Chunks.Select(chunk => chunk.ChunkId), pages.Select(chunk => chunk.ChunkId));
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"Párrafo número {i}."), pages.Select(chunk => chunk.Text));
        Assert.Equal(["A", "B7"], pages[7].HeadingPath);
        Assert.Equal((8, 9), (pages[7].PageStart, pages[7].PageEnd));
        Assert.Equal(Vectors.Of("Párrafo número 24."), pages[24].Vector);
        Assert.Equal([.. draft.Chunks.Select(chunk => chunk.ChunkId)], await Store.ReadChunkIdsAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task Offsets_of_any_text_are_code_points_of_the_content()
    {
        var random = new Random(20261123);
        string[] pieces = ["a", "ñ", " ", "\n", "😀", "日本", "e\u0301", "word ", "\U0001F468\u200D\U0001F469", "ção "];
        for (var round = 0; round < 20; round++)
        {
            string[] texts = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => string.Concat(
                Enumerable.Range(0, random.Next(1, 20)).Select(_ => pieces[random.Next(pieces.Length)])))];
            var draft = Draft.Of($"d{round}", $"t{round:d4}", texts);
            await Ingest(draft);

            var runes = (await Store.ReadContentAsync(Tenant, Collection, draft.DocumentId, Cancel))!.EnumerateRunes().ToArray();
            var chunks = (await Store.ListChunksAsync(Tenant, Collection, draft.DocumentId, 1, 1000, false, Cancel))!.Chunks;

            Assert.Equal(texts.Length, chunks.Count);
            Assert.All(chunks, chunk => Assert.Equal(chunk.Text, string.Concat(runes[chunk.Start..chunk.End])));
            Assert.Equal(texts, chunks.Select(chunk => chunk.Text));
        }
    }

    [Fact]
    public async Task Documents_are_listed_by_id_page_by_page()
    {
        foreach (var id in (string[])["b", "B", "a", "ñ", "10", "9"]) await Ingest(Draft.Of(id, "t" + id, id));
        await Store.StageAsync(Draft.Of("unseen", "tz", "x"), Cancel);

        var first = await Store.ListDocumentsAsync(Tenant, Collection, 1, 4, Cancel);
        var second = await Store.ListDocumentsAsync(Tenant, Collection, 2, 4, Cancel);

        Assert.Equal((6L, 6L), (first.Total, second.Total));
        Assert.Equal(["10", "9", "B", "a"], first.Documents.Select(document => document.DocumentId));
        Assert.Equal(["b", "ñ"], second.Documents.Select(document => document.DocumentId));
    }

    [Fact]
    public async Task What_a_tenant_has_stored_is_counted_without_what_is_unseen_or_gone()
    {
        static NewVersion Of(string document, string task, long size, params string[] chunks) =>
            Draft.Of(document, task, chunks) with { Source = new StoredSource("text", null, null, null, size, null) };

        Assert.Equal(default, await Store.GetUsageAsync(Tenant, Cancel));
        await Ingest(Of("d1", "t1", 100, "One.", "Two."));
        await Ingest(Of("d2", "t2", 20, "Three.") with { CollectionId = "letters" });
        await Ingest(Of("d1", "t3", 7, "Four.") with { TenantId = "other" });
        await Store.StageAsync(Of("d3", "t4", 999, "Unseen."), Cancel);
        Assert.Equal(new StoredUsage(Chunks: 3, Bytes: 120), await Store.GetUsageAsync(Tenant, Cancel));

        await Ingest(Of("d1", "t5", 50, "One.", "Two, too.", "Five."));
        Assert.Equal(new StoredUsage(Chunks: 4, Bytes: 70), await Store.GetUsageAsync(Tenant, Cancel));
        await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel);
        Assert.Equal(new StoredUsage(Chunks: 1, Bytes: 20), await Store.GetUsageAsync(Tenant, Cancel));
        await Store.DeleteDocumentAsync(Tenant, "letters", "d2", Cancel);
        Assert.Equal(default, await Store.GetUsageAsync(Tenant, Cancel));
        Assert.Equal(new StoredUsage(Chunks: 1, Bytes: 7), await Store.GetUsageAsync("other", Cancel));
    }
}
