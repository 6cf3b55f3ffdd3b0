using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>
/// A document's first version, small enough to be written in one step with its vectors. Made ready on the caller's thread.
/// </summary>
internal sealed class FirstVersion(long collection, NewVersion version, IReadOnlyList<ReadOnlyMemory<float>> vectors, long now)
{
    private readonly int _dimension = vectors.Count == 0 ? 0 : vectors[0].Length;
    private readonly VersionValues _values = new(collection, version, now);
    private readonly List<ChunkToWrite> _chunks =
    [
        .. Enumerable.Range(0, version.Chunks.Count + version.Parents.Count).Select(index => ChunkToWrite.Of(collection, version, index)),
    ];
    private readonly List<byte[]> _numbers = [.. vectors.Select(vector => VectorBlob.Write(vector.Span))];

    /// <summary>False, and nothing written, where the document has a visible version or the collection other vectors.</summary>
    public bool TryWrite(SqliteSession session)
    {
        if (VersionRow.Visible(session, collection, version.DocumentId) is not null) return false;
        if (vectors.Count > 0 && VersionCommit.TakeSpace(session, collection, version.Model, _dimension) is not null) return false;

        var firstChunk = ChunkRows.TakeIds(session, _chunks.Count);
        var change = session.Scalar<long>("UPDATE collection SET changes=changes+1 WHERE id=$id RETURNING changes", ("$id", collection));
        var id = _values.Insert(session, firstChunk, new VersionStart("visible", Number: 1, change, vectors.Count, _dimension, Added: vectors.Count));
        session.Execute("INSERT INTO content(version, text) VALUES($version, $text)", ("$version", id), ("$text", version.Content));
        foreach (var chunk in _chunks)
        {
            ChunkRows.Insert(session, firstChunk, vectors.Count, chunk);
            if (chunk.Index >= vectors.Count) continue;
            session.Execute(
                "INSERT INTO chunk_vector(id, numbers) VALUES($id, $numbers)",
                ("$id", firstChunk + chunk.Index), ("$numbers", _numbers[chunk.Index]));
        }
        return true;
    }
}
