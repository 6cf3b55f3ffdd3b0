using Ingestion.Postgres;
using Npgsql;

namespace Ingestion.Store.Postgres;

/// <param name="Dimension">0 before the first commit with vectors.</param>
/// <param name="Chunks">Of the visible versions.</param>
/// <param name="Words">Of those chunks.</param>
internal sealed record PostgresCollection(long Id, string Name, string? Model, int Dimension, long Chunks, long Words)
{
    private const string Columns = "id, name, model, dimension, chunks, words";

    public VectorSpace? Space => Model is null ? null : new VectorSpace(Model, Dimension);

    public static Task<PostgresCollection?> FindAsync(PostgresSession session, string tenant, string name) =>
        session.FirstAsync($"SELECT {Columns} FROM ingestion.collection WHERE tenant=$1 AND name=$2", Read, tenant, name);

    public static async Task<PostgresCollection> AddAsync(PostgresSession session, string tenant, string name)
    {
        session.Queue("INSERT INTO ingestion.collection(tenant, name) VALUES($1, $2) ON CONFLICT DO NOTHING", tenant, name);
        return (await FindAsync(session, tenant, name))!;
    }

    /// <summary>Until the transaction ends, nobody else switches versions of the collection.</summary>
    public static Task<PostgresCollection?> HoldAsync(PostgresSession session, long id) =>
        session.FirstAsync($"SELECT {Columns} FROM ingestion.collection WHERE id=$1 FOR NO KEY UPDATE", Read, id);

    /// <summary>The first version with vectors fixes model and dimension; given where the version has others.</summary>
    public VectorSpace? TakeSpace(PostgresSession session, string model, int dimension)
    {
        if (Space is { } space) return space.Model == model && space.Dimension == dimension ? null : space;
        session.Queue("UPDATE ingestion.collection SET model=$2, dimension=$3 WHERE id=$1", Id, model, dimension);
        return null;
    }

    /// <summary>Keeps the sums true where one version is not visible any more and another becomes so.</summary>
    public void Count(PostgresSession session, StoredVersion? hidden, StoredVersion? shown) => session.Queue(
        "UPDATE ingestion.collection SET chunks=chunks+$2, words=words+$3, bytes=bytes+$4 WHERE id=$1",
        Id, (long)(shown?.ChunkCount ?? 0) - (hidden?.ChunkCount ?? 0), (shown?.WordCount ?? 0) - (hidden?.WordCount ?? 0),
        (shown?.Bytes ?? 0) - (hidden?.Bytes ?? 0));

    /// <summary>Where no visible version has vectors any more, the next one may bring others.</summary>
    public void ForgetSpace(PostgresSession session) => session.Queue(
        """
        UPDATE ingestion.collection SET model=NULL, dimension=0
        WHERE id=$1 AND NOT EXISTS(SELECT 1 FROM ingestion.version WHERE collection=$1 AND state='visible' AND version.dimension>0)
        """,
        Id);

    private static PostgresCollection Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetInt32(3), row.GetInt64(4), row.GetInt64(5));
}
