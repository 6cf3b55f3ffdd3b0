using Ingestion.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ingestion.Store.Postgres;

/// <summary>Documents, chunks, words and vectors in PostgreSQL with pgvector.</summary>
public sealed class PostgresStore : IChunkStore
{
    private const int NumbersPerWrite = 200 * 1024;
    private const int MaxDimension = 16_000;
    private static readonly TimeSpan StagedForgottenAfter = TimeSpan.FromDays(30);

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private readonly PostgresVersions _versions;
    private readonly PostgresWords _words = new();
    private readonly PostgresVectorIndexes _indexes;
    private readonly PostgresSearch _search;
    private bool _trimmed;

    /// <param name="database">Made with <see cref="Schema"/>.</param>
    /// <param name="keepVersions">Earlier versions of a document that are kept.</param>
    /// <param name="exactUpTo">Chunks of a collection up to which every vector is compared; larger ones get an index.</param>
    public PostgresStore(PostgresDatabase database, TimeProvider time, int keepVersions = 1, int exactUpTo = 10_000, ILogger<PostgresStore>? log = null)
    {
        _database = database;
        _time = time;
        _versions = new PostgresVersions(keepVersions);
        _indexes = new PostgresVectorIndexes(database, exactUpTo, log ?? NullLogger<PostgresStore>.Instance);
        _search = new PostgresSearch(database, _words, _indexes);
    }

    /// <summary>The steps that make its tables.</summary>
    public static IReadOnlyList<string> Schema => PostgresStoreSchema.Steps;

    public async Task<string> ReadIdentityAsync(CancellationToken cancel) =>
        (await _database.ReadOneAsync(session => session.ScalarAsync<string>("SELECT id FROM ingestion.store_identity"), cancel))!;

    public async Task<StagedVersion> StageAsync(NewVersion version, CancellationToken cancel)
    {
        // On its own: others who begin the same collection need not wait until this version is written.
        var collection = await _database.ReadOneAsync(session => PostgresCollection.FindAsync(session, version.TenantId, version.CollectionId), cancel)
            ?? await _database.WriteAsync(session => PostgresCollection.AddAsync(session, version.TenantId, version.CollectionId), cancel);
        return await _database.StepAsync(session => new PostgresStaging(collection, version, _words, _time.GetUtcNow()).RunAsync(session), cancel);
    }

    public Task<StagedVersion?> FindStagedAsync(string tenant, string taskId, CancellationToken cancel) =>
        _database.ReadAsync(async session =>
        {
            if (await StoredVersion.OfTaskAsync(session, tenant, taskId) is not [.., var version]) return null;
            var name = await session.ScalarAsync<string>("SELECT name FROM ingestion.collection WHERE id=$1", version.Collection);
            return Staged(version, tenant, (await PostgresCollection.FindAsync(session, tenant, name!))!);
        }, cancel);

    public async Task<IReadOnlyList<PendingChunk>> ReadPendingAsync(StagedVersion staged, int after, int max, CancellationToken cancel) =>
        await _database.ReadOneAsync(session => session.ListAsync(
            """
            SELECT place, chunk_id, text, header, preface
            FROM ingestion.version JOIN ingestion.collection ON collection.id=version.collection JOIN ingestion.chunk ON chunk.version=version.id
            WHERE version.id=$1 AND tenant=$2 AND state='staged' AND place>$3 AND place<chunk_count
              AND NOT EXISTS(SELECT 1 FROM ingestion.chunk_vector WHERE chunk_vector.version=$1 AND chunk_vector.place=chunk.place)
            ORDER BY place LIMIT $4
            """,
            row => new PendingChunk(
                row.GetInt32(0), row.GetString(1),
                EmbeddedText.Of(row.IsDBNull(4) ? null : row.GetString(4), row.IsDBNull(3) ? null : row.GetString(3), row.GetString(2))),
            staged.Id, staged.TenantId, after, max), cancel);

