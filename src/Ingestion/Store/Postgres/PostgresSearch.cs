using System.Globalization;
using Ingestion.Postgres;
using Npgsql;

namespace Ingestion.Store.Postgres;

/// <summary>
/// Searches one collection, with the scores of <see cref="SqliteSearch"/>: words by BM25 over its own chunks, vectors by cosine, and both by
/// <see cref="RankFusion"/>. Vectors are compared one by one, exactly, as long as there are few to compare; else the collection's index is
/// asked, and where a filter leaves too little of its answer, all are compared after all.
/// </summary>
internal sealed class PostgresSearch(PostgresDatabase database, PostgresWords words, PostgresVectorIndexes indexes)
{
    /// <summary>Different words of a query that count.</summary>
    private const int MaxWords = 64;

    /// <summary>Chunks from which on stop words are left out of a query that has other words: a large part of all chunks has them.</summary>
    private const int CommonFrom = 4096;

    /// <summary>Words of chunks that one journey may bring: what a search has in memory is bounded by it, and by one word of the collection.</summary>
    private const int MostPostings = 2_000_000;

    /// <summary>The first pgvector whose index goes on until a filter has let enough through.</summary>
    private static readonly Version Iterative = new(0, 8);

    public async Task<IReadOnlyList<SearchHit>> SearchAsync(SearchQuery query, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.TopK, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.TopK, 1000);
        var filter = DocumentFilter.From(query.Filter);
        return await database.ReadAsync(session => SearchAsync(session, query, filter), cancel);
    }

    private async Task<IReadOnlyList<SearchHit>> SearchAsync(PostgresSession session, SearchQuery query, DocumentFilter? filter)
    {
        // Small tables in a test and large ones in earnest take the same way; compiling a query costs more than running it; what a common
        // word finds is kept chunk by chunk, not by the page.
        session.Queue(
            """
            SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
              set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), 32 << 20) / 1024 || 'kB', true)
            """);
        if (await PostgresCollection.FindAsync(session, query.TenantId, query.CollectionId) is not { Chunks: > 0 } collection) return [];
        query.CheckModel(collection.Model);
        var scope = new Scope(session, collection, filter is null ? null : await MatchingAsync(session, collection.Id, filter));
        if (scope.Allowed is { Length: 0 }) return [];
        var depth = Math.Max(RankFusion.Depth, query.TopK);
        var ranked = query.Mode switch
        {
            SearchMode.Text => await RankTextAsync(scope, query.Text, query.TopK),
            SearchMode.Vector => await RankVectorsAsync(scope, query.Vector, query.TopK),
            SearchMode.Hybrid => RankFusion.Fuse(
                await RankTextAsync(scope, query.Text, depth), await RankVectorsAsync(scope, query.Vector, depth), collection.Model, query.TopK),
        };
        return await LoadAsync(scope, [.. ranked.TakeWhile(hit => hit.Score >= query.Threshold)]);
    }

    private static async Task<Matching> MatchingAsync(PostgresSession session, long collection, DocumentFilter filter)
    {
        var visible = await session.ListAsync(
            """
            SELECT id, document, title, tags, metadata, chunk_count FROM ingestion.version
            WHERE collection=$1 AND state='visible' AND ($2::text IS NULL OR document=$2)
            """,
            row => (Id: row.GetInt64(0), Chunks: (long)row.GetInt32(5), Matches: filter.Matches(
                row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4))),
            collection, filter.DocumentId);
        visible.RemoveAll(version => !version.Matches);
        return new Matching([.. visible.Select(version => version.Id)], visible.Sum(version => version.Chunks));
    }

    private async Task<List<Ranked>> RankTextAsync(Scope scope, string? text, int count)
    {
        var terms = await words.QueryAsync(scope.Session, scope.Collection.Id, text, MaxWords, leaveCommon: scope.Collection.Chunks > CommonFrom);
        if (terms.Terms.Length == 0) return [];
        var collection = scope.Collection;
        var postings = new PostgresPostings(collection.Chunks, (double)collection.Words / collection.Chunks);
        foreach (var group in terms.Words.Distinct().Chunk((int)Math.Max(1, MostPostings / collection.Chunks)))
        {
            await ReadPostingsAsync(scope.Session, postings, [.. Enumerable.Range(0, terms.Terms.Length).Where(term => group.Contains(terms.Words[term]))], terms);
            var visible = await scope.Session.ListAsync(
                "SELECT id FROM ingestion.version WHERE id=ANY($1) AND state='visible'", row => row.GetInt64(0), postings.Unknown);
            postings.Weigh(group, visible, terms.Telling);
        }
        return [.. postings.Best(scope.Allowed?.ToHashSet(), count).Select(scope.Rank)];
    }

    private static Task ReadPostingsAsync(PostgresSession session, PostgresPostings postings, int[] asked, QueryTerms terms) => session.VisitAsync(
        """
        SELECT term.place::integer, found.chunks, found.words
        FROM unnest($1::text[]) WITH ORDINALITY AS term(term, place)
        CROSS JOIN LATERAL (
          SELECT array_agg(version << 31 | place) AS chunks, array_agg(words) AS words
          FROM ingestion.chunk_words WHERE terms @@ ('''' || term.term || '''')::tsquery) AS found
        WHERE found.chunks IS NOT NULL
        """,
        row =>
        {
            var term = asked[row.GetInt32(0) - 1];
            postings.Add(terms.Words[term], terms.Counts[term], row.GetFieldValue<long[]>(1), row.GetFieldValue<int[]>(2));
        },
        [Array.ConvertAll(asked, term => terms.Terms[term])]);

    private async Task<List<Ranked>> RankVectorsAsync(Scope scope, ReadOnlyMemory<float> vector, int count)
    {
        var dimension = scope.Collection.Dimension;
        if (vector.IsEmpty || dimension == 0) return [];
        if (vector.Length != dimension) throw new ArgumentException($"The query's vector has {vector.Length} numbers, the collection's have {dimension}.");
        if (vector.Span.IndexOfAnyExcept(0) < 0) return [];
        var query = vector.ToArray();
        if (scope.Candidates > indexes.ExactUpTo && await PostgresVectorIndexes.IsReadyAsync(scope.Session, scope.Collection))
        {
            var ranked = await AskIndexAsync(scope, query, count);
            // Whatever comes after what is unlike the query is unlike it too.
            if (ranked.Count >= Math.Min(count, scope.Candidates) || ranked is [.., { Score: <= 0 }]) return Likely(ranked);
        }
        return Likely(await scope.Session.ListAsync(
            """
            SELECT version, place, 1 - distance FROM (
              SELECT chunk_vector.version, place, embedding <=> $1::real[]::vector AS distance
              FROM ingestion.version JOIN ingestion.chunk_vector ON chunk_vector.version=version.id
              WHERE version.collection=$2 AND state='visible' AND ($3::bigint[] IS NULL OR version.id=ANY($3))
              ORDER BY distance, version, place LIMIT $4) AS nearest
            ORDER BY distance, version, place
            """,
            scope.Rank, query, scope.Collection.Id, scope.Allowed, count));
    }

    private async Task<List<Ranked>> AskIndexAsync(Scope scope, float[] query, int count)
    {
        var (id, dimension) = (scope.Collection.Id, scope.Collection.Dimension);
        var wide = Math.Clamp(2 * count, 100, 1000).ToString(CultureInfo.InvariantCulture);
        scope.Session.Queue("SELECT set_config('hnsw.ef_search', $1, true)", wide);
        if (database.VectorVersion >= Iterative) scope.Session.Queue("SELECT set_config('hnsw.iterative_scan', 'strict_order', true)");
        return await scope.Session.ListAsync(
            $"""
            SELECT version, place, 1 - (embedding::vector({dimension}) <=> $1::real[]::vector({dimension})) AS score
            FROM ingestion.chunk_vector
            WHERE {PostgresVectorIndexes.Condition(id, dimension)} AND ($2::bigint[] IS NULL OR version=ANY($2))
              AND (SELECT state FROM ingestion.version WHERE version.id=chunk_vector.version)='visible'
            ORDER BY embedding::vector({dimension}) <=> $1::real[]::vector({dimension}) LIMIT $3
            """,
            scope.Rank, query, scope.Allowed, count);
    }

    /// <summary>Without what is no likeness, and where a vector is zero no number.</summary>
    private static List<Ranked> Likely(List<Ranked> ranked)
    {
        ranked.RemoveAll(hit => !(hit.Score > 0));
        return ranked;
    }

    private static async Task<IReadOnlyList<SearchHit>> LoadAsync(Scope scope, List<Ranked> ranked)
    {
        if (ranked.Count == 0) return [];
        var places = ranked.ConvertAll(hit => scope.At(hit.Place));
        var versions = places.Select(at => at.Version).Distinct().ToArray();
        var documents = await PostgresRows.ReadVersionsAsync(scope.Session, scope.Collection.Name, versions);
        var chunks = await PostgresRows.ReadChunksAsync(
            scope.Session, [.. places.Select(at => at.Version)], [.. places.Select(at => at.Place)]);
        var contents = new Dictionary<long, SlicedContent>();
        var hits = new List<SearchHit>(ranked.Count);
        for (var i = 0; i < ranked.Count; i++)
        {
            var chunk = chunks[places[i]];
            if (chunk.Context?.Window is { } window)
            {
                if (!contents.TryGetValue(places[i].Version, out var content))
                    contents.Add(places[i].Version, content = new SlicedContent((await PostgresRows.ReadContentAsync(scope.Session, places[i].Version))!));
                chunk = chunk with { Window = content.Slice(window) };
            }
            hits.Add(new SearchHit(documents[places[i].Version], chunk, ranked[i].Score));
        }
        return hits;
    }

    /// <param name="Versions">That the filter lets through.</param>
    /// <param name="Chunks">Of those.</param>
    private sealed record Matching(long[] Versions, long Chunks);

    /// <summary>What one search looks at, and the chunks that it has met so far.</summary>
    private sealed class Scope(PostgresSession session, PostgresCollection collection, Matching? matching)
    {
        private readonly List<(long Version, int Place)> _met = [];
        private readonly Dictionary<(long Version, int Place), int> _numbers = [];

        public PostgresSession Session => session;
        public PostgresCollection Collection => collection;
        public long[]? Allowed => matching?.Versions;
        public long Candidates => matching?.Chunks ?? collection.Chunks;

        public (long Version, int Place) At(int number) => _met[number];

        /// <summary>Of a row of version, place and score.</summary>
        public Ranked Rank(NpgsqlDataReader row) => Rank((row.GetInt64(0), row.GetInt32(1), (float)row.GetDouble(2)));

        public Ranked Rank((long Version, int Place, float Score) hit)
        {
            var at = (hit.Version, hit.Place);
            if (!_numbers.TryGetValue(at, out var number))
            {
                _numbers.Add(at, number = _met.Count);
                _met.Add(at);
            }
            return new Ranked(number, Math.Min(hit.Score, 1));
        }
    }
}
