using System.Collections.Concurrent;
using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>Documents, chunks, words and vectors in the SQLite file.</summary>
public sealed class SqliteStore : IChunkStore
{
    private const int VectorsPerWrite = 200;
    private const int SmallChunks = 64;
    private const int SmallContent = 256 * 1024;
    private const int CollectionsKnown = 10_000;
    private static readonly TimeSpan StagedForgottenAfter = TimeSpan.FromDays(30);

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly VersionHistory _history;
    private readonly SqliteSearch _search;

    /// <summary>Ids of collections; a collection keeps its id for good.</summary>
    private readonly ConcurrentDictionary<(string Tenant, string Name), long> _collections = new();

    /// <param name="vectorMemory">Bytes that vectors of the collections searched last may take. Others are read from the file.</param>
    /// <param name="keepVersions">Earlier versions of a document that are kept.</param>
    public SqliteStore(SqliteDatabase database, TimeProvider time, long vectorMemory = 512L << 20, int keepVersions = 1)
    {
        database.Migrate("store", SqliteStoreSchema.Steps);
        _database = database;
        _time = time;
        _history = new VersionHistory(database, keepVersions);
        _search = new SqliteSearch(database, new CollectionCache(vectorMemory));
    }

    public Task<string> ReadIdentityAsync(CancellationToken cancel) =>
        ReadAsync(session => session.Scalar<string>("SELECT id FROM store_identity")!, cancel);

    public Task<StagedVersion> StageAsync(NewVersion version, CancellationToken cancel) =>
        Task.Run(() => new VersionStaging(_database, _time, version).RunAsync(cancel), cancel);

    /// <summary>Whether <see cref="PrepareFirstAsync"/> may take it: one write must not keep the others waiting long.</summary>
    internal static bool IsSmall(NewVersion version) =>
        version.Chunks.Count is > 0 and <= SmallChunks && version.Parents.Count <= SmallChunks && version.Content.Length <= SmallContent;

    internal async Task<FirstVersion> PrepareFirstAsync(NewVersion version, IReadOnlyList<ReadOnlyMemory<float>> vectors)
    {
        var key = (version.TenantId, version.CollectionId);
        if (!_collections.TryGetValue(key, out var collection))
        {
            collection = await _database.StepAsync(session => CollectionRow.Add(session, version.TenantId, version.CollectionId));
            if (_collections.Count >= CollectionsKnown) _collections.Clear();
            _collections[key] = collection;
        }
        return new FirstVersion(collection, version, vectors, Now());
    }

    public Task<StagedVersion?> FindStagedAsync(string tenant, string taskId, CancellationToken cancel) =>
        ReadAsync(session =>
        {
            var version = VersionRow.OfTask(session, tenant, taskId).Find(version => version.State == "staged");
            if (version is null) return null;
            var name = session.Scalar<string>("SELECT name FROM collection WHERE id=$id", ("$id", version.Collection))!;
            return Staged(version, tenant, name, CollectionRow.Find(session, tenant, name)?.Space);
        }, cancel);

    public Task<IReadOnlyList<PendingChunk>> ReadPendingAsync(StagedVersion staged, int after, int max, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<PendingChunk>>(session =>
        {
            if (VersionRow.Get(session, staged.Id) is not { State: "staged" } version) return [];
            return session.List(
                """
                SELECT chunk.id, chunk.chunk_id, chunk_text.text, chunk_context.header
                FROM chunk JOIN chunk_text USING(id) LEFT JOIN chunk_context USING(id)
                WHERE chunk.id>$after AND chunk.id<$end AND NOT EXISTS (SELECT 1 FROM chunk_vector WHERE chunk_vector.id=chunk.id)
                ORDER BY chunk.id LIMIT $max
                """,
                row => new PendingChunk(
                    (int)(row.GetInt64(0) - version.FirstChunk), row.GetString(1),
                    EmbeddedText.Of(version.Preface, row.IsDBNull(3) ? null : row.GetString(3), row.GetString(2))),
                ("$after", version.FirstChunk + after), ("$end", version.EndChunk), ("$max", max));
        }, cancel);

    public async Task SaveVectorsAsync(StagedVersion staged, IReadOnlyList<ChunkVector> vectors, CancellationToken cancel)
    {
        VectorChecks.Check(staged, vectors);
        foreach (var step in vectors.Select(vector => (vector.Index, Numbers: VectorBlob.Write(vector.Vector.Span))).Chunk(VectorsPerWrite))
        {
            cancel.ThrowIfCancellationRequested();
            await _database.StepAsync(session =>
            {
                if (VersionRow.Get(session, staged.Id) is not { State: "staged" } version) return false;
                var dimension = step[0].Numbers.Length / sizeof(float);
                if (version.VectorCount > 0) VectorChecks.CheckDimension(step[0].Index, dimension, version.Dimension);
                var added = 0;
                foreach (var (index, numbers) in step)
                {
                    ReadOnlySpan<(string, object?)> row = [("$id", version.FirstChunk + index), ("$numbers", numbers)];
                    if (session.Execute("INSERT OR IGNORE INTO chunk_vector(id, numbers) VALUES($id, $numbers)", row) == 1) added++;
                    else session.Execute("UPDATE chunk_vector SET numbers=$numbers WHERE id=$id", [row[1], row[0]]);
                }
                session.Execute(
                    "UPDATE version SET vector_count=vector_count+$added, dimension=$dimension, updated_at=$now WHERE id=$id",
                    ("$added", added), ("$dimension", dimension), ("$now", Now()), ("$id", version.Id));
                return true;
            });
        }
    }

    public async Task<CommitResult> CommitAsync(StagedVersion staged, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            // What the switch changes is counted before it, so that the switch itself is short; if another commit came between, again.
            var difference = await ReadAsync(session => VersionDifference.Read(session, staged.Id), cancel);
            var result = await _database.StepAsync(session => VersionCommit.Run(session, staged.Id, difference, _history, Now()));
            if (result is not null) return result;
        }
    }

