using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ingestion.Store;

namespace Ingestion.Tests.Store;

/// <summary>What every <see cref="IChunkStore"/> must do. One test class a store derives from it.</summary>
public abstract partial class ChunkStoreConformance
{
    protected const string Tenant = "acme";
    protected const string Collection = "contracts";

    protected abstract IChunkStore Store { get; }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_staged_version_is_unseen_until_it_is_committed()
    {
        var staged = await Store.StageAsync(Draft.Of("d1", "t1", "La factura vence en mayo."), Cancel);
        await SaveAll(staged);

        Assert.Null(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Null(await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Null(await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 10, false, Cancel));
        Assert.Empty(await Store.ReadChunkIdsAsync(Tenant, Collection, "d1", Cancel));
        Assert.Equal(0, (await Store.ListDocumentsAsync(Tenant, Collection, 1, 10, Cancel)).Total);
        Assert.Empty(await Search(SearchMode.Text, "factura"));
        Assert.Empty(await Search(SearchMode.Vector, "factura"));
        Assert.Null(await Store.GetVectorSpaceAsync(Tenant, Collection, Cancel));

        var committed = await Store.CommitAsync(staged, Cancel);

        Assert.Equal(new CommitResult(CommitKind.Committed, 1, Kept: 0, Added: 1, Removed: 0, Vectors.Dimension), committed);
        Assert.NotNull(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Single(await Search(SearchMode.Text, "factura"));
        Assert.Single(await Search(SearchMode.Vector, "factura"));
        Assert.Equal(new VectorSpace("m", Vectors.Dimension), await Store.GetVectorSpaceAsync(Tenant, Collection, Cancel));
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
    public async Task Pending_chunks_are_those_without_a_vector_in_order()
    {
        var staged = await Store.StageAsync(Draft.Of("d1", "t1", "a", "b", "c", "d", "e"), Cancel);
        Assert.Equal((5, 0), (staged.ChunkCount, staged.VectorCount));
        await Store.SaveVectorsAsync(staged, [new(1, Vectors.Of("b")), new(3, Vectors.Of("d"))], Cancel);

        var first = await Store.ReadPendingAsync(staged, -1, 2, Cancel);
        var rest = await Store.ReadPendingAsync(staged, first[^1].Index, 2, Cancel);

        Assert.Equal([(0, "a"), (2, "c")], first.Select(chunk => (chunk.Index, chunk.Text)));
        Assert.Equal([(4, "e")], rest.Select(chunk => (chunk.Index, chunk.Text)));
        Assert.Equal(2, (await Store.FindStagedAsync(Tenant, "t1", Cancel))!.VectorCount);
    }

    [Fact]
    public async Task A_version_whose_chunks_lack_vectors_is_not_ready()
    {
        var staged = await Store.StageAsync(Draft.Of("d1", "t1", "a", "b"), Cancel);
        await Store.SaveVectorsAsync(staged, [new(0, Vectors.Of("a"))], Cancel);

        Assert.Equal(CommitKind.NotReady, (await Store.CommitAsync(staged, Cancel)).Kind);
        Assert.Null(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));

        await Store.SaveVectorsAsync(staged, [new(1, Vectors.Of("b"))], Cancel);
        Assert.Equal(CommitKind.Committed, (await Store.CommitAsync(staged, Cancel)).Kind);
    }

    [Fact]
    public async Task Saving_a_vector_twice_is_the_same_as_once()
    {
        var staged = await Store.StageAsync(Draft.Of("d1", "t1", "a", "b"), Cancel);
        await Store.SaveVectorsAsync(staged, [new(0, Vectors.Of("a"))], Cancel);
        await Store.SaveVectorsAsync(staged, [new(0, Vectors.Of("a"))], Cancel);

        Assert.Equal(1, (await Store.FindStagedAsync(Tenant, "t1", Cancel))!.VectorCount);
        Assert.Equal(CommitKind.NotReady, (await Store.CommitAsync(staged, Cancel)).Kind);
    }

    [Fact]
    public async Task Vectors_that_cannot_be_compared_are_refused()
    {
        var staged = await Store.StageAsync(Draft.Of("d1", "t1", "a", "b"), Cancel);
        await Store.SaveVectorsAsync(staged, [new(0, Vectors.Of("a"))], Cancel);

        await Assert.ThrowsAsync<ArgumentException>(() => Store.SaveVectorsAsync(staged, [new(1, new float[3])], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.SaveVectorsAsync(staged, [new(1, Array.Empty<float>())], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.SaveVectorsAsync(staged, [new(2, Vectors.Of("c"))], Cancel));
        var broken = Vectors.Of("b");
        broken[2] = float.NaN;
        await Assert.ThrowsAsync<ArgumentException>(() => Store.SaveVectorsAsync(staged, [new(1, broken)], Cancel));
        Assert.Equal([1], (await Store.ReadPendingAsync(staged, -1, 10, Cancel)).Select(chunk => chunk.Index));
    }

    [Fact]
    public async Task Committing_twice_is_the_same_as_once()
    {
        await Ingest(Draft.Of("d1", "t1", "a", "b"));
        var staged = await Store.StageAsync(Draft.Of("d1", "t2", "b", "c", "d"), Cancel);
        await SaveAll(staged);

        var once = await Store.CommitAsync(staged, Cancel);
        var twice = await Store.CommitAsync(staged, Cancel);

        Assert.Equal(new CommitResult(CommitKind.Committed, 2, Kept: 1, Added: 2, Removed: 1, Vectors.Dimension), once);
        Assert.Equal(once, twice);
        Assert.Equal(2, (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!.Version);
        Assert.Null(await Store.FindStagedAsync(Tenant, "t2", Cancel));
    }

    [Fact]
    public async Task A_task_that_does_all_again_makes_no_other_version()
    {
        await Ingest(Draft.Of("d1", "t1", "a", "b"));
        var first = await Ingest(Draft.Of("d1", "t2", "b", "c", "d"));

        var again = await Ingest(Draft.Of("d1", "t2", "b", "c", "d"));

        Assert.Equal(first, again);
        Assert.Equal(2, (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!.Version);
        Assert.Equal(3, (await Search(SearchMode.Text, "b c d")).Count);
    }

    [Fact]
    public async Task A_new_version_takes_the_place_of_the_old_one_whole()
    {
        await Ingest(Draft.Of("d1", "t1", "perro verde", "gato azul"));
        var created = (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!.CreatedAt;

        await Ingest(Draft.Of("d1", "t2", "gato azul", "pez rojo"));

        Assert.Empty(await Search(SearchMode.Text, "perro"));
        Assert.Single(await Search(SearchMode.Text, "gato"));
        Assert.Equal("pez rojo", Assert.Single(await Search(SearchMode.Text, "pez")).Chunk.Text);
        Assert.DoesNotContain(await Search(SearchMode.Vector, "perro verde"), hit => hit.Chunk.Text == "perro verde");
        var document = (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!;
        Assert.Equal((2, "t2", created), (document.Version, document.TaskId, document.CreatedAt));
    }

    [Fact]
    public async Task Chunks_that_stay_keep_their_vectors()
    {
        await Ingest(Draft.Of("d1", "t1", "a", "b", "c"));

        var staged = await Store.StageAsync(Draft.Of("d1", "t2", "c", "x", "a"), Cancel);

        Assert.Equal((3, 2), (staged.ChunkCount, staged.VectorCount));
        Assert.Equal([(1, "x")], (await Store.ReadPendingAsync(staged, -1, 10, Cancel)).Select(chunk => (chunk.Index, chunk.Text)));
        await SaveAll(staged);
        var committed = await Store.CommitAsync(staged, Cancel);
        Assert.Equal(new CommitResult(CommitKind.Committed, 2, Kept: 2, Added: 1, Removed: 1, Vectors.Dimension), committed);
        var chunks = (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 10, vectors: true, Cancel))!.Chunks;
        Assert.All(chunks, chunk => Assert.Equal(Vectors.Of(chunk.Text), chunk.Vector));
    }

    [Fact]
    public async Task Vectors_of_another_model_are_not_taken_over_and_not_let_in()
    {
        await Ingest(Draft.Of("d1", "t1", "a", "b"));

        var staged = await Store.StageAsync(Draft.Of("d1", "t2", "a", "b") with { Model = "other" }, Cancel);
        Assert.Equal(0, staged.VectorCount);
        await SaveAll(staged);
        var refused = await Store.CommitAsync(staged, Cancel);

        Assert.Equal((CommitKind.OtherModel, new VectorSpace("m", Vectors.Dimension)), (refused.Kind, refused.Space));
        Assert.Equal("t1", (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!.TaskId);

        var wider = await Store.StageAsync(Draft.Of("d2", "t3", "a"), Cancel);
        await Store.SaveVectorsAsync(wider, [new(0, new float[] { 1, 2, 3 })], Cancel);
        Assert.Equal(CommitKind.OtherModel, (await Store.CommitAsync(wider, Cancel)).Kind);
    }

    [Fact]
    public async Task Of_two_collections_each_has_its_own_model()
    {
        await Ingest(Draft.Of("d1", "t1", "a"));
        var staged = await Store.StageAsync(Draft.Of("d1", "t2", "a") with { CollectionId = "other", Model = "n" }, Cancel);
        await Store.SaveVectorsAsync(staged, [new(0, new float[] { 1, 2, 3 })], Cancel);

        Assert.Equal(CommitKind.Committed, (await Store.CommitAsync(staged, Cancel)).Kind);
        Assert.Equal(new VectorSpace("n", 3), await Store.GetVectorSpaceAsync(Tenant, "other", Cancel));
        Assert.Equal(new VectorSpace("m", Vectors.Dimension), await Store.GetVectorSpaceAsync(Tenant, Collection, Cancel));
    }

    [Fact]
    public async Task An_older_task_never_replaces_a_newer_one()
    {
        var old = await Store.StageAsync(Draft.Of("d1", "t1", "old"), Cancel);
        await SaveAll(old);
        await Ingest(Draft.Of("d1", "t2", "new"));

        Assert.Equal(CommitKind.Superseded, (await Store.CommitAsync(old, Cancel)).Kind);
        Assert.Equal("new", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Null(await Store.FindStagedAsync(Tenant, "t1", Cancel));
        Assert.Empty(await Search(SearchMode.Text, "old"));
    }

    [Fact]
    public async Task Concurrent_commits_of_one_document_end_with_the_newest_task()
    {
        var staged = new List<StagedVersion>();
        for (var i = 0; i < 12; i++)
        {
            var version = await Store.StageAsync(Draft.Of("d1", $"t{i:d2}", $"text {i}", "shared"), Cancel);
            await SaveAll(version);
            staged.Add(version);
        }

        new Random(5).Shuffle(CollectionsMarshal.AsSpan(staged));
        var results = await Task.WhenAll(staged.Select(version => Store.CommitAsync(version, Cancel)));

        Assert.All(results, result => Assert.True(result.Kind is CommitKind.Committed or CommitKind.Superseded));
        var document = (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!;
        Assert.Equal("t11", document.TaskId);
        Assert.Equal(results.Count(result => result.Kind == CommitKind.Committed), document.Version);
        Assert.Equal(1, (await Store.ListDocumentsAsync(Tenant, Collection, 1, 10, Cancel)).Total);
        Assert.Single(await Search(SearchMode.Text, "shared"));
    }

    [Fact]
    public async Task Staging_again_replaces_what_the_task_staged_before()
    {
        var first = await Store.StageAsync(Draft.Of("d1", "t1", "a", "b"), Cancel);
        await SaveAll(first);
        var second = await Store.StageAsync(Draft.Of("d1", "t1", "c"), Cancel);

        Assert.Equal(second, await Store.FindStagedAsync(Tenant, "t1", Cancel));
        Assert.Equal(CommitKind.NotReady, (await Store.CommitAsync(first, Cancel)).Kind);
        await Store.SaveVectorsAsync(first, [new(0, Vectors.Of("a"))], Cancel);
        Assert.Empty(await Store.ReadPendingAsync(first, -1, 10, Cancel));
        await SaveAll(second);
        Assert.Equal(CommitKind.Committed, (await Store.CommitAsync(second, Cancel)).Kind);
        Assert.Equal("c", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task What_is_discarded_is_gone_and_what_is_committed_stays()
    {
        await Ingest(Draft.Of("d1", "t1", "kept"));
        var staged = await Store.StageAsync(Draft.Of("d1", "t2", "draft"), Cancel);
        await SaveAll(staged);

        await Store.DiscardAsync(Tenant, "t1", Cancel);
        await Store.DiscardAsync("other", "t2", Cancel);
        Assert.NotNull(await Store.FindStagedAsync(Tenant, "t2", Cancel));
        await Store.DiscardAsync(Tenant, "t2", Cancel);
        await Store.DiscardAsync(Tenant, "t2", Cancel);

        Assert.Null(await Store.FindStagedAsync(Tenant, "t2", Cancel));
        await Store.SaveVectorsAsync(staged, [new(0, Vectors.Of("draft"))], Cancel);
        Assert.Equal(CommitKind.NotReady, (await Store.CommitAsync(staged, Cancel)).Kind);
        Assert.Equal("kept", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task A_document_without_chunks_is_stored_and_fixes_no_model()
    {
        var staged = await Store.StageAsync(Draft.Of("d1", "t1") with { Content = " \n" }, Cancel);

        Assert.Equal(new CommitResult(CommitKind.Committed, 1), await Store.CommitAsync(staged, Cancel));
        Assert.Null(await Store.GetVectorSpaceAsync(Tenant, Collection, Cancel));
        Assert.Empty((await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 10, false, Cancel))!.Chunks);
    }

    [Fact]
    public async Task A_version_without_chunks_takes_the_old_chunks_away()
    {
        await Ingest(Draft.Of("d1", "t1", "factura"));
        Assert.Single(await Search(SearchMode.Text, "factura"));
        await Ingest(Draft.Of("d1", "t2"));
        Assert.Empty(await Search(SearchMode.Text, "factura"));
        Assert.Empty(await Search(SearchMode.Vector, "factura"));
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
    public async Task A_deleted_document_leaves_nothing()
    {
        await Ingest(Draft.Of("d1", "t1", "perro", "gato"));
        await Ingest(Draft.Of("d2", "t2", "pez"));
        var staged = await Store.StageAsync(Draft.Of("d1", "t3", "perro", "loro", "lobo"), Cancel);

        var receipt = await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel);

        Assert.Equal(new DeleteReceipt(Versions: 2, Chunks: 5, Vectors: 3, Remaining: 0), receipt);
        Assert.Null(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Null(await Store.FindStagedAsync(Tenant, "t3", Cancel));
        await SaveAll(staged);
        Assert.Equal(CommitKind.NotReady, (await Store.CommitAsync(staged, Cancel)).Kind);
        Assert.Empty(await Search(SearchMode.Text, "perro gato loro"));
        Assert.Equal("pez", Assert.Single(await Search(SearchMode.Text, "pez")).Chunk.Text);
        Assert.Null(await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task With_its_last_document_a_collection_forgets_its_model()
    {
        await Ingest(Draft.Of("d1", "t1", "a"));
        await Search(SearchMode.Vector, "a");
        await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel);
        Assert.Null(await Store.GetVectorSpaceAsync(Tenant, Collection, Cancel));

        var staged = await Store.StageAsync(Draft.Of("d1", "t2", "a") with { Model = "n" }, Cancel);
        await Store.SaveVectorsAsync(staged, [new(0, new float[] { 1, 0, 0 })], Cancel);

        Assert.Equal(1, (await Store.CommitAsync(staged, Cancel)).Version);
        Assert.Equal(new VectorSpace("n", 3), await Store.GetVectorSpaceAsync(Tenant, Collection, Cancel));
        Assert.Single(await Store.SearchAsync(Query(SearchMode.Vector, "a") with { Vector = new float[] { 1, 1, 0 } }, Cancel));
    }

    [Fact]
    public async Task A_tenant_never_sees_what_another_has()
    {
        await Ingest(Draft.Of("d1", "t1", "secreto"));
        await Ingest(Draft.Of("d2", "t2", "propio") with { TenantId = "other" });

        Assert.Null(await Store.GetDocumentAsync("other", Collection, "d1", Cancel));
        Assert.Null(await Store.ReadContentAsync("other", Collection, "d1", Cancel));
        Assert.Null(await Store.ListChunksAsync("other", Collection, "d1", 1, 10, true, Cancel));
        Assert.Empty(await Store.ReadChunkIdsAsync("other", Collection, "d1", Cancel));
        Assert.Equal("d2", Assert.Single((await Store.ListDocumentsAsync("other", Collection, 1, 10, Cancel)).Documents).DocumentId);
        foreach (var mode in Enum.GetValues<SearchMode>())
        {
            var hits = await Store.SearchAsync(Query(mode, "secreto propio") with { TenantId = "other", TopK = 100 }, Cancel);
            Assert.Equal("d2", Assert.Single(hits).Document.DocumentId);
            Assert.Empty(await Store.SearchAsync(Query(mode, "secreto") with { TenantId = "nobody" }, Cancel));
            Assert.Empty(await Store.SearchAsync(Query(mode, "secreto") with { CollectionId = "else" }, Cancel));
        }
        Assert.Null(await Store.DeleteDocumentAsync("other", Collection, "d1", Cancel));
        Assert.NotNull(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Null(await Store.GetVectorSpaceAsync("nobody", Collection, Cancel));
    }

    [Fact]
    public async Task Tenants_may_use_the_same_names_and_task_ids()
    {
        var mine = await Store.StageAsync(Draft.Of("d1", "t1", "mío"), Cancel);
        var theirs = await Store.StageAsync(Draft.Of("d1", "t1", "suyo") with { TenantId = "other" }, Cancel);
        await SaveAll(mine);
        await SaveAll(theirs);
        Assert.Equal(CommitKind.Committed, (await Store.CommitAsync(mine, Cancel)).Kind);
        Assert.Equal(CommitKind.Committed, (await Store.CommitAsync(theirs, Cancel)).Kind);

        Assert.Equal("mío", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Equal("suyo", await Store.ReadContentAsync("other", Collection, "d1", Cancel));
        await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel);
        Assert.Equal("suyo", await Store.ReadContentAsync("other", Collection, "d1", Cancel));
    }

    [Fact]
    public async Task A_large_version_is_stored_whole_and_swept_whole()
    {
        string[] texts = [.. Enumerable.Range(0, 1001).Select(i => $"Cláusula {i} del contrato número {i * 7}.")];
        await Ingest(Draft.Of("d1", "t1", texts));
        Assert.Equal(1001, (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 5000, false, Cancel))!.Chunks.Count);

        var staged = await Store.StageAsync(Draft.Of("d1", "t2", [.. texts[..500], "Nueva.", .. texts[501..]]), Cancel);
        Assert.Equal(1000, staged.VectorCount);
        await SaveAll(staged);
        Assert.Equal(new CommitResult(CommitKind.Committed, 2, 1000, 1, 1, Vectors.Dimension), await Store.CommitAsync(staged, Cancel));
        await Store.SweepAsync(Cancel);
        await Store.SweepAsync(Cancel);

        var chunks = (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 5000, vectors: true, Cancel))!.Chunks;
        Assert.Equal(1001, chunks.Count);
        Assert.All(chunks, chunk => Assert.Equal(Vectors.Of(chunk.Text), chunk.Vector));
        Assert.Equal("Nueva.", Assert.Single(await Search(SearchMode.Text, "nueva")).Chunk.Text);
        Assert.Equal(new DeleteReceipt(2, 2002, 2002, 0), await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task Many_documents_at_once_are_all_stored()
    {
        var drafts = Enumerable.Range(0, 60).Select(i => Draft.Of($"d{i:d2}", $"t{i:d2}", $"alpha{i} común", $"beta{i} común"));
        await Task.WhenAll(drafts.Select(Ingest));

        Assert.Equal(60, (await Store.ListDocumentsAsync(Tenant, Collection, 1, 100, Cancel)).Documents.Count);
        Assert.Equal(120, (await Store.SearchAsync(Query(SearchMode.Text, "comun") with { TopK = 500 }, Cancel)).Count);
        for (var i = 0; i < 60; i++)
            Assert.Equal($"d{i:d2}", Assert.Single(await Search(SearchMode.Text, $"alpha{i}")).Document.DocumentId);
    }

    [Fact]
    public async Task A_reader_beside_a_writer_sees_one_version_or_the_other()
    {
        await Ingest(Draft.Of("d1", "t000", "uno v0", "dos v0"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var writing = Task.Run(async () =>
        {
            for (var i = 1; i <= 40; i++) await Ingest(Draft.Of("d1", $"t{i:d3}", $"uno v{i}", $"dos v{i}"));
            await stop.CancelAsync();
        }, Cancel);

        while (!stop.IsCancellationRequested)
        {
            foreach (var mode in Enum.GetValues<SearchMode>())
            {
                var hits = await Store.SearchAsync(Query(mode, "uno dos"), Cancel);
                Assert.Equal(2, hits.Count);
                Assert.Single(hits.Select(hit => hit.Document.Version).Distinct());
                Assert.All(hits, hit => Assert.EndsWith($"v{hit.Document.Version - 1}", hit.Chunk.Text, StringComparison.Ordinal));
            }
        }
        await writing;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task After_any_steps_the_store_has_what_a_dictionary_would_have(int seed)
    {
        var random = new Random(seed);
        string[] tenants = ["acme", "other"], collections = ["contracts", "letters"], documents = ["a", "b", "c", "d"];
        var expected = new Dictionary<(string Tenant, string Collection, string Document), string[]>();
        for (var step = 0; step < 120; step++)
        {
            var (tenant, collection) = (tenants[random.Next(2)], collections[random.Next(2)]);
            var document = documents[random.Next(documents.Length)];
            string[] texts = [.. Enumerable.Range(0, random.Next(6)).Select(_ => $"w{random.Next(9)} w{random.Next(9)} w{random.Next(9)}")];
            var draft = Draft.Of(document, $"t{step:d4}", texts) with { TenantId = tenant, CollectionId = collection };
            switch (random.Next(10))
            {
                case < 6:
                    await Ingest(draft);
                    expected[(tenant, collection, document)] = texts;
                    break;
                case 6:
                    await Store.StageAsync(draft, Cancel);
                    break;
                case 7:
                    await Store.SweepAsync(Cancel);
                    break;
                case 8:
                    var receipt = await Store.DeleteDocumentAsync(tenant, collection, document, Cancel);
                    Assert.Equal(0, receipt?.Remaining ?? 0);
                    Assert.True(receipt is not null || !expected.ContainsKey((tenant, collection, document)));
                    expected.Remove((tenant, collection, document));
                    break;
                default:
                    await Store.DiscardAsync(tenant, $"t{random.Next(step + 1):d4}", Cancel);
                    break;
            }
            await CheckAsync(tenant, collection);
        }
        foreach (var tenant in tenants)
        {
            foreach (var collection in collections) await CheckAsync(tenant, collection);
        }

        async Task CheckAsync(string tenant, string collection)
        {
            var own = expected.Where(pair => pair.Key.Tenant == tenant && pair.Key.Collection == collection)
                .ToDictionary(pair => pair.Key.Document, pair => pair.Value);
            var listed = await Store.ListDocumentsAsync(tenant, collection, 1, 100, Cancel);
            Assert.Equal(own.Keys.Order(StringComparer.Ordinal), listed.Documents.Select(document => document.DocumentId));
            var word = $"w{random.Next(9)}";
            foreach (var mode in (SearchMode[])[SearchMode.Text, SearchMode.Vector])
            {
                var hits = await Store.SearchAsync(
                    Query(mode, word) with { TenantId = tenant, CollectionId = collection, TopK = 1000, Threshold = 1e-6 }, Cancel);
                var holding = own.SelectMany(pair => pair.Value.Select((text, index) => (pair.Key, index, text)))
                    .Where(chunk => mode == SearchMode.Text
                        ? chunk.text.Contains(word, StringComparison.Ordinal)
                        : TensorPrimitives.Dot(Vectors.Of(word), Vectors.Of(chunk.text)) > 1e-5);
                Assert.Equal(
                    holding.Order(),
                    hits.Where(hit => mode == SearchMode.Text || hit.Score > 1e-5)
                        .Select(hit => (hit.Document.DocumentId, hit.Chunk.Index, hit.Chunk.Text)).Order());
            }
        }
    }

    protected async Task SaveAll(StagedVersion staged)
    {
        var pending = await Store.ReadPendingAsync(staged, -1, int.MaxValue, Cancel);
        await Store.SaveVectorsAsync(staged, [.. pending.Select(chunk => new ChunkVector(chunk.Index, Vectors.Of(chunk.Text)))], Cancel);
    }

    protected virtual async Task<CommitResult> Ingest(NewVersion version)
    {
        var staged = await Store.StageAsync(version, Cancel);
        await SaveAll(staged);
        var result = await Store.CommitAsync(staged, Cancel);
        Assert.Equal(CommitKind.Committed, result.Kind);
        return result;
    }

    protected static SearchQuery Query(SearchMode mode, string text) => new()
    {
        TenantId = Tenant,
        CollectionId = Collection,
        Mode = mode,
        Text = text,
        Vector = Vectors.Of(text),
    };

    protected Task<IReadOnlyList<SearchHit>> Search(SearchMode mode, string text) => Store.SearchAsync(Query(mode, text), Cancel);
}
