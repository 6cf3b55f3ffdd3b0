using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>Takes what no reader sees out of the file, a bounded step at a time.</summary>
internal static class VersionRemoval
{
    private const int ChunksPerStep = 200;

    /// <summary>Versions up to this size go at once, in the write that drops them.</summary>
    private const int SmallVersion = 32;

    /// <summary>From now on nobody may use the version. What is small is gone at once, the rest is swept.</summary>
    public static void Drop(SqliteSession session, VersionRow version)
    {
        session.Execute("UPDATE version SET state='dropped' WHERE id=$id", ("$id", version.Id));
        if (version.ChunkCount + version.ParentCount <= SmallVersion) Step(session, version);
    }

    public static Removed Step(SqliteSession session, VersionRow version)
    {
        var from = session.Scalar<long>(
            "SELECT coalesce(min(id), $end) FROM chunk WHERE id>=$first AND id<$end",
            ("$end", version.EndRow), ("$first", version.FirstChunk));
        var end = Math.Min(from + ChunksPerStep, version.EndRow);
        ReadOnlySpan<(string, object?)> range = [("$from", from), ("$end", end)];
        // Parents are no chunks of their own: they are not counted.
        var chunks = DeleteChunks(session, from, Math.Min(end, version.EndChunk));
        DeleteChunks(session, Math.Max(from, version.EndChunk), end);
        var vectors = session.Execute("DELETE FROM chunk_vector WHERE id>=$from AND id<$end", range);
        session.Execute("DELETE FROM chunk_text WHERE id>=$from AND id<$end", range);
        session.Execute("DELETE FROM chunk_words WHERE rowid>=$from AND rowid<$end", range);
        session.Execute("DELETE FROM chunk_context WHERE id>=$from AND id<$end", range);
        if (end < version.EndRow) return new Removed(chunks, vectors, Done: false);
        session.Execute("DELETE FROM content WHERE version=$id", ("$id", version.Id));
        session.Execute("DELETE FROM version WHERE id=$id", ("$id", version.Id));
        return new Removed(chunks, vectors, Done: true);
    }

    private static int DeleteChunks(SqliteSession session, long from, long end) =>
        from < end ? session.Execute("DELETE FROM chunk WHERE id>=$from AND id<$end", ("$from", from), ("$end", end)) : 0;

    /// <summary>Rows that the file still has of the version, in every table.</summary>
    public static long CountRows(SqliteSession session, VersionRow version) =>
        session.Scalar<long>(
            """
            SELECT (SELECT count(*) FROM version WHERE id=$id) + (SELECT count(*) FROM content WHERE version=$id)
              + (SELECT count(*) FROM chunk WHERE id>=$first AND id<$end) + (SELECT count(*) FROM chunk_text WHERE id>=$first AND id<$end)
              + (SELECT count(*) FROM chunk_vector WHERE id>=$first AND id<$end)
              + (SELECT count(*) FROM chunk_words WHERE rowid>=$first AND rowid<$end)
              + (SELECT count(*) FROM chunk_context WHERE id>=$first AND id<$end)
            """,
            ("$id", version.Id), ("$first", version.FirstChunk), ("$end", version.EndRow));

    public readonly record struct Removed(int Chunks, int Vectors, bool Done);
}
