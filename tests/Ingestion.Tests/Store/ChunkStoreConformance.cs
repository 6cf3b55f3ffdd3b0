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
