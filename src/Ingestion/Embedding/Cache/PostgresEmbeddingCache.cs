using System.Runtime.InteropServices;
using Ingestion.Postgres;

namespace Ingestion.Embedding.Cache;

/// <summary>In PostgreSQL, for all instances that store their documents there.</summary>
/// <param name="size">Vectors kept at the most; 0 keeps none.</param>
/// <param name="age">How long a vector stays that is not used.</param>
public sealed class PostgresEmbeddingCache(PostgresDatabase database, TimeProvider time, int size, TimeSpan age) : IEmbeddingCache
{
    private const int RowsPerStep = 500;

    /// <summary>Use is written down no more often than this: reading must not cost a write each time.</summary>
    private static readonly TimeSpan UseEvery = TimeSpan.FromHours(1);

    public async Task<IReadOnlyList<float[]?>> FindAsync(CacheUser user, string model, IReadOnlyList<string> texts, CancellationToken cancel)
    {
        var vectors = new float[]?[texts.Count];
        if (size == 0 || texts.Count == 0) return vectors;
        var (by, now) = (CacheKeys.OfUser(user), time.GetUtcNow());
        byte[][] keys = [.. texts.Select(text => CacheKeys.OfText(user.Tenant, model, text))];
        var found = await database.ReadAsync(session => session.ListAsync(
            "SELECT key, numbers, used_by<>$2 OR used_at<$3 FROM ingestion.embedding_cache WHERE key=ANY($1)",
            row => (Key: row.GetFieldValue<byte[]>(0), Numbers: row.GetFieldValue<byte[]>(1), IsStale: row.GetBoolean(2)),
            keys, by, now - UseEvery), cancel);
        var byKey = found.ToDictionary(one => Convert.ToHexString(one.Key), one => one.Numbers);
        for (var i = 0; i < vectors.Length; i++)
        {
            if (byKey.TryGetValue(Convert.ToHexString(keys[i]), out var numbers)) vectors[i] = MemoryMarshal.Cast<byte, float>(numbers).ToArray();
        }
        if (found.Where(one => one.IsStale).Select(one => one.Key).ToArray() is { Length: > 0 } stale)
        {
            await database.WriteAsync(session => session.ExecuteAsync(
                "UPDATE ingestion.embedding_cache SET used_by=$2, used_at=$3 WHERE key=ANY($1)", stale, by, now), cancel);
        }
        return vectors;
    }

    public async Task KeepAsync(CacheUser user, string model, IReadOnlyList<KnownVector> vectors, CancellationToken cancel)
    {
        if (size == 0) return;
        var (by, now) = (CacheKeys.OfUser(user), time.GetUtcNow());
        // In one order for all: two who keep the same do not wait for each other in a circle.
        var rows = vectors.DistinctBy(one => one.Text)
            .Select(one => (Key: CacheKeys.OfText(user.Tenant, model, one.Text), Numbers: MemoryMarshal.AsBytes(one.Vector.Span).ToArray()))
            .OrderBy(one => Convert.ToHexString(one.Key), StringComparer.Ordinal);
        foreach (var step in rows.Chunk(RowsPerStep))
        {
            await database.WriteAsync(session => session.ExecuteAsync(
                """
                INSERT INTO ingestion.embedding_cache(key, numbers, used_by, used_at) SELECT key, numbers, $3, $4 FROM unnest($1::bytea[], $2::bytea[]) AS given(key, numbers)
                ON CONFLICT (key) DO UPDATE SET numbers=excluded.numbers, used_by=excluded.used_by, used_at=excluded.used_at
                """,
                step.Select(one => one.Key).ToArray(), step.Select(one => one.Numbers).ToArray(), by, now), cancel);
        }
    }

    public Task ForgetAsync(CacheUser user, CancellationToken cancel) => database.WriteAsync(
        session => session.ExecuteAsync("DELETE FROM ingestion.embedding_cache WHERE used_by=$1", CacheKeys.OfUser(user)), cancel);

    public async Task SweepAsync(CancellationToken cancel)
    {
        for (var removed = RowsPerStep; removed == RowsPerStep;)
        {
            removed = await database.WriteAsync(session => session.ExecuteAsync(
                "DELETE FROM ingestion.embedding_cache WHERE key IN (SELECT key FROM ingestion.embedding_cache WHERE used_at<$1 ORDER BY used_at LIMIT $2)",
                time.GetUtcNow() - age, RowsPerStep), cancel);
        }
        var excess = await database.ReadAsync(session => session.ScalarAsync<long>("SELECT count(*) FROM ingestion.embedding_cache"), cancel) - size;
        for (; excess > 0; excess -= RowsPerStep)
        {
            await database.WriteAsync(session => session.ExecuteAsync(
                "DELETE FROM ingestion.embedding_cache WHERE key IN (SELECT key FROM ingestion.embedding_cache ORDER BY used_at, key LIMIT $1)",
                Math.Min(excess, RowsPerStep)), cancel);
        }
    }
}
