using System.Text.Json;
using Ingestion.Chunking;
using Ingestion.Postgres;

namespace Ingestion.Store.Postgres;

/// <summary>Writes one version and its chunks in one transaction, many rows a statement: a crash leaves nothing of it.</summary>
internal sealed class PostgresStaging(PostgresCollection collection, NewVersion version, PostgresWords words, DateTimeOffset now)
{
    private const int RowsPerStatement = 500;
    private const int CharactersPerStatement = 1 << 20;

    private int RowCount => version.Chunks.Count + version.Parents.Count;

    public async Task<StagedVersion> RunAsync(PostgresSession session)
    {
        session.Queue("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, $2))", version.DocumentId, collection.Id);
        PostgresRemoval.DropStaged(session, version.TenantId, version.TaskId);
        var id = await InsertVersionAsync(session);
        session.Queue("INSERT INTO ingestion.content(version, text) VALUES($1, $2)", id, version.Content);
        long wordCount = 0;
        for (var next = 0; next < RowCount;)
        {
            // No more than one step's rows wait in memory.
            if (next > 0) await session.SendAsync();
            (next, wordCount) = await InsertChunksAsync(session, id, next, wordCount);
        }
        session.Queue("SELECT gin_clean_pending_list('ingestion.chunk_terms')");
        var vectors = await TakeVectorsAsync(session, id, wordCount);
        return new(
            version.TenantId, collection.Name, version.DocumentId, version.TaskId, version.Model, version.Chunks.Count,
            version.Chunks.Sum(chunk => (long)chunk.TokenCount), vectors)
        {
            Id = id,
            Space = collection.Space,
        };
    }

    private Task<long> InsertVersionAsync(PostgresSession session) => session.ScalarAsync<long>(
        """
        INSERT INTO ingestion.version(collection, document, task, state, chunk_count, parent_count, token_count, bytes, model, created_at,
          updated_at, content_length, page_count, title, description, language, tags, metadata, source, warnings, page_starts, preface,
          fingerprint, chunking)
        VALUES($1, $2, $3, 'staged', $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        RETURNING id
        """,
        collection.Id, version.DocumentId, version.TaskId, version.Chunks.Count, version.Parents.Count,
        version.Chunks.Sum(chunk => (long)chunk.TokenCount), version.Source.Size, version.Model, now, new CodePoints(version.Content).Total,
        version.PageCount, version.Title, version.Description, version.Language, StoredJson.WriteStrings(version.Tags),
        version.Metadata?.GetRawText(), JsonSerializer.Serialize(version.Source), StoredJson.WriteStrings(version.Warnings),
        JsonSerializer.Serialize(version.PageStarts), version.Preface, version.Fingerprint, version.Chunking);

    private async Task<(int Next, long Words)> InsertChunksAsync(PostgresSession session, long id, int from, long wordCount)
    {
        var chunks = new List<NewChunk>();
        var texts = new List<string>();
        for (int at = from, characters = 0; at < RowCount && chunks.Count < RowsPerStatement && characters < CharactersPerStatement; at++)
        {
            var chunk = at < version.Chunks.Count ? version.Chunks[at] : version.Parents[at - version.Chunks.Count];
            chunks.Add(chunk);
            texts.Add(version.Content[chunk.Start..chunk.End]);
            characters += texts[^1].Length;
        }
        session.Queue(
            """
            INSERT INTO ingestion.chunk(version, place, chunk_id, start_at, end_at, token_count, page_start, page_end, headings, text, level,
              parent, window_start, window_end, header_start, header)
            SELECT $1, $2 + n - 1, chunk_id, start_at, end_at, token_count, page_start, page_end, headings, text, level, parent, window_start,
              window_end, header_start, header
            FROM unnest($3::text[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::integer[], $9::text[], $10::text[],
              $11::integer[], $12::integer[], $13::integer[], $14::integer[], $15::integer[], $16::text[]) WITH ORDINALITY
              AS given(chunk_id, start_at, end_at, token_count, page_start, page_end, headings, text, level, parent, window_start, window_end,
                header_start, header, n)
            """,
            id, from, Of(chunk => chunk.ChunkId), Of(chunk => chunk.StartCodePoint), Of(chunk => chunk.EndCodePoint), Of(chunk => chunk.TokenCount),
            Of(chunk => chunk.PageStart), Of(chunk => chunk.PageEnd), Of(chunk => PostgresSession.Storable(StoredJson.WriteStrings(chunk.HeadingPath))),
            texts.ConvertAll(PostgresSession.Storable).ToArray(), Of(chunk => chunk.Context?.Level),
            Of(chunk => chunk.Context is null ? null : version.Chunks.Count + chunk.Parent), Of(chunk => chunk.Context?.Window?.Start),
            Of(chunk => chunk.Context?.Window?.End), Of(chunk => chunk.Context?.Header?.Start),
            Of(chunk => PostgresSession.Storable(chunk.Context?.Header?.Text)));

        // Larger chunks are kept to be read, not searched.
        var searched = texts[..Math.Clamp(version.Chunks.Count - from, 0, texts.Count)];
        var terms = await words.TermsOfAsync(session, collection.Id, version.Language, searched);
        session.Queue(
            """
            INSERT INTO ingestion.chunk_words(version, place, words, terms)
            SELECT $1, $2 + n - 1, words, CASE WHEN terms='' THEN ''::tsvector ELSE array_to_tsvector(string_to_array(terms, ' ')) END
            FROM unnest($3::integer[], $4::text[]) WITH ORDINALITY AS given(words, terms, n)
            """,
            id, from, terms.Select(text => text.Words).ToArray(), terms.Select(text => text.Terms).ToArray());
        return (from + chunks.Count, wordCount + terms.Sum(text => (long)text.Words));

        T[] Of<T>(Func<NewChunk, T> value) => [.. chunks.Select(value)];
    }

    /// <summary>Chunks whose id the visible version has too take over its vectors, where the model is the same. Gives how many.</summary>
    private Task<int> TakeVectorsAsync(PostgresSession session, long id, long wordCount) => session.ScalarAsync<int>(
        """
        WITH visible AS (
          SELECT id, dimension FROM ingestion.version WHERE collection=$2 AND document=$3 AND state='visible' AND model=$4),
        taken AS (
          INSERT INTO ingestion.chunk_vector(version, place, collection, embedding)
          SELECT $1, later.place, known.collection, known.embedding
          FROM visible JOIN ingestion.chunk AS former ON former.version=visible.id
          JOIN ingestion.chunk AS later ON later.version=$1 AND later.place<$5 AND later.chunk_id=former.chunk_id
          JOIN ingestion.chunk_vector AS known ON known.version=former.version AND known.place=former.place
          RETURNING version)
        UPDATE ingestion.version SET word_count=$6, vector_count=(SELECT count(*) FROM taken),
          dimension=coalesce((SELECT dimension FROM visible WHERE EXISTS(SELECT 1 FROM taken)), 0)
        WHERE id=$1 RETURNING vector_count
        """,
        id, collection.Id, version.DocumentId, version.Model, version.Chunks.Count, wordCount);
}
