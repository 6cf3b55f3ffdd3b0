using Ingestion.Store;

namespace Ingestion.Tests.Store;

/// <summary>Tenants and collections beside each other, and what a delete takes away.</summary>
public abstract partial class ChunkStoreConformance
{
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
}