    public Task DiscardAsync(string tenant, string taskId, CancellationToken cancel) =>
        _database.StepAsync(session =>
        {
            foreach (var version in VersionRow.OfTask(session, tenant, taskId)) VersionRemoval.Drop(session, version);
            return true;
        });

    public Task<DocumentPage> ListDocumentsAsync(string tenant, string collection, int page, int pageSize, CancellationToken cancel) =>
        ReadAsync(session =>
        {
            if (CollectionRow.Find(session, tenant, collection) is not { } row) return new DocumentPage([], 0);
            var total = session.Scalar<long>(
                "SELECT count(*) FROM version WHERE collection=$collection AND state='visible'", ("$collection", row.Id));
            var documents = session.List(
                $"""
                SELECT {StoredRows.DocumentColumns} FROM version WHERE collection=$collection AND state='visible'
                ORDER BY document LIMIT $size OFFSET $skip
                """,
                document => StoredRows.Document(document, collection),
                ("$collection", row.Id), ("$size", pageSize), ("$skip", (page - 1L) * pageSize));
            return new DocumentPage(documents, total);
        }, cancel);

    public Task<StoredDocument?> GetDocumentAsync(string tenant, string collection, string document, CancellationToken cancel) =>
        ReadVisibleAsync(tenant, collection, document, (session, version) =>
            StoredRows.ReadVersion(session, collection, version.Id), cancel);

    public Task<string?> ReadContentAsync(string tenant, string collection, string document, CancellationToken cancel) =>
        ReadVisibleAsync(tenant, collection, document, (session, version) =>
            session.Scalar<string>("SELECT text FROM content WHERE version=$version", ("$version", version.Id)), cancel);

    public Task<ChunkPage?> ListChunksAsync(
        string tenant, string collection, string document, int page, int pageSize, bool vectors, CancellationToken cancel) =>
        ReadVisibleAsync(tenant, collection, document, (session, version) =>
        {
            var skip = (int)Math.Min((page - 1L) * pageSize, version.ChunkCount);
            var chunks = StoredRows.ReadChunks(session, version.FirstChunk, version.ChunkCount, skip, pageSize, vectors);
            var parents = StoredRows.ReadParents(session, version, version.FirstChunk + skip, version.FirstChunk + skip + chunks.Count);
            return new ChunkPage(chunks, parents, version.ChunkCount);
        }, cancel);

    public Task<CurrentVersion?> FindCurrentAsync(string tenant, string collection, string document, CancellationToken cancel) =>
        ReadVisibleAsync(tenant, collection, document, (session, version) =>
            new CurrentVersion(
                StoredRows.ReadVersion(session, collection, version.Id), version.Fingerprint, version.Chunking, version.Preface,
                VersionCommit.Committed(version))
            { Id = version.Id },
            cancel);

    public Task<StoredSplit?> ReadSplitAsync(CurrentVersion current, CancellationToken cancel) =>
        ReadAsync(session => VersionRow.Get(session, current.Id) is { State: "visible" } version ? StoredRows.ReadSplit(session, version) : null, cancel);

    public Task<bool> ConfirmAsync(CurrentVersion current, string taskId, CancellationToken cancel) =>
        _database.StepAsync(session =>
            session.Execute("UPDATE version SET task=$task WHERE id=$id AND state='visible' AND task<$task", ("$task", taskId), ("$id", current.Id)) == 1
            || VersionRow.Get(session, current.Id) is { State: "visible" });

