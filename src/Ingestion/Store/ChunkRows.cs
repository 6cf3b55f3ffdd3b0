using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>A chunk with its words counted, ready for the writer.</summary>
internal sealed record ChunkToWrite(int Index, NewChunk Chunk, string Text, string Terms, int Words)
{
    public static ChunkToWrite Of(long collection, NewVersion version, int index)
    {
        var chunk = version.Chunks[index];
        var text = version.Content.AsSpan(chunk.Start, chunk.End - chunk.Start);
        var (terms, words) = WordIndex.TermsOf(collection, text);
        return new ChunkToWrite(index, chunk, text.ToString(), terms, words);
    }
}

/// <summary>Writes chunks, their texts and their words.</summary>
internal static class ChunkRows
{
    /// <summary>The first of so many ids in a row that no chunk has had before.</summary>
    public static long TakeIds(SqliteSession session, int count) => session.Scalar<long>(
        "UPDATE chunk_sequence SET next=next+$count RETURNING next-$count", ("$count", count));

    public static void Insert(SqliteSession session, long firstChunk, ChunkToWrite row)
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
            ("$headings", StoredRows.WriteStrings(chunk.HeadingPath)));
        session.Execute("INSERT INTO chunk_text(id, text) VALUES($id, $text)", ("$id", id), ("$text", row.Text));
        session.Execute("INSERT INTO chunk_words(rowid, terms) VALUES($id, $terms)", ("$id", id), ("$terms", row.Terms));
    }
}
