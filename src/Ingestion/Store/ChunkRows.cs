using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>A chunk with its words counted, ready for the writer.</summary>
/// <param name="Index">In the version's chunks, then in its parents.</param>
/// <param name="Terms">Null for a parent: it is not searched.</param>
internal sealed record ChunkToWrite(int Index, NewChunk Chunk, string Text, string? Terms, int Words)
{
    public static ChunkToWrite Of(long collection, NewVersion version, int index)
    {
        var searched = index < version.Chunks.Count;
        var chunk = searched ? version.Chunks[index] : version.Parents[index - version.Chunks.Count];
        var text = version.Content.AsSpan(chunk.Start, chunk.End - chunk.Start);
        var (terms, words) = searched ? WordIndex.TermsOf(collection, text) : (null, 0);
        return new ChunkToWrite(index, chunk, text.ToString(), terms, words);
    }
}

/// <summary>Writes chunks, their texts and their words.</summary>
internal static class ChunkRows
{
    /// <summary>The first of so many ids in a row that no chunk has had before.</summary>
    public static long TakeIds(SqliteSession session, int count) => session.Scalar<long>(
        "UPDATE chunk_sequence SET next=next+$count RETURNING next-$count", ("$count", count));

    /// <param name="parentsFrom">The index of the version's first parent.</param>
    public static void Insert(SqliteSession session, long firstChunk, int parentsFrom, ChunkToWrite row)
    {
        var chunk = row.Chunk;
        var id = firstChunk + row.Index;
        session.Execute(
            """
            INSERT INTO chunk(id, chunk_id, words, start, "end", token_count, page_start, page_end, headings)
            VALUES($id, $chunk, $words, $start, $end, $tokens, $from, $to, $headings)
            """,
            ("$id", id), ("$chunk", chunk.ChunkId), ("$words", row.Words), ("$start", chunk.StartCodePoint), ("$end", chunk.EndCodePoint),
            ("$tokens", chunk.TokenCount), ("$from", chunk.PageStart), ("$to", chunk.PageEnd),
            ("$headings", StoredJson.WriteStrings(chunk.HeadingPath)));
        session.Execute("INSERT INTO chunk_text(id, text) VALUES($id, $text)", ("$id", id), ("$text", row.Text));
        if (chunk.Context is not null) InsertContext(session, id, firstChunk + parentsFrom + chunk.Parent, chunk.Context);
        if (row.Terms is not null) session.Execute("INSERT INTO chunk_words(rowid, terms) VALUES($id, $terms)", ("$id", id), ("$terms", row.Terms));
    }

    private static void InsertContext(SqliteSession session, long id, long? parent, ChunkContext context)
    {
        var (level, window, header) = context;
        session.Execute(
            """
            INSERT INTO chunk_context(id, level, parent, window_start, window_end, header_start, header)
            VALUES($id, $level, $parent, $from, $to, $start, $header)
            """,
            ("$id", id), ("$level", level), ("$parent", parent), ("$from", window?.Start), ("$to", window?.End),
            ("$start", header?.Start), ("$header", header?.Text));
    }
}
