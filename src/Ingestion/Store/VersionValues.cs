using System.Text.Json;
using Ingestion.Chunking;
using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>How a version's row begins: as staged, or as visible at once.</summary>
internal readonly record struct VersionStart(
    string State, int Number = 0, long Change = 0, int VectorCount = 0, int Dimension = 0, int Added = 0);

/// <summary>A version's row, made ready on the caller's thread.</summary>
internal sealed class VersionValues(long collection, NewVersion version, long now)
{
    private readonly long _tokens = version.Chunks.Sum(chunk => (long)chunk.TokenCount);
    private readonly int _length = new CodePoints(version.Content).Total;
    private readonly string _tags = StoredJson.WriteStrings(version.Tags);
    private readonly string? _metadata = version.Metadata?.GetRawText();
    private readonly string _source = JsonSerializer.Serialize(version.Source);
    private readonly string _warnings = StoredJson.WriteStrings(version.Warnings);
    private readonly string _starts = version.PageStarts.Count == 0 ? "[]" : JsonSerializer.Serialize(version.PageStarts);

    /// <summary>Returns the version's id. One that is visible at once is the first of its document's lineage.</summary>
    public long Insert(SqliteSession session, long firstChunk, VersionStart start) => session.Scalar<long>(
        """
        INSERT INTO version(collection, document, task, state, number, lineage, change, first_chunk, chunk_count, vector_count, token_count,
          model, dimension, added, created_at, updated_at, content_length, page_count, title, description, language, tags, metadata, source,
          warnings, page_starts, preface, parent_count, fingerprint, chunking)
        VALUES($collection, $document, $task, $state, $number,
          CASE WHEN $number>0 THEN coalesce((SELECT seq FROM sqlite_sequence WHERE name='version'), 0)+1 ELSE 0 END,
          $change, $first, $chunks, $vectors, $tokens, $model, $dimension, $added, $now, $now, $length, $pages, $title, $description,
          $language, $tags, $metadata, $source, $warnings, $starts, $preface, $parents, $fingerprint, $chunking)
        RETURNING id
        """,
        ("$collection", collection), ("$document", version.DocumentId), ("$task", version.TaskId), ("$state", start.State),
        ("$number", start.Number), ("$change", start.Change), ("$first", firstChunk), ("$chunks", version.Chunks.Count),
        ("$vectors", start.VectorCount), ("$tokens", _tokens), ("$model", version.Model), ("$dimension", start.Dimension),
        ("$added", start.Added), ("$now", now), ("$length", _length), ("$pages", version.PageCount), ("$title", version.Title),
        ("$description", version.Description), ("$language", version.Language), ("$tags", _tags), ("$metadata", _metadata),
        ("$source", _source), ("$warnings", _warnings), ("$starts", _starts), ("$preface", version.Preface),
        ("$parents", version.Parents.Count), ("$fingerprint", version.Fingerprint), ("$chunking", version.Chunking));
}
