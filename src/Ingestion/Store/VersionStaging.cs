using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>
/// Writes one version and its chunks in small steps, so that no other writer waits long. Until the last step it counts as half written.
/// </summary>
internal sealed class VersionStaging(SqliteDatabase database, TimeProvider time, NewVersion version)
{
    private const int ChunksPerWrite = 200;
    private const int CharactersPerWrite = 256 * 1024;

    private long _collection;
    private VectorSpace? _space;
    private Dictionary<string, long> _vectors = [];
    private long _id;
    private long _firstChunk;

    private int RowCount => version.Chunks.Count + version.Parents.Count;

    public async Task<StagedVersion> RunAsync(CancellationToken cancel)
    {
        if (!database.Read(Prepare))
            _collection = await database.StepAsync(session => CollectionRow.Add(session, version.TenantId, version.CollectionId));
        Task<VersionRow?>? writing = null;
        for (var next = 0; next < RowCount || writing is null;)
        {
            cancel.ThrowIfCancellationRequested();
            // The words of a step are counted while the step before it is written.
            var step = TakeStep(ref next);
            if (writing is not null && await writing is null) break;
            var first = writing is null;
            var last = next == RowCount;
            writing = database.StepAsync(session => Write(session, step, first, last));
        }
        return await writing! is { } row ? SqliteStore.Staged(row, version.TenantId, version.CollectionId, _space) : Dropped();
    }

    /// <summary>False where the collection is new.</summary>
    private bool Prepare(SqliteSession session)
    {
        if (CollectionRow.Find(session, version.TenantId, version.CollectionId) is not { } collection) return false;
        (_collection, _space) = (collection.Id, collection.Space);
        if (VersionRow.Visible(session, _collection, version.DocumentId) is { } visible && visible.Model == version.Model)
            _vectors = VersionRow.ChunkIds(session, visible);
        return true;
    }

    private List<ChunkToWrite> TakeStep(ref int next)
    {
        var step = new List<ChunkToWrite>();
        for (var characters = 0; next < RowCount && step.Count < ChunksPerWrite && characters < CharactersPerWrite; next++)
        {
            var chunk = ChunkToWrite.Of(_collection, version, next);
            step.Add(chunk);
            characters += chunk.Text.Length;
        }
        return step;
    }

    /// <summary>Null where the version was dropped meanwhile.</summary>
    private VersionRow? Write(SqliteSession session, List<ChunkToWrite> step, bool first, bool last)
    {
        if (first) Begin(session);
        else if (VersionRow.Get(session, _id) is not { State: "staging" }) return null;

        var taken = 0;
        foreach (var chunk in step) taken += WriteChunk(session, chunk);
        session.Execute(
            """
            UPDATE version SET vector_count=vector_count+$taken, state=$state,
              dimension=CASE WHEN $taken>0 THEN (SELECT dimension FROM collection WHERE id=version.collection) ELSE dimension END
            WHERE id=$id
            """,
            ("$taken", taken), ("$state", last ? "staged" : "staging"), ("$id", _id));
        return VersionRow.Get(session, _id);
    }

    private void Begin(SqliteSession session)
    {
        foreach (var earlier in VersionRow.OfTask(session, version.TenantId, version.TaskId)) VersionRemoval.Drop(session, earlier);
        _firstChunk = ChunkRows.TakeIds(session, RowCount);
        _id = new VersionValues(_collection, version, time.GetUtcNow().ToUnixTimeMilliseconds()).Insert(session, _firstChunk, new VersionStart("staging"));
        session.Execute("INSERT INTO content(version, text) VALUES($version, $text)", ("$version", _id), ("$text", version.Content));
    }

    /// <summary>Gives 1 where it took a vector over, else 0.</summary>
    private int WriteChunk(SqliteSession session, ChunkToWrite row)
    {
        ChunkRows.Insert(session, _firstChunk, version.Chunks.Count, row);
        return row.Terms is not null && _vectors.TryGetValue(row.Chunk.ChunkId, out var known)
            ? session.Execute(
                "INSERT INTO chunk_vector(id, numbers) SELECT $id, numbers FROM chunk_vector WHERE id=$known",
                ("$id", _firstChunk + row.Index), ("$known", known))
            : 0;
    }

    /// <summary>The document was deleted, or the task discarded, while it was being staged: whatever comes next finds nothing.</summary>
    private StagedVersion Dropped() => new(
        version.TenantId, version.CollectionId, version.DocumentId, version.TaskId, version.Model, version.Chunks.Count,
        version.Chunks.Sum(chunk => (long)chunk.TokenCount), VectorCount: 0)
    { Id = _id };
}