    public async Task SaveVectorsAsync(StagedVersion staged, IReadOnlyList<ChunkVector> vectors, CancellationToken cancel)
    {
        VectorChecks.Check(staged, vectors);
        if (vectors.Count == 0) return;
        var dimension = vectors[0].Vector.Length;
        if (dimension > MaxDimension) throw new ArgumentException($"The vectors have {dimension} numbers; PostgreSQL keeps at most {MaxDimension}.");
        // Of two for the same chunk the later one counts, as if they had come one after the other.
        var latest = vectors.GroupBy(vector => vector.Index, (_, same) => same.Last());
        foreach (var step in latest.Chunk(Math.Max(1, NumbersPerWrite / dimension)))
        {
            await _database.StepAsync(async session =>
            {
                if (await StoredVersion.GetAsync(session, staged.TenantId, staged.Id, hold: true) is not { State: "staged" } version) return false;
                if (version.VectorCount > 0) VectorChecks.CheckDimension(step[0].Index, dimension, version.Dimension);
                var numbers = new float[step.Length * dimension];
                for (var i = 0; i < step.Length; i++) step[i].Vector.CopyTo(numbers.AsMemory(i * dimension));
                session.Queue(
                    """
                    WITH saved AS (
                      INSERT INTO ingestion.chunk_vector(version, place, collection, embedding)
                      SELECT $1, place, $2, (($4::real[])[(n - 1) * $5 + 1 : n * $5])::vector
                      FROM unnest($3::integer[]) WITH ORDINALITY AS given(place, n)
                      ON CONFLICT (version, place) DO UPDATE SET embedding=excluded.embedding RETURNING (xmax=0) AS added)
                    UPDATE ingestion.version
                    SET vector_count=vector_count+(SELECT count(*) FILTER (WHERE added) FROM saved), dimension=$5, updated_at=$6 WHERE id=$1
                    """,
                    version.Id, version.Collection, step.Select(vector => vector.Index).ToArray(), numbers, dimension, _time.GetUtcNow());
                return true;
            }, cancel);
        }
    }