    public Task<RollbackResult> RollBackAsync(string tenant, string collection, string document, int? version, CancellationToken cancel) =>
        _database.WriteAsync(session => VersionHistory.RollBack(session, tenant, collection, document, version, Now()));

    public async Task<IReadOnlySet<string>> ReadChunkIdsAsync(
        string tenant, string collection, string document, CancellationToken cancel) =>
        await ReadVisibleAsync(tenant, collection, document, (session, version) =>
            VersionRow.ChunkIds(session, version).Keys.ToHashSet(), cancel) ?? [];

    public async Task<DeleteReceipt?> DeleteDocumentAsync(string tenant, string collection, string document, CancellationToken cancel)
    {
        // First nobody sees it any more, in one step; then it goes piece by piece, here or in a sweep: so it is counted before.
        var (versions, chunks, vectors) = await _database.WriteAsync(session =>
        {
            if (CollectionRow.Find(session, tenant, collection) is not { } row) return ([], 0, 0);
            var found = VersionRow.OfDocument(session, row.Id, document).FindAll(version => version.State != "dropped");
            (long Chunks, long Vectors) counts = default;
            foreach (var version in found)
            {
                session.Execute("UPDATE version SET state='dropped' WHERE id=$id", ("$id", version.Id));
                var (some, others) = VersionRemoval.Count(session, version);
                counts = (counts.Chunks + some, counts.Vectors + others);
            }
            if (found.Exists(version => version.State == "visible"))
                session.Execute(
                    """
                    UPDATE collection SET changes=changes+1, removals=changes+1,
                      model=CASE WHEN $left THEN model END, dimension=CASE WHEN $left THEN dimension ELSE 0 END
                    WHERE id=$id
                    """,
                    ("$left", session.Scalar<long>(
                        "SELECT EXISTS(SELECT 1 FROM version WHERE collection=$id AND state='visible' AND dimension>0)", ("$id", row.Id))),
                    ("$id", row.Id));
            return (found, counts.Chunks, counts.Vectors);
        });
        if (versions.Count == 0) return null;
        foreach (var version in versions)
        {
            while (!await _database.StepAsync(session => VersionRemoval.Step(session, version))) { }
        }
        var remaining = _database.Read(session => versions.Sum(version => VersionRemoval.CountRows(session, version)));
        return new DeleteReceipt(versions.Count, chunks, vectors, remaining);
    }

    public Task<IReadOnlyList<SearchHit>> SearchAsync(SearchQuery query, CancellationToken cancel) =>
        Task.Run(() => _search.Search(query, cancel), cancel);

    public Task<VectorSpace?> GetVectorSpaceAsync(string tenant, string collection, CancellationToken cancel) =>
        ReadAsync(session => CollectionRow.Find(session, tenant, collection)?.Space, cancel);

    public Task<StoredUsage> GetUsageAsync(string tenant, CancellationToken cancel) =>
        ReadAsync(session => session.First(
            "SELECT coalesce(sum(chunks), 0), coalesce(sum(bytes), 0) FROM collection WHERE tenant=$tenant",
            row => new StoredUsage(row.GetInt64(0), row.GetInt64(1)), ("$tenant", tenant)), cancel);

    public async Task SweepAsync(CancellationToken cancel)
    {
        await _database.StepAsync(session => session.Execute(
            "UPDATE version SET state='dropped' WHERE state IN ('staging', 'staged') AND updated_at<$before",
            ("$before", Now() - (long)StagedForgottenAfter.TotalMilliseconds)));
        await _history.TrimAsync(cancel);
        while (_database.Read(NextUnseen) is { } version)
        {
            while (!await _database.StepAsync(session => VersionRemoval.Step(session, version))) cancel.ThrowIfCancellationRequested();
        }

        static VersionRow? NextUnseen(SqliteSession session) =>
            session.Scalar<long?>("SELECT id FROM version WHERE state='dropped' LIMIT 1") is { } id
                ? VersionRow.Get(session, id)
                : null;
    }

    internal static StagedVersion Staged(VersionRow version, string tenant, string collection, VectorSpace? space) =>
        new(tenant, collection, version.Document, version.Task, version.Model, version.ChunkCount, version.TokenCount, version.VectorCount)
        {
            Id = version.Id,
            Space = space,
            Dimension = version.VectorCount > 0 ? version.Dimension : null,
        };

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancel) => Task.Run(() => _database.Read(read), cancel);

    private Task<T?> ReadVisibleAsync<T>(
        string tenant, string collection, string document, Func<SqliteSession, VersionRow, T> read, CancellationToken cancel)
        where T : class? =>
        ReadAsync(session =>
            CollectionRow.Find(session, tenant, collection) is { } row && VersionRow.Visible(session, row.Id, document) is { } version
                ? read(session, version)
                : null, cancel);
}
