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
    private const string ChunkColumns = """
        chunk.chunk_id, chunk_text.text, chunk.start, chunk."end", chunk.token_count, chunk.page_start, chunk.page_end, chunk.headings,
        chunk_context.level, parent.chunk_id, chunk_context.window_start, chunk_context.window_end, chunk_context.header_start,
        chunk_context.header
        """;

    private const string ChunkTables = """
        chunk JOIN chunk_text USING(id) LEFT JOIN chunk_context USING(id) LEFT JOIN chunk AS parent ON parent.id=chunk_context.parent
        """;

    public static StoredDocument Document(SqliteRow row, string collection) => new()
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
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(17)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(18)),
    };

    public static StoredDocument ReadVersion(SqliteSession session, string collection, long version) =>
        session.First($"SELECT {DocumentColumns} FROM version WHERE id=$version", row => Document(row, collection), ("$version", version))!;

    /// <summary>One of the chunks that have the ids from <paramref name="first"/> on.</summary>
    public static StoredChunk ReadChunk(SqliteSession session, long first, int count, int index) =>
        ReadChunks(session, first, count, index, 1, vectors: false)[0];

    /// <summary>Of the chunks that have the ids from <paramref name="first"/> on, those from index <paramref name="skip"/> on.</summary>
    public static List<StoredChunk> ReadChunks(SqliteSession session, long first, int count, int skip, int take, bool vectors)
    {
        // One more on each side: its neighbours name it.
        var from = Math.Max(skip - 1, 0);
        var index = from;
        var rows = session.List(
            $"""
            SELECT {ChunkColumns}, {(vectors ? "chunk_vector.numbers" : "NULL")} FROM {ChunkTables}
            {(vectors ? "LEFT JOIN chunk_vector ON chunk_vector.id=chunk.id" : "")}
            WHERE chunk.id>=$first AND chunk.id<$end ORDER BY chunk.id
            """,
            row => Chunk(row, index++, vectors), ("$first", first + from), ("$end", first + Math.Min((long)skip + take + 1, count)));
        var chunks = new List<StoredChunk>(take);
        for (var i = skip - from; i < rows.Count && chunks.Count < take; i++)
            chunks.Add(rows[i] with { PreviousId = Neighbour(rows, i, -1), NextId = Neighbour(rows, i, 1) });
        return chunks;
    }

    /// <summary>The larger chunks that those with these ids are a part of, the largest first.</summary>
    public static List<StoredChunk> ReadParents(SqliteSession session, VersionRow version, long from, long end)
    {
        var parents = new List<StoredChunk>();
        while (version.ParentCount > 0)
        {
            // Chunks side by side have parents side by side.
            var (first, last) = session.First(
                "SELECT min(parent), max(parent) FROM chunk_context WHERE id>=$from AND id<$end",
                row => row.IsDBNull(0) ? default : (row.GetInt64(0), row.GetInt64(1)), ("$from", from), ("$end", end));
            if (first == 0) break;
            parents.InsertRange(0, ReadChunks(
                session, version.EndChunk, version.ParentCount, (int)(first - version.EndChunk), (int)(last - first + 1), vectors: false));
            (from, end) = (first, last + 1);
        }
        return parents;
    }

    public static StoredSplit ReadSplit(SqliteSession session, VersionRow version) => new(
        session.Scalar<string>("SELECT text FROM content WHERE version=$version", ("$version", version.Id))!,
        session.List(
            """
            SELECT chunk.start, chunk."end", chunk.token_count, chunk_context.header_start, chunk_context.header
            FROM chunk LEFT JOIN chunk_context USING(id) WHERE chunk.id>=$first AND chunk.id<$end ORDER BY chunk.id
            """,
            row => new StoredSlice(
                row.GetInt32(0), row.GetInt32(1), row.GetInt32(2), row.IsDBNull(3) ? null : new TableHeaderRows(row.GetInt32(3), row.GetString(4))),
            ("$first", version.FirstChunk), ("$end", version.EndChunk)));

    private static StoredChunk Chunk(SqliteRow row, int index, bool vectors) => new(
        row.GetString(0), index, row.GetString(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6),
        StoredJson.ReadStrings(row.GetString(7)), vectors && !row.IsDBNull(14) ? VectorBlob.Read(row, 14).ToArray() : null)
    {
        Context = row.IsDBNull(8) ? null : new ChunkContext(
            row.GetInt32(8),
            row.IsDBNull(10) ? null : new CodePointRange(row.GetInt32(10), row.GetInt32(11)),
            row.IsDBNull(12) ? null : new TableHeaderRows(row.GetInt32(12), row.GetString(13))),
        ParentId = Text(row, 9),
    };

    /// <summary>Chunks of different levels are no neighbours.</summary>
    private static string? Neighbour(List<StoredChunk> rows, int at, int step) =>
        at + step >= 0 && at + step < rows.Count && LevelOf(rows[at + step]) == LevelOf(rows[at]) ? rows[at + step].ChunkId : null;

    private static int LevelOf(StoredChunk chunk) => chunk.Context?.Level ?? 0;

    private static string? Text(SqliteRow row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