    public async Task<CommitResult> CommitAsync(StagedVersion staged, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (await _database.WriteAsync(session => _versions.CommitAsync(session, staged, _time.GetUtcNow()), cancel) is { } result) return result;
        }
    }

    public Task DiscardAsync(string tenant, string taskId, CancellationToken cancel) =>
        _database.StepAsync(session =>
        {
            PostgresRemoval.DropStaged(session, tenant, taskId);
            return Task.FromResult(true);
        }, cancel);

    public Task<DocumentPage> ListDocumentsAsync(string tenant, string collection, int page, int pageSize, CancellationToken cancel) =>
        _database.ReadAsync(async session =>
        {
            if (await PostgresCollection.FindAsync(session, tenant, collection) is not { } row) return new DocumentPage([], 0);
            var total = await session.ScalarAsync<long>("SELECT count(*) FROM ingestion.version WHERE collection=$1 AND state='visible'", row.Id);
            var documents = await session.ListAsync(
                $"""
                SELECT {PostgresRows.DocumentColumns} FROM ingestion.version WHERE collection=$1 AND state='visible'
                ORDER BY document LIMIT $2 OFFSET $3
                """,
                document => PostgresRows.Document(document, collection), row.Id, pageSize, (page - 1L) * pageSize);
            return new DocumentPage(documents, total);
        }, cancel);

    public async Task<StoredDocument?> GetDocumentAsync(string tenant, string collection, string document, CancellationToken cancel) =>
        (await FindCurrentAsync(tenant, collection, document, cancel))?.Document;

    public Task<string?> ReadContentAsync(string tenant, string collection, string document, CancellationToken cancel) =>
        ReadVisibleAsync(tenant, collection, document, async (session, version) => (await PostgresRows.ReadContentAsync(session, version.Id))!, cancel);

    public Task<ChunkPage?> ListChunksAsync(
        string tenant, string collection, string document, int page, int pageSize, bool vectors, CancellationToken cancel) =>
        ReadVisibleAsync(tenant, collection, document, async (session, version) =>
        {
            var from = (int)Math.Min((page - 1L) * pageSize, version.ChunkCount);
            var end = (int)Math.Min((long)from + pageSize, version.ChunkCount);
            var chunks = await PostgresRows.ReadChunksAsync(session, version.Id, from, end, vectors);
            return new ChunkPage(chunks, await PostgresRows.ReadParentsAsync(session, version, from, end), version.ChunkCount);
        }, cancel);

    public Task<CurrentVersion?> FindCurrentAsync(string tenant, string collection, string document, CancellationToken cancel) =>
        _database.ReadOneAsync(session => PostgresRows.FindCurrentAsync(session, tenant, collection, document), cancel);

    public Task<StoredSplit?> ReadSplitAsync(CurrentVersion current, CancellationToken cancel) =>
        _database.ReadAsync(async session =>
        {
            var chunkCount = await session.ScalarAsync<int?>("SELECT chunk_count FROM ingestion.version WHERE id=$1 AND state='visible'", current.Id);
            if (chunkCount is null) return null;
            var slices = await session.ListAsync(
                "SELECT start_at, end_at, token_count, header_start, header FROM ingestion.chunk WHERE version=$1 AND place<$2 ORDER BY place",
                row => new StoredSlice(
                    row.GetInt32(0), row.GetInt32(1), row.GetInt32(2), row.IsDBNull(3) ? null : new TableHeaderRows(row.GetInt32(3), row.GetString(4))),
                current.Id, chunkCount);
            return new StoredSplit((await PostgresRows.ReadContentAsync(session, current.Id))!, slices);
        }, cancel);

    public Task<bool> ConfirmAsync(CurrentVersion current, string taskId, CancellationToken cancel) =>
        _database.WriteAsync(async session =>
            await session.ExecuteAsync(
                "UPDATE ingestion.version SET task=greatest(task, $2) WHERE id=$1 AND state='visible'", current.Id, taskId) == 1, cancel);

    public Task<RollbackResult> RollBackAsync(string tenant, string collection, string document, int? version, CancellationToken cancel) =>
        _database.WriteAsync(session => PostgresVersions.RollBackAsync(session, tenant, collection, document, version, _time.GetUtcNow()), cancel);

    public async Task<IReadOnlySet<string>> ReadChunkIdsAsync(string tenant, string collection, string document, CancellationToken cancel) =>
        await ReadVisibleAsync(tenant, collection, document, async (session, version) =>
            (await session.ListAsync(
                "SELECT chunk_id FROM ingestion.chunk WHERE version=$1 AND place<$2", row => row.GetString(0), version.Id, version.ChunkCount)).ToHashSet(),
            cancel) ?? [];

    public async Task<DeleteReceipt?> DeleteDocumentAsync(string tenant, string collection, string document, CancellationToken cancel)
    {
        // First nobody sees it any more, in one step; then it goes, here or in a sweep: so it is counted before.
        var (versions, counts) = await _database.WriteAsync(async session =>
        {
            if (await PostgresCollection.FindAsync(session, tenant, collection) is not { } found) return ([], default);
            // Who is staging it now ends first, and is then among its versions.
            session.Queue("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))", document, found.Id);
            var row = (await PostgresCollection.HoldAsync(session, found.Id))!;
            var all = await StoredVersion.OfDocumentAsync(session, row.Id, document);
            long[] ids = [.. all.Select(version => version.Id)];
            // Who is saving vectors of one ends first too.
            session.Queue("UPDATE ingestion.version SET state='dropped' WHERE id=ANY($1)", ids);
            var counted = await PostgresRemoval.CountAsync(session, ids);
            if (all.Find(version => version.State == "visible") is { } visible)
            {
                row.Count(session, hidden: visible, shown: null);
                row.ForgetSpace(session);
            }
            return (ids, counted);
        }, cancel);
        if (versions.Length == 0) return null;
        await _database.WriteAsync(async session =>
        {
            foreach (var version in versions) await PostgresRemoval.RemoveAsync(session, version);
            return true;
        }, cancel);
        var remaining = await _database.ReadOneAsync(session => PostgresRemoval.CountRowsAsync(session, versions), cancel);
        return new DeleteReceipt(versions.Length, counts.Chunks, counts.Vectors, remaining);
    }

    public Task<IReadOnlyList<SearchHit>> SearchAsync(SearchQuery query, CancellationToken cancel) => _search.SearchAsync(query, cancel);

    public Task<VectorSpace?> GetVectorSpaceAsync(string tenant, string collection, CancellationToken cancel) =>
        _database.ReadOneAsync(async session => (await PostgresCollection.FindAsync(session, tenant, collection))?.Space, cancel);

    public Task<StoredUsage> GetUsageAsync(string tenant, CancellationToken cancel) =>
        _database.ReadOneAsync(session => session.FirstAsync(
            "SELECT coalesce(sum(chunks), 0)::bigint, coalesce(sum(bytes), 0)::bigint FROM ingestion.collection WHERE tenant=$1",
            row => new StoredUsage(row.GetInt64(0), row.GetInt64(1)), tenant), cancel);

    public async Task SweepAsync(CancellationToken cancel)
    {
        await _database.StepAsync(session => session.ExecuteAsync(
            "UPDATE ingestion.version SET state='dropped' WHERE state='staged' AND updated_at<$1", _time.GetUtcNow() - StagedForgottenAfter), cancel);
        if (!_trimmed) await _database.StepAsync(_versions.TrimAsync, cancel);
        _trimmed = true;
        while (await _database.StepAsync(PostgresRemoval.SweepOneAsync, cancel)) cancel.ThrowIfCancellationRequested();
        _indexes.Maintain(cancel);
    }

    /// <summary>Makes the indexes of large collections that are due, and waits for them.</summary>
    internal Task MaintainIndexesAsync(CancellationToken cancel) => _indexes.MaintainAsync(cancel);

    internal static StagedVersion Staged(StoredVersion version, string tenant, PostgresCollection collection) =>
        new(tenant, collection.Name, version.Document, version.Task, version.Model, version.ChunkCount, version.TokenCount, version.VectorCount)
        {
            Id = version.Id,
            Space = collection.Space,
            Dimension = version.VectorCount > 0 ? version.Dimension : null,
        };

    private Task<T?> ReadVisibleAsync<T>(
        string tenant, string collection, string document, Func<PostgresSession, StoredVersion, Task<T>> read, CancellationToken cancel)
        where T : class =>
        _database.ReadAsync(
            async session => await StoredVersion.VisibleAsync(session, tenant, collection, document) is { } version ? await read(session, version) : null,
            cancel);
}
