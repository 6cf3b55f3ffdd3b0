using System.Globalization;
using Ingestion.Postgres;
using Microsoft.Extensions.Logging;

namespace Ingestion.Store.Postgres;

/// <summary>
/// Large collections have an index (HNSW) of their vectors each, made beside the work once they are large: their searches do not go through
/// what other tenants have, and small collections, which are searched exactly, cost none.
/// </summary>
/// <param name="exactUpTo">Chunks up to which a search looks at every vector.</param>
internal sealed class PostgresVectorIndexes(PostgresDatabase database, int exactUpTo, ILogger log)
{
    /// <summary>More cannot be in an index of pgvector; such collections are always searched exactly.</summary>
    private const int MaxDimension = 2000;

    /// <summary>Of the graph beside the vector, generously.</summary>
    private const int BytesPerNode = 700;

    private const long MostMemory = 1L << 30;

    /// <summary>The first half of an advisory lock; the second is the collection.</summary>
    private const int Lock = 721_340_512;

    private Task _maintaining = Task.CompletedTask;

    public int ExactUpTo => exactUpTo;

    public static string NameOf(long collection, int dimension) =>
        string.Create(CultureInfo.InvariantCulture, $"chunk_vector_hnsw_{collection}_{dimension}");

    /// <summary>What a query must say for the collection's index to be taken.</summary>
    public static string Condition(long collection, int dimension) =>
        string.Create(CultureInfo.InvariantCulture, $"collection={collection} AND vector_dims(embedding)={dimension}");

    public static Task<bool> IsReadyAsync(PostgresSession session, PostgresCollection collection) => session.ScalarAsync<bool>(
        "SELECT indisvalid FROM pg_index WHERE indexrelid=to_regclass($1)", "ingestion." + NameOf(collection.Id, collection.Dimension));

    /// <summary>Begins to make and drop indexes where that is due and nobody is at it; does not wait for the end.</summary>
    public void Maintain(CancellationToken cancel)
    {
        if (!_maintaining.IsCompleted) return;
        _maintaining = Task.Run(async () =>
        {
            try
            {
                await MaintainAsync(cancel);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                Failed(fault);
            }
        }, cancel);
    }

    public Task MaintainAsync(CancellationToken cancel) => database.OutsideTransactionAsync(async session =>
    {
        if (database.VectorVersion is null) return false;
        var due = (await session.ListAsync(
            "SELECT id, dimension, chunks FROM ingestion.collection WHERE chunks>$1 AND dimension BETWEEN 1 AND $2",
            row => (Id: row.GetInt64(0), Dimension: row.GetInt32(1), Chunks: row.GetInt64(2)), (long)exactUpTo, MaxDimension))
            .ToDictionary(large => NameOf(large.Id, large.Dimension));
        var known = await session.ListAsync(
            """
            SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid=indexrelid
            WHERE indrelid='ingestion.chunk_vector'::regclass AND relname LIKE 'chunk\_vector\_hnsw\_%'
            """,
            row => (Name: row.GetString(0), IsValid: row.GetBoolean(1)));
        // One that is not valid is being made, or was when its maker died.
        foreach (var (name, _) in known.Where(index => !index.IsValid || !due.ContainsKey(index.Name)))
            await AloneAsync(session, name, () => session.ExecuteAsync($"DROP INDEX CONCURRENTLY IF EXISTS ingestion.{name}"));
        foreach (var (name, (id, dimension, chunks)) in due.Where(large => !known.Contains((large.Key, true))))
        {
            await AloneAsync(session, name, async () =>
            {
                await TakeMemoryAsync(session, chunks * (4L * dimension + BytesPerNode));
                await session.ExecuteAsync(
                    $"""
                    CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON ingestion.chunk_vector
                    USING hnsw ((embedding::vector({dimension})) vector_cosine_ops) WHERE {Condition(id, dimension)}
                    """);
                await session.ExecuteAsync("RESET maintenance_work_mem");
            });
        }
        return true;
    }, cancel);

    /// <summary>A graph that does not fit into the server's setting is made many times slower, on its disk.</summary>
    private static Task<int> TakeMemoryAsync(PostgresSession session, long bytes) => session.ExecuteAsync(
        """
        SELECT set_config('maintenance_work_mem', greatest(pg_size_bytes(current_setting('maintenance_work_mem')), $1) / 1024 || 'kB', false)
        """,
        Math.Min(bytes, MostMemory));

    private static async Task AloneAsync(PostgresSession session, string name, Func<Task> run)
    {
        if (!await session.ScalarAsync<bool>("SELECT pg_try_advisory_lock($1, hashtext($2))", Lock, name)) return;
        try
        {
            await run();
        }
        finally
        {
            await session.ExecuteAsync("SELECT pg_advisory_unlock($1, hashtext($2))", Lock, name);
        }
    }

    private void Failed(Exception fault) => log.LogWarning(fault, "An index of vectors could not be made; searches of that collection stay exact and slower");
}
