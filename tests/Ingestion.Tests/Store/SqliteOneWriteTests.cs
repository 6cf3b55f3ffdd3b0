using Ingestion.Engines;
using Ingestion.Sources;
using Ingestion.Sqlite;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Tests.Store;

/// <summary>The store's whole suite again, with every small first version stored in the one write that ends its task.</summary>
public sealed class SqliteOneWriteTests : ChunkStoreConformance, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("one-write-").FullName;
    private readonly SqliteDatabase _database;
    private readonly SqliteStore _store;
    private readonly SqliteEngine _engine;
    private readonly SqliteOneWrite _oneWrite;

    public SqliteOneWriteTests()
    {
        _database = new SqliteDatabase(Path.Combine(_folder, "ingestion.db"));
        _store = new SqliteStore(_database, TimeProvider.System);
        _engine = new SqliteEngine(_database, new EngineOptions(), TimeProvider.System);
        _oneWrite = new SqliteOneWrite(_engine, _store);
    }

    protected override IChunkStore Store => _store;

    protected override async Task<CommitResult> Ingest(NewVersion version)
    {
        if (!_oneWrite.CanTake(version)) return await base.Ingest(version);
        var lease = await LeaseAsync(version);
        // Another test thread may have been faster with the same document.
        if (!await WriteAsync(lease, version)) return await base.Ingest(version);
        Assert.Equal(TaskState.Completed, (await _engine.GetAsync(version.TenantId, lease.TaskId, Cancel))!.State);
        return new CommitResult(CommitKind.Committed, 1, Kept: 0, Added: version.Chunks.Count, Removed: 0, Vectors.Dimension);
    }

    [Fact]
    public async Task A_cancelled_task_stores_nothing_and_can_be_handed_back()
    {
        var draft = Draft.Of("d1", "t1", "factura");
        var lease = await LeaseAsync(draft);
        Assert.Equal(CancelKind.Requested, (await _engine.CancelAsync(Tenant, lease.TaskId, Cancel)).Kind);

        Assert.False(await WriteAsync(lease, draft));
        Assert.True(await _engine.FinishAsync(lease, TaskRules.Released(TaskState.Storing, DateTimeOffset.UtcNow), Cancel));

        Assert.Equal(TaskState.Cancelled, (await _engine.GetAsync(Tenant, lease.TaskId, Cancel))!.State);
        Assert.Null(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task A_lease_that_ended_stores_nothing()
    {
        var draft = Draft.Of("d1", "t1", "factura");
        var lease = await LeaseAsync(draft);
        await _engine.FinishAsync(lease, TaskRules.Released(TaskState.Processing, DateTimeOffset.UtcNow), Cancel);

        Assert.False(await WriteAsync(lease, draft));
        Assert.Null(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task A_document_that_came_to_be_meanwhile_stays_as_it_is()
    {
        var draft = Draft.Of("d1", "t2", "factura nueva");
        var lease = await LeaseAsync(draft);
        await Ingest(Draft.Of("d1", "t1", "factura"));

        Assert.False(await WriteAsync(lease, draft));
        Assert.Equal("factura", await Store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
        Assert.NotEqual(TaskState.Completed, (await _engine.GetAsync(Tenant, lease.TaskId, Cancel))!.State);
    }

    [Fact]
    public async Task Vectors_of_another_model_are_not_mixed_in()
    {
        await Ingest(Draft.Of("d1", "t1", "factura"));
        var draft = Draft.Of("d2", "t2", "recibo") with { Model = "other" };

        Assert.False(await WriteAsync(await LeaseAsync(draft), draft));
        Assert.Null(await Store.GetDocumentAsync(Tenant, Collection, "d2", Cancel));
    }

    [Fact]
    public void A_large_version_takes_the_long_way() =>
        Assert.False(_oneWrite.CanTake(Draft.Of("d1", "t1", [.. Enumerable.Range(0, 65).Select(i => $"factura {i}")])));

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Task<bool> WriteAsync(Lease lease, NewVersion draft) => _oneWrite.StoreAndFinishAsync(
        lease, draft, [.. draft.Chunks.Select(chunk => (ReadOnlyMemory<float>)Vectors.Of(draft.Content[chunk.Start..chunk.End]))],
        new TaskOutcome
        {
            Kind = OutcomeKind.Completed,
            Change = new() { Events = [new StatusEvent(DateTimeOffset.UtcNow, TaskState.Storing, TaskState.Completed, "Stored.")] },
        });

    private async Task<Lease> LeaseAsync(NewVersion draft)
    {
        await _engine.EnqueueAsync(
            new TaskSpec
            {
                TaskId = Guid.CreateVersion7().ToString(),
                TenantId = draft.TenantId,
                CollectionId = draft.CollectionId,
                DocumentId = draft.DocumentId,
                Source = SourceKind.Text,
                Content = new DocumentSource { Inline = "x"u8.ToArray(), Size = 1 },
                Chunker = "sentence",
                ChunkSize = 512,
                ChunkOverlap = 64,
                CreatedAt = DateTimeOffset.UtcNow,
            }, Cancel);
        return Assert.Single(await _engine.LeaseAsync("w", 1, TimeSpan.Zero, Cancel));
    }
}
