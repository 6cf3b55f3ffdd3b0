using Ingestion.Store;

namespace Ingestion.Tests.Store;

/// <summary>Documents that come again, and earlier versions that come back.</summary>
public abstract partial class ChunkStoreConformance
{
    [Fact]
    public async Task The_current_version_says_how_it_was_made()
    {
        var header = new TableHeaderRows(0, "uno 😀");
        var draft = Draft.Of("d1", "t1", "uno 😀", "dos", "tres") with { Fingerprint = "f1", Chunking = "sentence 5/0", Preface = "title: Uno" };
        draft = draft with { Chunks = [.. draft.Chunks.SkipLast(1), draft.Chunks[^1] with { Context = new ChunkContext(0, null, header) }] };
        Assert.Null(await Store.FindCurrentAsync(Tenant, Collection, "d1", Cancel));
        await Ingest(draft);

        var current = await Store.FindCurrentAsync(Tenant, Collection, "d1", Cancel);
        var split = await Store.ReadSplitAsync(current!, Cancel);

        Assert.Equal(("f1", "sentence 5/0", "title: Uno"), (current!.Fingerprint, current.Chunking, current.Preface));
        Assert.Equal(("t1", 1), (current.Document.TaskId, current.Document.Version));
        Assert.Equal(new CommitResult(CommitKind.Committed, 1, Kept: 0, Added: 3, Removed: 0, Vectors.Dimension), current.Commit);
        Assert.Equal(draft.Content, split!.Content);
        Assert.Equal(
            draft.Chunks.Select(chunk => new StoredSlice(chunk.StartCodePoint, chunk.EndCodePoint, chunk.TokenCount, chunk.Context?.Header)), split.Chunks);
        Assert.Null(await Store.FindCurrentAsync("other", Collection, "d1", Cancel));

        await Ingest(Draft.Of("d1", "t2", "otro"));
        Assert.Null(await Store.ReadSplitAsync(current, Cancel));
    }

    [Fact]
    public async Task A_confirmed_version_is_the_later_tasks_and_is_not_replaced_by_one_before_it()
    {
        await Ingest(Draft.Of("d1", "t1", "uno"));
        var current = await Store.FindCurrentAsync(Tenant, Collection, "d1", Cancel);
        var between = await Store.StageAsync(Draft.Of("d1", "t2", "dos"), Cancel);
        await SaveAll(between);

        Assert.True(await Store.ConfirmAsync(current!, "t3", Cancel));

        Assert.Equal(CommitKind.Superseded, (await Store.CommitAsync(between, Cancel)).Kind);
        var document = await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel);
        Assert.Equal(("t3", 1), (document!.TaskId, document.Version));
        Assert.True(await Store.ConfirmAsync(current!, "t1", Cancel));
        Assert.Equal("t3", (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!.TaskId);

        await Ingest(Draft.Of("d1", "t4", "cuatro"));
        Assert.False(await Store.ConfirmAsync(current!, "t5", Cancel));
    }

    [Fact]
    public async Task An_earlier_version_comes_back_whole_and_is_found()
    {
        await Ingest(Draft.Of("d1", "t1", "la factura vence", "igual") with { Title = "Uno" });
        await Ingest(Draft.Of("d1", "t2", "el contrato vence", "igual") with { Title = "Dos" });
        Assert.Empty(await Search(SearchMode.Text, "factura"));

        var back = await Store.RollBackAsync(Tenant, Collection, "d1", null, Cancel);

        Assert.Equal((RollbackKind.Done, 3, "Uno"), (back.Kind, back.Document!.Version, back.Document.Title));
        Assert.Equal("la factura vence\n\nigual", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Equal("la factura vence", Assert.Single(await Search(SearchMode.Text, "factura")).Chunk.Text);
        Assert.Empty(await Search(SearchMode.Text, "contrato"));
        Assert.Equal(["igual", "la factura vence"], (await Search(SearchMode.Hybrid, "factura vence igual")).Select(hit => hit.Chunk.Text).Order());
        var chunks = (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 10, vectors: true, Cancel))!.Chunks;
        Assert.All(chunks, chunk => Assert.Equal(Vectors.Of(chunk.Text), chunk.Vector));

        // And again: it goes to and fro.
        var forth = await Store.RollBackAsync(Tenant, Collection, "d1", null, Cancel);
        Assert.Equal((4, "Dos"), (forth.Document!.Version, forth.Document.Title));
        Assert.Single(await Search(SearchMode.Text, "contrato"));
        Assert.Empty(await Search(SearchMode.Text, "factura"));
    }

    [Fact]
    public async Task A_version_is_brought_back_only_where_it_is_kept()
    {
        await Ingest(Draft.Of("d1", "t1", "uno"));

        Assert.Equal(RollbackKind.DocumentNotFound, (await Store.RollBackAsync("other", Collection, "d1", null, Cancel)).Kind);
        Assert.Equal(RollbackKind.DocumentNotFound, (await Store.RollBackAsync(Tenant, Collection, "d2", null, Cancel)).Kind);
        Assert.Equal(RollbackKind.VersionNotFound, (await Store.RollBackAsync(Tenant, Collection, "d1", null, Cancel)).Kind);
        await Ingest(Draft.Of("d1", "t2", "dos"));
        await Ingest(Draft.Of("d1", "t3", "tres"));
        await Store.SweepAsync(Cancel);
        var gone = await Store.RollBackAsync(Tenant, Collection, "d1", 1, Cancel);
        Assert.Equal(RollbackKind.VersionNotFound, gone.Kind);
        Assert.Equal([2], gone.Kept);
        Assert.Equal("tres", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        Assert.Equal(RollbackKind.Done, (await Store.RollBackAsync(Tenant, Collection, "d1", 2, Cancel)).Kind);
    }

    [Fact]
    public async Task A_task_from_before_a_rollback_does_not_undo_it()
    {
        await Ingest(Draft.Of("d1", "t1", "uno"));
        var between = await Store.StageAsync(Draft.Of("d1", "t2", "dos"), Cancel);
        await SaveAll(between);
        await Ingest(Draft.Of("d1", "t3", "tres"));
        await Store.RollBackAsync(Tenant, Collection, "d1", null, Cancel);

        Assert.Equal(CommitKind.Superseded, (await Store.CommitAsync(between, Cancel)).Kind);

        Assert.Equal("uno", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        var next = await Ingest(Draft.Of("d1", "t4", "cuatro"));
        Assert.Equal(4, next.Version);
    }

    [Fact]
    public async Task A_deleted_document_takes_its_earlier_versions_along()
    {
        await Ingest(Draft.Of("d1", "t1", "uno", "dos"));
        await Ingest(Draft.Of("d1", "t2", "tres"));

        var receipt = await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel);

        Assert.Equal(new DeleteReceipt(2, 3, 3, 0), receipt);
        Assert.Equal(RollbackKind.DocumentNotFound, (await Store.RollBackAsync(Tenant, Collection, "d1", null, Cancel)).Kind);
    }
}
