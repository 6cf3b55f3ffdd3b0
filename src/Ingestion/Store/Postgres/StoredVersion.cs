using Ingestion.Postgres;
using Npgsql;

namespace Ingestion.Store.Postgres;

/// <summary>What the store's own steps need of a version.</summary>
internal sealed record StoredVersion(
    long Id, long Collection, string Document, string Task, string State, int Number, int ChunkCount, int ParentCount, int VectorCount,
    long TokenCount, long WordCount, long Bytes, string Model, int Dimension, int Kept, int Added, int Removed, DateTimeOffset CreatedAt,
    string? Preface, string? Fingerprint, string? Chunking)
{
    private const string Columns = """
        version.id, version.collection, version.document, version.task, version.state, version.number, version.chunk_count,
        version.parent_count, version.vector_count, version.token_count, version.word_count, version.bytes, version.model, version.dimension,
        version.kept, version.added, version.removed, version.created_at, version.preface, version.fingerprint, version.chunking
        """;

    private const string OfTenant = $"SELECT {Columns} FROM ingestion.version JOIN ingestion.collection ON collection.id=version.collection";

    public CommitResult Committed => new(CommitKind.Committed, Number, Kept, Added, Removed, Dimension);

    /// <param name="hold">Keeps others from changing the version until the transaction ends.</param>
    public static Task<StoredVersion?> GetAsync(PostgresSession session, string tenant, long id, bool hold = false) =>
        session.FirstAsync($"{OfTenant} WHERE version.id=$1 AND tenant=$2 {(hold ? "FOR UPDATE OF version" : "")}", Read, id, tenant);

    /// <summary>A version, and the visible one of its document.</summary>
    public static async Task<(StoredVersion? Version, StoredVersion? Visible)> GetWithVisibleAsync(PostgresSession session, string tenant, long id)
    {
        var both = await session.ListAsync(
            $"""
            {OfTenant} WHERE version.id=$1 AND tenant=$2
            UNION ALL
            {OfTenant} JOIN ingestion.version AS asked ON asked.collection=version.collection AND asked.document=version.document
            WHERE asked.id=$1 AND version.id<>$1 AND version.state='visible' AND tenant=$2
            """,
            Read, id, tenant);
        return (both.Find(version => version.Id == id), both.Find(version => version.State == "visible"));
    }

    public static Task<StoredVersion?> VisibleAsync(PostgresSession session, string tenant, string collection, string document) =>
        session.FirstAsync($"{OfTenant} WHERE tenant=$1 AND name=$2 AND document=$3 AND state='visible'", Read, tenant, collection, document);

    public static Task<StoredVersion?> VisibleAsync(PostgresSession session, long collection, string document) =>
        session.FirstAsync($"SELECT {Columns} FROM ingestion.version WHERE collection=$1 AND document=$2 AND state='visible'", Read, collection, document);

    public static Task<List<StoredVersion>> OfDocumentAsync(PostgresSession session, long collection, string document) =>
        session.ListAsync(
            $"SELECT {Columns} FROM ingestion.version WHERE collection=$1 AND document=$2 AND state<>'dropped' ORDER BY id", Read, collection, document);

    /// <summary>The document's superseded versions, the newest first.</summary>
    public static Task<List<StoredVersion>> EarlierAsync(PostgresSession session, long collection, string document) =>
        session.ListAsync(
            $"SELECT {Columns} FROM ingestion.version WHERE collection=$1 AND document=$2 AND state='superseded' ORDER BY number DESC",
            Read, collection, document);

    /// <summary>What a task has staged and not committed.</summary>
    public static Task<List<StoredVersion>> OfTaskAsync(PostgresSession session, string tenant, string task) =>
        session.ListAsync($"{OfTenant} WHERE task=$1 AND state='staged' AND tenant=$2 ORDER BY version.id", Read, task, tenant);

    private static StoredVersion Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5), row.GetInt32(6),
        row.GetInt32(7), row.GetInt32(8), row.GetInt64(9), row.GetInt64(10), row.GetInt64(11), row.GetString(12), row.GetInt32(13),
        row.GetInt32(14), row.GetInt32(15), row.GetInt32(16), row.GetFieldValue<DateTimeOffset>(17), Text(row, 18), Text(row, 19), Text(row, 20));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
