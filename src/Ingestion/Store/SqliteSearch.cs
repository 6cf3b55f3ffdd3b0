using System.Buffers;
using System.Numerics.Tensors;
using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>
/// Searches one collection: words by BM25 over its own chunks, vectors by exact cosine, and both by reciprocal rank fusion.
/// <list type="bullet">
/// <item>Text: the sum of each word's BM25 weight, as a share of what a chunk would get that says nothing but the query's words, over and
/// over; words that the collection does not have count too. A chunk with every word once is near 0.45.</item>
/// <item>Vector: the cosine, where it is above 0.</item>
/// <item>Hybrid: <see cref="RankFusion"/>.</item>
/// </list>
/// A chunk that scores 0 is no hit.
/// </summary>
internal sealed class SqliteSearch(SqliteDatabase database, CollectionCache cache)
{
    /// <summary>Different words of a query that count.</summary>
    private const int MaxWords = 64;

    /// <summary>Numbers of vectors that are worth a thread of their own, and how many threads one search may take.</summary>
    private const int NumbersPerScan = 4_000_000;
    private const int MostScans = 4;

    private const float Saturation = 1.2f;
    private const float LengthWeight = 0.75f;

    /// <summary>A word in more than this share of a large collection's chunks is not looked up where the query has rarer ones.</summary>
    private const double CommonShare = 0.4;
    private const int CommonFrom = 4096;

