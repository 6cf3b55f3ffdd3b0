using System.Text.Json;
using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>Rows of the file as the contract's types.</summary>
internal static class StoredRows
{
    /// <summary>What <see cref="Document"/> reads, in its order.</summary>
    public const string DocumentColumns = """
        document, task, number, title, description, tags, metadata, source, page_count, page_starts, language, warnings, model, dimension,
        chunk_count, token_count, content_length, created_at, updated_at
        """;

    /// <summary>What <see cref="Chunk"/> reads, in its order.</summary>
    private const string ChunkColumns =
        "chunk.chunk_id, chunk_text.text, chunk.start, chunk.\"end\", chunk.token_count, chunk.page_start, chunk.page_end, chunk.headings";

    public static StoredDocument Document(SqliteRow row, string collection) => new()
    {
        CollectionId = collection,
        DocumentId = row.GetString(0),
        TaskId = row.GetString(1),
        Version = row.GetInt32(2),
        Title = Text(row, 3),
        Description = Text(row, 4),
        Tags = ReadStrings(row.GetString(5)),
        Metadata = Text(row, 6) is { } metadata ? JsonElement.Parse(metadata) : null,
        Source = JsonSerializer.Deserialize<StoredSource>(row.GetString(7))!,
        PageCount = row.IsDBNull(8) ? null : row.GetInt32(8),
        PageStarts = JsonSerializer.Deserialize<int[]>(row.GetString(9))!,
        Language = Text(row, 10),
        Warnings = ReadStrings(row.GetString(11)),
        Model = row.GetString(12),
        Dimension = row.GetInt32(13),
        ChunkCount = row.GetInt32(14),
        TokenCount = row.GetInt64(15),
        ContentLength = row.GetInt32(16),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(17)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(18)),
    };

    public static StoredDocument ReadVersion(SqliteSession session, string collection, long version) =>
        session.First($"SELECT {DocumentColumns} FROM version WHERE id=$version", row => Document(row, collection), ("$version", version))!;

    public static StoredChunk ReadChunk(SqliteSession session, long chunk, int index) =>
        session.First(
            $"SELECT {ChunkColumns} FROM chunk JOIN chunk_text USING(id) WHERE chunk.id=$id",
            row => Chunk(row, index, vectors: false), ("$id", chunk))!;

    /// <summary>Chunks of a version from index <paramref name="skip"/> on.</summary>
    public static List<StoredChunk> ReadChunks(SqliteSession session, VersionRow version, int skip, int count, bool vectors)
    {
        var index = skip;
        var first = version.FirstChunk + skip;
        return session.List(
            $"""
            SELECT {ChunkColumns}, {(vectors ? "chunk_vector.numbers" : "NULL")} FROM chunk JOIN chunk_text USING(id)
            {(vectors ? "LEFT JOIN chunk_vector USING(id)" : "")} WHERE chunk.id>=$first AND chunk.id<$end ORDER BY chunk.id
            """,
            row => Chunk(row, index++, vectors), ("$first", first), ("$end", Math.Min(first + count, version.EndChunk)));
    }

    public static string WriteStrings(IReadOnlyList<string> strings) => strings.Count == 0 ? "[]" : JsonSerializer.Serialize(strings);

    private static StoredChunk Chunk(SqliteRow row, int index, bool vectors) => new(
        row.GetString(0), index, row.GetString(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6),
        ReadStrings(row.GetString(7)), vectors && !row.IsDBNull(8) ? VectorBlob.Read(row, 8).ToArray() : null);

    private static string[] ReadStrings(string json) => json == "[]" ? [] : JsonSerializer.Deserialize<string[]>(json)!;

    private static string? Text(SqliteRow row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
