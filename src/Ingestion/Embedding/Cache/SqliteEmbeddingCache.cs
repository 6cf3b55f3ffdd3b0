using System.Runtime.InteropServices;
using Ingestion.Sqlite;

namespace Ingestion.Embedding.Cache;

/// <summary>In the service's SQLite file.</summary>
public sealed class SqliteEmbeddingCache : IEmbeddingCache
{
    private const int RowsPerStep = 500;

    /// <summary>Use is written down no more often than this: reading must not cost a write each time.</summary>
    private static readonly TimeSpan UseEvery = TimeSpan.FromHours(1);

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly int _size;
    private readonly TimeSpan _age;

    /// <param name="size">Vectors kept at the most; 0 keeps none.</param>
    /// <param name="age">How long a vector stays that is not used.</param>
    public SqliteEmbeddingCache(SqliteDatabase database, TimeProvider time, int size, TimeSpan age)
    {
        database.Migrate("embedding_cache",
            """
            -- key: hash of tenant, model and text. user: hash of the document that used it last.
            CREATE TABLE embedding_cache(
              id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, user BLOB NOT NULL, used_at INTEGER NOT NULL, numbers BLOB NOT NULL);
            CREATE INDEX embedding_cache_user ON embedding_cache(user);
            CREATE INDEX embedding_cache_used ON embedding_cache(used_at);
            """);
        (_database, _time, _size, _age) = (database, time, size, age);
    }

    public async Task<IReadOnlyList<float[]?>> FindAsync(CacheUser user, string model, IReadOnlyList<string> texts, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var vectors = new float[]?[texts.Count];
        if (_size == 0) return vectors;
        var (by, now) = (CacheKeys.OfUser(user), Now());
        var stale = now - (long)UseEvery.TotalMilliseconds;
        var used = new List<long>();
        _database.Read(session =>
        {
            for (var i = 0; i < vectors.Length; i++)
            {
                vectors[i] = session.First(
                    "SELECT id, user, used_at, numbers FROM embedding_cache WHERE key=$key",
                    row =>
                    {
                        if (row.GetInt64(2) < stale || !row.GetBytes(1).SequenceEqual(by)) used.Add(row.GetInt64(0));
                        return MemoryMarshal.Cast<byte, float>(row.GetBytes(3)).ToArray();
                    },
                    ("$key", CacheKeys.OfText(user.Tenant, model, texts[i])));
            }
            return true;
        });
        if (used.Count > 0)
        {
            await _database.StepAsync(session =>
            {
                foreach (var id in used)
                    session.Execute("UPDATE embedding_cache SET user=$user, used_at=$now WHERE id=$id", ("$user", by), ("$now", now), ("$id", id));
                return true;
            });
        }
        return vectors;
    }

    public async Task KeepAsync(CacheUser user, string model, IReadOnlyList<KnownVector> vectors, CancellationToken cancel)
    {
        if (_size == 0) return;
        var (by, now) = (CacheKeys.OfUser(user), Now());
        var rows = vectors.Select(one => (Key: CacheKeys.OfText(user.Tenant, model, one.Text), Numbers: MemoryMarshal.AsBytes(one.Vector.Span).ToArray()));
        foreach (var step in rows.Chunk(RowsPerStep))
        {
            cancel.ThrowIfCancellationRequested();
            await _database.StepAsync(session =>
            {
                foreach (var (key, numbers) in step)
                {
                    session.Execute(
                        """
                        INSERT INTO embedding_cache(key, user, used_at, numbers) VALUES($key, $user, $now, $numbers)
                        ON CONFLICT(key) DO UPDATE SET user=excluded.user, used_at=excluded.used_at, numbers=excluded.numbers
                        """,
                        ("$key", key), ("$user", by), ("$now", now), ("$numbers", numbers));
                }
                return true;
            });
        }
    }

    public Task ForgetAsync(CacheUser user, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return _database.StepAsync(session => session.Execute("DELETE FROM embedding_cache WHERE user=$user", ("$user", CacheKeys.OfUser(user))));
    }

    public async Task SweepAsync(CancellationToken cancel)
    {
        var oldest = Now() - (long)_age.TotalMilliseconds;
        var excess = _database.Read(session => session.Scalar<long>("SELECT count(*) FROM embedding_cache")) - _size;
        for (int removed = RowsPerStep; removed == RowsPerStep;)
        {
            cancel.ThrowIfCancellationRequested();
            removed = await _database.StepAsync(session => session.Execute(
                "DELETE FROM embedding_cache WHERE id IN (SELECT id FROM embedding_cache WHERE used_at<$oldest ORDER BY used_at LIMIT $rows)",
                ("$oldest", oldest), ("$rows", RowsPerStep)));
            excess -= removed;
        }
        for (; excess > 0; excess -= RowsPerStep)
        {
            cancel.ThrowIfCancellationRequested();
            await _database.StepAsync(session => session.Execute(
                "DELETE FROM embedding_cache WHERE id IN (SELECT id FROM embedding_cache ORDER BY used_at, id LIMIT $rows)",
                ("$rows", Math.Min(excess, RowsPerStep))));
        }
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
