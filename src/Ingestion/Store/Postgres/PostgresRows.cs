using System.Text.Json;
using Ingestion.Postgres;
using Npgsql;

namespace Ingestion.Store.Postgres;

/// <summary>Rows of the tables as the contract's types.</summary>
internal static class PostgresRows
{
    /// <summary>What <see cref="Document"/> reads, in its order.</summary>
    public const string DocumentColumns = """
        document, task, number, title, description, tags, metadata, source, page_count, page_starts, language, warnings, version.model,
        version.dimension, chunk_count, token_count, content_length, created_at, updated_at, version.id
        """;

    /// <summary>What <see cref="Chunk"/> reads, in its order; of the table <c>chunk</c>.</summary>
    private const string ChunkColumns = """
        chunk.version, chunk.place, chunk.chunk_id, chunk.text, chunk.start_at, chunk.end_at, chunk.token_count, chunk.page_start,
        chunk.page_end, chunk.headings, chunk.level, parent.chunk_id, chunk.window_start, chunk.window_end, chunk.header_start, chunk.header,
        before.chunk_id, after.chunk_id
        """;

    /// <summary>Chunks of different levels are no neighbours.</summary>
    private const string Around = """
        LEFT JOIN ingestion.chunk AS parent ON parent.version=chunk.version AND parent.place=chunk.parent
        LEFT JOIN ingestion.chunk AS before ON before.version=chunk.version AND before.place=chunk.place-1
          AND coalesce(before.level, 0)=coalesce(chunk.level, 0)
        LEFT JOIN ingestion.chunk AS after ON after.version=chunk.version AND after.place=chunk.place+1
          AND coalesce(after.level, 0)=coalesce(chunk.level, 0)
        """;

    public static StoredDocument Document(NpgsqlDataReader row, string collection) => new()
    {
        CollectionId = collection,
        DocumentId = row.GetString(0),
        TaskId = row.GetString(1),
        Version = row.GetInt32(2),
        Title = Text(row, 3),
        Description = Text(row, 4),
        Tags = StoredJson.ReadStrings(row.GetString(5)),
        Metadata = Text(row, 6) is { } metadata ? JsonElement.Parse(metadata) : null,
        Source = JsonSerializer.Deserialize<StoredSource>(row.GetString(7))!,
        PageCount = row.IsDBNull(8) ? null : row.GetInt32(8),
        PageStarts = JsonSerializer.Deserialize<int[]>(row.GetString(9))!,
        Language = Text(row, 10),
        Warnings = StoredJson.ReadStrings(row.GetString(11)),
        Model = row.GetString(12),
        Dimension = row.GetInt32(13),
        ChunkCount = row.GetInt32(14),
        TokenCount = row.GetInt64(15),
        ContentLength = row.GetInt32(16),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(17),
        UpdatedAt = row.GetFieldValue<DateTimeOffset>(18),
    };

    /// <summary>The document's visible version.</summary>
    public static Task<CurrentVersion?> FindCurrentAsync(PostgresSession session, string tenant, string collection, string document) =>
        session.FirstAsync(
            $"""
            SELECT {DocumentColumns}, fingerprint, chunking, preface, kept, added, removed
            FROM ingestion.version JOIN ingestion.collection ON collection.id=version.collection
            WHERE tenant=$1 AND name=$2 AND document=$3 AND state='visible'
            """,
            row =>
            {
                var stored = Document(row, collection);
                return (CurrentVersion?)new CurrentVersion(
                    stored, Text(row, 20), Text(row, 21), Text(row, 22),
                    new CommitResult(CommitKind.Committed, stored.Version, row.GetInt32(23), row.GetInt32(24), row.GetInt32(25), stored.Dimension))
                {
                    Id = row.GetInt64(19),
                };
            },
            tenant, collection, document);

    /// <summary>Documents by the versions' ids.</summary>
    public static async Task<Dictionary<long, StoredDocument>> ReadVersionsAsync(PostgresSession session, string collection, params long[] versions) =>
        (await session.ListAsync(
            $"SELECT {DocumentColumns} FROM ingestion.version WHERE id=ANY($1)", row => (row.GetInt64(19), Document(row, collection)), versions))
        .ToDictionary(pair => pair.Item1, pair => pair.Item2);

    public static Task<string?> ReadContentAsync(PostgresSession session, long version) =>
        session.ScalarAsync<string>("SELECT text FROM ingestion.content WHERE version=$1", version);

    /// <summary>The version's chunks from one place to another, in order.</summary>
    public static Task<List<StoredChunk>> ReadChunksAsync(PostgresSession session, long version, int from, int end, bool vectors) =>
        session.ListAsync(
            $"""
            SELECT {ChunkColumns}, {(vectors ? "embedding::real[]" : "NULL::real[]")} FROM ingestion.chunk {Around}
            {(vectors ? "LEFT JOIN ingestion.chunk_vector ON chunk_vector.version=chunk.version AND chunk_vector.place=chunk.place" : "")}
            WHERE chunk.version=$1 AND chunk.place>=$2 AND chunk.place<$3 ORDER BY chunk.place
            """,
            row => Chunk(row) with { Vector = row.IsDBNull(18) ? null : row.GetFieldValue<float[]>(18) },
            version, from, end);

    /// <summary>The larger chunks that those from one place to another are a part of, the largest first.</summary>
    public static async Task<List<StoredChunk>> ReadParentsAsync(PostgresSession session, StoredVersion version, int from, int end)
    {
        if (version.ParentCount == 0) return [];
        return await session.ListAsync(
            $"""
            WITH RECURSIVE above(place) AS (
              SELECT parent FROM ingestion.chunk WHERE version=$1 AND place>=$2 AND place<$3 AND parent IS NOT NULL
              UNION
              SELECT parent FROM ingestion.chunk JOIN above USING(place) WHERE version=$1 AND parent IS NOT NULL)
            SELECT {ChunkColumns} FROM ingestion.chunk {Around}
            WHERE chunk.version=$1 AND chunk.place IN (SELECT place FROM above) ORDER BY chunk.place
            """,
            row => Chunk(row) with { Index = row.GetInt32(1) - version.ChunkCount }, version.Id, from, end);
    }

    /// <summary>Chunks by version and place, in any order.</summary>
    public static async Task<Dictionary<(long Version, int Place), StoredChunk>> ReadChunksAsync(PostgresSession session, long[] versions, int[] places) =>
        (await session.ListAsync(
            $"""
            SELECT {ChunkColumns} FROM unnest($1::bigint[], $2::integer[]) AS hit(version, place)
            JOIN ingestion.chunk ON chunk.version=hit.version AND chunk.place=hit.place {Around}
            """,
            row => ((row.GetInt64(0), row.GetInt32(1)), Chunk(row)), versions, places))
        .ToDictionary(pair => pair.Item1, pair => pair.Item2);

    private static StoredChunk Chunk(NpgsqlDataReader row) => new(
        row.GetString(2), row.GetInt32(1), row.GetString(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6), row.GetInt32(7), row.GetInt32(8),
        StoredJson.ReadStrings(row.GetString(9)))
    {
        Context = row.IsDBNull(10) ? null : new ChunkContext(
            row.GetInt32(10),
            row.IsDBNull(12) ? null : new CodePointRange(row.GetInt32(12), row.GetInt32(13)),
            row.IsDBNull(14) ? null : new TableHeaderRows(row.GetInt32(14), row.GetString(15))),
        ParentId = Text(row, 11),
        PreviousId = Text(row, 16),
        NextId = Text(row, 17),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
