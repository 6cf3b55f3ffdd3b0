using Ingestion.Postgres;

namespace Ingestion.Store.Postgres;

/// <summary>Takes what no reader sees out of the tables.</summary>
internal static class PostgresRemoval
{
    private static readonly string[] Parts = ["content", "chunk_words", "chunk_vector", "chunk"];

    /// <summary>From now on nobody may use the version; the next sweep takes it out.</summary>
    public static void Drop(PostgresSession session, long version) =>
        session.Queue("UPDATE ingestion.version SET state='dropped' WHERE id=$1", version);

    /// <summary>The same for what a task has staged and not committed.</summary>
    public static void DropStaged(PostgresSession session, string tenant, string task) => session.Queue(
        """
        UPDATE ingestion.version SET state='dropped' FROM ingestion.collection
        WHERE collection.id=version.collection AND tenant=$1 AND task=$2 AND state='staged'
        """,
        tenant, task);

    /// <summary>Takes out one version that was dropped and that nobody else is at; false where there is none.</summary>
    public static async Task<bool> SweepOneAsync(PostgresSession session)
    {
        var dropped = await session.ScalarAsync<long?>(
            "SELECT id FROM ingestion.version WHERE state='dropped' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED");
        if (dropped is not { } version) return false;
        await RemoveAsync(session, version);
        return true;
    }

    public static async Task RemoveAsync(PostgresSession session, long version)
    {
        // Whoever is at the version still, ends first: what it writes is then seen here.
        session.Queue("SELECT 1 FROM ingestion.version WHERE id=$1 FOR UPDATE", version);
        foreach (var part in Parts) session.Queue($"DELETE FROM ingestion.{part} WHERE version=$1", version);
        await session.ExecuteAsync("DELETE FROM ingestion.version WHERE id=$1", version);
    }

    /// <summary>Chunks and vectors that the tables have of the versions; larger chunks are none of their own.</summary>
    public static Task<(long Chunks, long Vectors)> CountAsync(PostgresSession session, long[] versions) => session.FirstAsync(
        """
        SELECT (SELECT count(*) FROM ingestion.chunk JOIN ingestion.version ON version.id=chunk.version
                WHERE chunk.version=ANY($1) AND place<chunk_count),
               (SELECT count(*) FROM ingestion.chunk_vector WHERE version=ANY($1))
        """,
        row => (row.GetInt64(0), row.GetInt64(1)), versions);

    /// <summary>Rows that are still there of the versions, in every table.</summary>
    public static Task<long> CountRowsAsync(PostgresSession session, long[] versions) => session.ScalarAsync<long>(
        $"SELECT (SELECT count(*) FROM ingestion.version WHERE id=ANY($1)) + {string.Join(" + ", Parts.Select(part => $"(SELECT count(*) FROM ingestion.{part} WHERE version=ANY($1))"))}",
        versions);
}
