using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>What the store's own steps need of a version.</summary>
internal sealed record VersionRow(
    long Id, long Collection, string Document, string Task, string State, int Number, long Lineage, long FirstChunk, int ChunkCount,
    int VectorCount, long TokenCount, string Model, int Dimension, int Kept, int Added, int Removed, long CreatedAt, string? Preface,
    int ParentCount, string? Fingerprint, string? Chunking)
{
    private const string Columns = """
        id, collection, document, task, state, number, lineage, first_chunk, chunk_count, vector_count, token_count, model, dimension, kept,
        added, removed, created_at, preface, parent_count, fingerprint, chunking
        """;

    public long EndChunk => FirstChunk + ChunkCount;

    /// <summary>After the parents, which come after the chunks.</summary>
    public long EndRow => EndChunk + ParentCount;

    public static VersionRow? Get(SqliteSession session, long id) =>
        session.First($"SELECT {Columns} FROM version WHERE id=$id", Read, ("$id", id));

    public static VersionRow? Visible(SqliteSession session, long collection, string document) =>
        session.First(
            $"SELECT {Columns} FROM version WHERE collection=$collection AND document=$document AND state='visible'",
            Read, ("$collection", collection), ("$document", document));

    public static List<VersionRow> OfDocument(SqliteSession session, long collection, string document) =>
        session.List(
            $"SELECT {Columns} FROM version WHERE collection=$collection AND document=$document",
            Read, ("$collection", collection), ("$document", document));

    /// <summary>What a task has begun to stage and not committed.</summary>
    public static List<VersionRow> OfTask(SqliteSession session, string tenant, string task) =>
        session.List(
            $"""
            SELECT {Columns} FROM version
            WHERE task=$task AND state IN ('staging', 'staged') AND (SELECT tenant FROM collection WHERE id=version.collection)=$tenant
            """,
            Read, ("$task", task), ("$tenant", tenant));

    /// <summary>The ids of the version's chunks, as the contract has them, and the store's own.</summary>
    public static Dictionary<string, long> ChunkIds(SqliteSession session, VersionRow version)
    {
        var ids = new Dictionary<string, long>(version.ChunkCount, StringComparer.Ordinal);
        session.Visit("SELECT chunk_id, id FROM chunk WHERE id>=$first AND id<$end", row =>
        {
            ids[row.GetString(0)] = row.GetInt64(1);
            return true;
        }, ("$first", version.FirstChunk), ("$end", version.EndChunk));
        return ids;
    }

    private static VersionRow Read(SqliteRow row) => new(
        row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5), row.GetInt64(6),
        row.GetInt64(7), row.GetInt32(8), row.GetInt32(9), row.GetInt64(10), row.GetString(11), row.GetInt32(12), row.GetInt32(13),
        row.GetInt32(14), row.GetInt32(15), row.GetInt64(16), Text(row, 17), row.GetInt32(18), Text(row, 19), Text(row, 20));

    private static string? Text(SqliteRow row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
