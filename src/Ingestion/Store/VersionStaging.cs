using System.Text.Json;
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
        if (!database.Read(Prepare)) _collection = await database.StepAsync(AddCollection);
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

    private long AddCollection(SqliteSession session)
    {
        session.Execute(
            "INSERT OR IGNORE INTO collection(tenant, name) VALUES($tenant, $name)",
            ("$tenant", version.TenantId), ("$name", version.CollectionId));
        return CollectionRow.Find(session, version.TenantId, version.CollectionId)!.Value.Id;
    }

    private List<ChunkToWrite> TakeStep(ref int next)
    {
        var step = new List<ChunkToWrite>();
        for (var characters = 0; next < RowCount && step.Count < ChunksPerWrite && characters < CharactersPerWrite; next++)
        {
            var searched = next < version.Chunks.Count;
            var chunk = searched ? version.Chunks[next] : version.Parents[next - version.Chunks.Count];
            var text = version.Content.AsSpan(chunk.Start, chunk.End - chunk.Start);
            var (terms, words) = searched ? WordIndex.TermsOf(_collection, text) : (null, 0);
            step.Add(new ChunkToWrite(next, chunk, text.ToString(), terms, words));
            characters += text.Length;
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
        _firstChunk = session.Scalar<long>("SELECT next FROM chunk_sequence");
        session.Execute("UPDATE chunk_sequence SET next=next+$count", ("$count", RowCount));
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        _id = session.Scalar<long>(
            """
            INSERT INTO version(collection, document, task, state, first_chunk, chunk_count, token_count, model, created_at, updated_at,
              content_length, page_count, title, description, language, tags, metadata, source, warnings, page_starts, preface, parent_count,
              fingerprint, chunking)
            VALUES($collection, $document, $task, 'staging', $first, $chunks, $tokens, $model, $now, $now,
              $length, $pages, $title, $description, $language, $tags, $metadata, $source, $warnings, $starts, $preface, $parents,
              $fingerprint, $chunking)
            RETURNING id
            """,
            ("$collection", _collection), ("$document", version.DocumentId), ("$task", version.TaskId), ("$first", _firstChunk),
            ("$chunks", version.Chunks.Count), ("$tokens", version.Chunks.Sum(chunk => (long)chunk.TokenCount)), ("$model", version.Model),
            ("$now", now), ("$length", new Chunking.CodePoints(version.Content).Total), ("$pages", version.PageCount),
            ("$title", version.Title), ("$description", version.Description), ("$language", version.Language),
            ("$tags", StoredRows.WriteStrings(version.Tags)), ("$metadata", version.Metadata?.GetRawText()),
            ("$source", JsonSerializer.Serialize(version.Source)), ("$warnings", StoredRows.WriteStrings(version.Warnings)),
            ("$starts", JsonSerializer.Serialize(version.PageStarts)), ("$preface", version.Preface), ("$parents", version.Parents.Count),
            ("$fingerprint", version.Fingerprint), ("$chunking", version.Chunking));
        session.Execute("INSERT INTO content(version, text) VALUES($version, $text)", ("$version", _id), ("$text", version.Content));
    }

    /// <summary>Gives 1 where it took a vector over, else 0.</summary>
    private int WriteChunk(SqliteSession session, ChunkToWrite row)
    {
        var chunk = row.Chunk;
        var id = _firstChunk + row.Index;
        session.Execute(
            """
            INSERT INTO chunk(id, chunk_id, words, start, "end", token_count, page_start, page_end, headings)
            VALUES($id, $chunk, $words, $start, $end, $tokens, $from, $to, $headings)
            """,
            ("$id", id), ("$chunk", chunk.ChunkId), ("$words", row.Words), ("$start", chunk.StartCodePoint), ("$end", chunk.EndCodePoint),
            ("$tokens", chunk.TokenCount), ("$from", chunk.PageStart), ("$to", chunk.PageEnd),
            ("$headings", StoredRows.WriteStrings(chunk.HeadingPath)));
        session.Execute("INSERT INTO chunk_text(id, text) VALUES($id, $text)", ("$id", id), ("$text", row.Text));
        if (chunk.Context is not null) WriteContext(session, id, chunk);
        if (row.Terms is null) return 0;
        session.Execute("INSERT INTO chunk_words(rowid, terms) VALUES($id, $terms)", ("$id", id), ("$terms", row.Terms));
        return _vectors.TryGetValue(chunk.ChunkId, out var known)
            ? session.Execute(
                "INSERT INTO chunk_vector(id, numbers) SELECT $id, numbers FROM chunk_vector WHERE id=$known",
                ("$id", id), ("$known", known))
            : 0;
    }

    private void WriteContext(SqliteSession session, long id, NewChunk chunk)
    {
        var (level, window, header) = chunk.Context!;
        session.Execute(
            """
            INSERT INTO chunk_context(id, level, parent, window_start, window_end, header_start, header)
            VALUES($id, $level, $parent, $from, $to, $start, $header)
            """,
            ("$id", id), ("$level", level), ("$parent", _firstChunk + version.Chunks.Count + chunk.Parent),
            ("$from", window?.Start), ("$to", window?.End), ("$start", header?.Start), ("$header", header?.Text));
    }

    /// <summary>The document was deleted, or the task discarded, while it was being staged: whatever comes next finds nothing.</summary>
    private StagedVersion Dropped() => new(
        version.TenantId, version.CollectionId, version.DocumentId, version.TaskId, version.Model, version.Chunks.Count,
        version.Chunks.Sum(chunk => (long)chunk.TokenCount), VectorCount: 0) { Id = _id };

    /// <param name="Terms">Null for a parent: it is not searched.</param>
    private sealed record ChunkToWrite(int Index, NewChunk Chunk, string Text, string? Terms, int Words);
}