    public IReadOnlyList<SearchHit> Search(SearchQuery query, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.TopK, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.TopK, 1000);
        var filter = DocumentFilter.From(query.Filter);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (database.Read(session => TrySearch(session, query, filter, cancel)) is { } hits) return hits;
        }
    }

    /// <summary>Null where the session's snapshot of the file is older than what is in memory.</summary>
    private List<SearchHit>? TrySearch(SqliteSession session, SearchQuery query, DocumentFilter? filter, CancellationToken cancel)
    {
        if (CollectionRow.Find(session, query.TenantId, query.CollectionId) is not { } collection) return [];
        query.CheckModel(collection.Model);
        if (cache.Get(session, collection) is not { } snapshot) return null;
        if (snapshot.ChunkCount == 0) return [];
        var allowed = filter is null
            ? null
            : snapshot.Allowed(query.Filter!.Value.GetRawText(), () => Matching(session, collection.Id, filter));
        cancel.ThrowIfCancellationRequested();
        var ranked = query.Mode switch
        {
            SearchMode.Text => RankText(session, collection.Id, snapshot, query.Text, allowed, query.TopK),
            SearchMode.Vector => RankVectors(session, snapshot, query.Vector.Span, allowed, query.TopK),
            SearchMode.Hybrid => RankFusion.Fuse(
                RankText(session, collection.Id, snapshot, query.Text, allowed, Math.Max(RankFusion.Depth, query.TopK)),
                RankVectors(session, snapshot, query.Vector.Span, allowed, Math.Max(RankFusion.Depth, query.TopK)),
                collection.Model, query.TopK),
        };
        return Load(session, collection, snapshot, ranked, query.Threshold);
    }

    private static HashSet<long> Matching(SqliteSession session, long collection, DocumentFilter filter)
    {
        var matching = new HashSet<long>();
        session.Visit("""
            SELECT id, document, title, tags, metadata FROM version
            WHERE collection=$collection AND state='visible' AND ($document IS NULL OR document=$document)
            """,
            row =>
            {
                var title = row.IsDBNull(2) ? null : row.GetString(2);
                var metadata = row.IsDBNull(4) ? null : row.GetString(4);
                if (filter.Matches(row.GetString(1), title, row.GetString(3), metadata)) matching.Add(row.GetInt64(0));
                return true;
            },
            ("$collection", collection), ("$document", filter.DocumentId));
        return matching;
    }

    private static List<Ranked> RankText(
        SqliteSession session, long collection, CollectionSnapshot snapshot, string? text, bool[]? allowed, int count)
    {
        var words = WordIndex.QueryWords(text, MaxWords).ConvertAll(word => WordIndex.Find(session, collection, word));
        words.Sort((left, right) => left.Chunks.CompareTo(right.Chunks));
        if (!words.Exists(word => word.Chunks > 0)) return [];

        var scores = ArrayPool<float>.Shared.Rent(snapshot.ChunkCount);
        scores.AsSpan(0, snapshot.ChunkCount).Clear();
        var most = 0f;
        var found = false;
        foreach (var word in words)
        {
            if (found && word.Chunks > CommonFrom && word.Chunks > CommonShare * snapshot.ChunkCount) continue;
            var (weight, any) = AddWord(session, snapshot, word, scores);
            most += weight;
            found |= any;
        }
        var top = new TopRanked(count);
        for (var i = 0; i < snapshot.Segments.Length; i++)
        {
            if (allowed is not null && !allowed[i]) continue;
            ref readonly var segment = ref snapshot.Segments[i];
            for (var place = segment.Place; place < segment.Place + segment.Count; place++)
            {
                if (scores[place] > 0) top.Add(place, scores[place] / most);
            }
        }
        ArrayPool<float>.Shared.Return(scores);
        return top.ToList();
    }

    /// <summary>Adds what the word is worth in each visible chunk that has it; gives its weight in this collection.</summary>
    private static (float Weight, bool Found) AddWord(SqliteSession session, CollectionSnapshot snapshot, WordTerms word, float[] scores)
    {
        var postings = new List<(int Segment, int Offset, int Count)>((int)Math.Min(word.Chunks, snapshot.ChunkCount));
        foreach (var (term, count) in word.Terms)
        {
            var at = 0;
            WordIndex.Visit(session, term, chunk =>
            {
                var index = snapshot.IndexOfChunk(chunk, at);
                if (index < 0) return;
                at = index;
                postings.Add((index, (int)(chunk - snapshot.Segments[index].FirstChunk), count));
            });
        }
        var weight = MathF.Log(1 + (snapshot.ChunkCount - postings.Count + 0.5f) / (postings.Count + 0.5f));
        foreach (var (index, offset, count) in postings)
        {
            ref readonly var segment = ref snapshot.Segments[index];
            var length = segment.Words[offset] / snapshot.AverageWords;
            scores[segment.Place + offset] += weight * count / (count + Saturation * (1 - LengthWeight + LengthWeight * length));
        }
        return (weight, postings.Count > 0);
    }

    private static List<Ranked> RankVectors(
        SqliteSession session, CollectionSnapshot snapshot, ReadOnlySpan<float> query, bool[]? allowed, int count)
    {
        if (query.IsEmpty || snapshot.Dimension == 0) return [];
        if (query.Length != snapshot.Dimension)
            throw new ArgumentException($"The query's vector has {query.Length} numbers, the collection's have {snapshot.Dimension}.");
        var norm = TensorPrimitives.Norm(query);
        if (norm == 0) return [];
        var unit = new float[query.Length];
        TensorPrimitives.Divide(query, norm, unit);

        var top = new TopRanked(count);
        if (snapshot.HasVectors) ScanMemory(snapshot, unit, allowed, top, count);
        else ScanFile(session, snapshot, unit, allowed, top);
        return top.ToList();
    }

    /// <summary>Large collections on several processors: it is the memory that a scan waits for, and each has its own way to it.</summary>
    private static void ScanMemory(CollectionSnapshot snapshot, float[] unit, bool[]? allowed, TopRanked top, int count)
    {
        var parts = (int)Math.Clamp((long)snapshot.ChunkCount * snapshot.Dimension / NumbersPerScan, 1, Math.Min(Environment.ProcessorCount, MostScans));
        if (parts == 1)
        {
            ScanPlaces(snapshot, unit, allowed, 0, snapshot.ChunkCount, top);
            return;
        }
        var tops = new TopRanked[parts];
        Parallel.For(0, parts, part => ScanPlaces(
            snapshot, unit, allowed, Begin(part), Begin(part + 1), tops[part] = new TopRanked(count)));
        foreach (var best in tops)
        {
            foreach (var (place, score) in best.ToList()) top.Add(place, score);
        }

        int Begin(int part) => (int)((long)snapshot.ChunkCount * part / parts);
    }

    private static void ScanPlaces(CollectionSnapshot snapshot, ReadOnlySpan<float> unit, bool[]? allowed, int from, int end, TopRanked top)
    {
        for (var i = snapshot.IndexAtPlace(from); i < snapshot.Segments.Length; i++)
        {
            ref readonly var segment = ref snapshot.Segments[i];
            if (segment.Place >= end) return;
            if (allowed is not null && !allowed[i]) continue;
            var last = Math.Min(segment.Count, end - segment.Place);
            for (var row = Math.Max(0, from - segment.Place); row < last; row++)
            {
                var cosine = TensorPrimitives.Dot(unit, segment.Block.Vector(segment.Row + row));
                if (cosine > 0) top.Add(segment.Place + row, Math.Min(cosine, 1));
            }
        }
    }

    private static void ScanFile(SqliteSession session, CollectionSnapshot snapshot, float[] unit, bool[]? allowed, TopRanked top)
    {
        for (var i = 0; i < snapshot.Segments.Length; i++)
        {
            if (allowed is not null && !allowed[i]) continue;
            var segment = snapshot.Segments[i];
            session.Visit("SELECT id, numbers FROM chunk_vector WHERE id>=$first AND id<$end", row =>
            {
                var cosine = TensorPrimitives.CosineSimilarity(unit, VectorBlob.Read(row, 1));
                if (cosine > 0) top.Add(segment.Place + (int)(row.GetInt64(0) - segment.FirstChunk), Math.Min(cosine, 1));
                return true;
            }, ("$first", segment.FirstChunk), ("$end", segment.FirstChunk + segment.Count));
        }
    }

    private static List<SearchHit> Load(
        SqliteSession session, CollectionRow collection, CollectionSnapshot snapshot, List<Ranked> ranked, double threshold)
    {
        var documents = new Dictionary<long, StoredDocument>();
        var contents = new Dictionary<long, SlicedContent>();
        var hits = new List<SearchHit>(ranked.Count);
        foreach (var (place, score) in ranked)
        {
            if (score < threshold) break;
            var segment = snapshot.AtPlace(place);
            if (!documents.TryGetValue(segment.Version, out var document))
                documents.Add(segment.Version, document = StoredRows.ReadVersion(session, collection.Name, segment.Version));
            var index = place - segment.Place;
            var chunk = StoredRows.ReadChunk(session, segment.FirstChunk, segment.Count, index);
            if (chunk.Context?.Window is { } window)
            {
                if (!contents.TryGetValue(segment.Version, out var content))
                    contents.Add(segment.Version, content = new SlicedContent(
                        session.Scalar<string>("SELECT text FROM content WHERE version=$version", ("$version", segment.Version))!));
                chunk = chunk with { Window = content.Slice(window) };
            }
            hits.Add(new SearchHit(document, chunk, score));
        }
        return hits;
    }
}
