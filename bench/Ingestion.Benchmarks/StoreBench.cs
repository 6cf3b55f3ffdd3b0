using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Ingestion.Chunking;
using Ingestion.Embedding;
using Ingestion.Postgres;
using Ingestion.Sqlite;
using Ingestion.Store;
using Ingestion.Store.Postgres;

namespace Ingestion.Benchmarks;

/// <summary>
/// Storing and searching in an empty store: chunks stored a second, small documents a second, search latency at 10,000 and 100,000 chunks
/// beside a plain dot product over the same vectors, and the speed of the local embedder. On a SQLite file; where DATABASE_URL names an
/// empty database, in that one, beside what PostgreSQL does by itself.
/// </summary>
public static class StoreBench
{
    private const string Tenant = "bench";
    private const string Collection = "texts";
    private const int WordsPerChunk = 120;

    private static readonly string[] Vocabulary = MakeVocabulary(40_000);

    /// <param name="args">Sizes to measure the search at; none is 10000 100000.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        int[] sizes = args.Length == 0 ? [10_000, 100_000] : [.. args.Select(arg => int.Parse(arg, CultureInfo.InvariantCulture))];
        var folder = Directory.CreateTempSubdirectory("store-bench-");
        try
        {
            if (Environment.GetEnvironmentVariable("DATABASE_URL") is { Length: > 0 } url)
            {
                await using var plain = await PlainPostgres.OpenAsync(url);
                await using var postgres = new PostgresDatabase(PostgresAddress.Parse(url), PostgresStore.Schema);
                var store = new PostgresStore(postgres, TimeProvider.System);
                await postgres.OpenAsync(CancellationToken.None);
                Console.WriteLine(postgres.VectorVersion is { } version ? $"PostgreSQL with pgvector {version}" : "PostgreSQL without pgvector: no search of vectors");
                await RunAsync(
                    store, sizes, documents: 300, postgres.VectorVersion is null ? [SearchMode.Text] : Enum.GetValues<SearchMode>(),
                    () => store.MaintainIndexesAsync(CancellationToken.None), plain);
            }
            else
            {
                MeasureEmbedder();
                using var database = new SqliteDatabase(Path.Combine(folder.FullName, "bench.db"));
                await RunAsync(
                    new SqliteStore(database, TimeProvider.System), sizes, documents: 2000, Enum.GetValues<SearchMode>(), () => Task.CompletedTask);
                Console.WriteLine($"file: {new FileInfo(database.Path).Length / 1e6:F0} MB");
            }
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task RunAsync(
        IChunkStore store, int[] sizes, int documents, SearchMode[] modes, Func<Task> maintainAsync, PlainPostgres? plain = null)
    {
        await MeasureSmallDocumentsAsync(store, documents);
        var stored = 0;
        foreach (var size in sizes.Order())
        {
            await MeasureStoringAsync(store, stored, size);
            stored = size;
            var start = Stopwatch.GetTimestamp();
            await maintainAsync();
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > 1)
                Console.WriteLine($"{size} chunks: index of vectors made in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
            await MeasureSearchAsync(store, size, modes);
            if (plain is not null) await MeasurePlainAsync(plain, size, modes);
        }
    }

    private static async Task MeasurePlainAsync(PlainPostgres plain, int size, SearchMode[] modes)
    {
        Console.WriteLine($"{size} chunks: by PostgreSQL alone, INSERT … SELECT to_tsvector(text) {await plain.CopyAsync():F0} chunks/s");
        var queries = Queries();
        await MeasureAsync("ts_rank", query => plain.SearchTextAsync(query));
        if (!modes.Contains(SearchMode.Vector)) return;
        var collection = await plain.CollectionAsync(Collection);
        await MeasureAsync("nearest vectors", query => plain.SearchVectorsAsync(collection, query));

        async Task MeasureAsync(string what, Func<string, Task> searchAsync)
        {
            foreach (var query in queries[..20]) await searchAsync(query);
            Console.WriteLine($"{size} chunks: by PostgreSQL alone, {what} {await TimesAsync(queries, searchAsync)}");
        }
    }

    private static void MeasureEmbedder()
    {
        var random = new Random(1);
        var texts = Enumerable.Range(0, 2000).Select(_ => Text(random, 450)).ToArray();
        for (var round = 0; round < 3; round++)
        {
            foreach (var text in texts) LocalEmbedder.Embed(text);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        var processor = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        foreach (var text in texts) LocalEmbedder.Embed(text);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var used = (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / texts.Length;
        var characters = texts.Sum(text => (long)text.Length);
        Console.WriteLine(
            $"local embedder: {characters / seconds / 1e6:F1} MB/s by the clock, {characters / used / 1e6:F1} MB/s by processor time, "
            + $"texts of {characters / texts.Length} characters, {bytes} bytes allocated each");
    }

    private static async Task MeasureSmallDocumentsAsync(IChunkStore store, int documents)
    {
        var random = new Random(2);
        var drafts = Enumerable.Range(0, documents).Select(i => Draft("small", $"s{i:d6}", random, 1 + i % 3)).ToArray();
        foreach (var parallel in (int[])[1, 4, 16])
        {
            var next = parallel * documents;
            var count = parallel == 1 ? documents / 4 : documents;
            var processor = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = parallel }, async (i, _) =>
                await StoreAsync(store, drafts[i] with { DocumentId = $"{parallel}-{i}", TaskId = $"t{next + i:d9}" }));
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var used = (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
            Console.WriteLine(
                $"documents of 1-3 chunks, {parallel} at a time: {count / seconds:F0} documents/s by the clock, "
                + $"{count / used:F0} by processor time, their vectors computed");
        }
    }

    private static async Task MeasureStoringAsync(IChunkStore store, int from, int to)
    {
        const int perDocument = 500;
        var random = new Random(3 + from);
        double stage = 0, vectors = 0, commit = 0, used = 0;
        for (var at = from; at < to; at += perDocument)
        {
            var draft = Draft(Collection, $"d{at:d9}", random, Math.Min(perDocument, to - at));
            var values = draft.Chunks
                .Select(chunk => LocalEmbedder.Embed(draft.Content.AsSpan(chunk.Start, chunk.End - chunk.Start))).ToList();
            var processor = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            var staged = await store.StageAsync(draft, CancellationToken.None);
            stage += Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            await store.SaveVectorsAsync(staged, [.. values.Select((vector, i) => new ChunkVector(i, vector))], CancellationToken.None);
            vectors += Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            var committed = await store.CommitAsync(staged, CancellationToken.None);
            commit += Stopwatch.GetElapsedTime(start).TotalSeconds;
            used += (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
            if (committed.Kind != CommitKind.Committed) throw new InvalidOperationException($"{draft.DocumentId}: {committed.Kind}");
        }
        var count = to - from;
        Console.WriteLine(
            $"{count} chunks of {WordsPerChunk} words in documents of {perDocument}: {count / (stage + vectors + commit):F0} chunks/s "
            + $"by the clock, {count / used:F0}/s by processor time (stage {count / stage:F0}/s, vectors {count / vectors:F0}/s, "
            + $"a commit {commit / (count / perDocument) * 1000:F2} ms)");
    }

    private static async Task MeasureSearchAsync(IChunkStore store, int size, SearchMode[] modes)
    {
        var queries = Queries();
        var cold = Stopwatch.GetTimestamp();
        await SearchAsync(store, modes[^1], queries[0]);
        Console.WriteLine($"{size} chunks: first search {Stopwatch.GetElapsedTime(cold).TotalMilliseconds:F0} ms");
        foreach (var mode in modes)
        {
            foreach (var query in queries[..20]) await SearchAsync(store, mode, query);
        }
        var dot = MeasureDot(size);
        var dotProcessor = Environment.CpuUsage.TotalTime;
        var dots = queries.Select(dot).Order().ToList();
        var dotEach = (Environment.CpuUsage.TotalTime - dotProcessor).TotalMilliseconds / queries.Length;
        Console.WriteLine(
            $"{size} chunks: plain dot product best {dots[0]:F1} ms, p50 {dots[dots.Count / 2]:F1} ms, processor time {dotEach:F1} ms");
        foreach (var mode in modes)
        {
            Console.WriteLine($"{size} chunks: {mode} search {await TimesAsync(queries, query => SearchAsync(store, mode, query))}");
        }
        // A commit between two searches: only what changed is read again.
        await StoreAsync(store, Draft(Collection, "zz", new Random(7), 3) with { TaskId = Guid.CreateVersion7().ToString() });
        var after = Stopwatch.GetTimestamp();
        await SearchAsync(store, modes[^1], queries[1]);
        Console.WriteLine($"{size} chunks: search after a commit {Stopwatch.GetElapsedTime(after).TotalMilliseconds:F1} ms");
    }

    private static string[] Queries()
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, 100).Select(_ => Text(random, 3))];
    }

    private static async Task<string> TimesAsync(string[] queries, Func<string, Task> searchAsync)
    {
        var times = new List<double>();
        var processor = Environment.CpuUsage.TotalTime;
        foreach (var query in queries)
        {
            var start = Stopwatch.GetTimestamp();
            await searchAsync(query);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        var each = (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / queries.Length;
        var (middle, late) = (times[times.Count / 2], times[times.Count * 99 / 100]);
        return $"best {times[0]:F1} ms, p50 {middle:F1} ms, p99 {late:F1} ms, processor time {each:F1} ms";
    }

    /// <summary>The least that an exact search must do: one multiplication and addition a number, in one array.</summary>
    private static Func<string, double> MeasureDot(int size)
    {
        var vectors = new float[size * LocalEmbedder.Dimensions];
        new Random(5).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(vectors.AsSpan(0, LocalEmbedder.Dimensions)));
        for (var i = 0; i < vectors.Length; i++) vectors[i] = i % 7;
        return query =>
        {
            var unit = LocalEmbedder.Embed(query);
            var start = Stopwatch.GetTimestamp();
            var best = 0f;
            for (var i = 0; i < size; i++)
            {
                var row = vectors.AsSpan(i * LocalEmbedder.Dimensions, LocalEmbedder.Dimensions);
                best = Math.Max(best, TensorPrimitives.Dot<float>(unit, row));
            }
            GC.KeepAlive(best);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        };
    }

    private static Task<IReadOnlyList<SearchHit>> SearchAsync(IChunkStore store, SearchMode mode, string query) => store.SearchAsync(
        new SearchQuery
        {
            TenantId = Tenant,
            CollectionId = Collection,
            Mode = mode,
            Text = query,
            Vector = LocalEmbedder.Embed(query),
            TopK = 10,
        },
        CancellationToken.None);

    private static async Task StoreAsync(IChunkStore store, NewVersion version)
    {
        var staged = await store.StageAsync(version, CancellationToken.None);
        var pending = await store.ReadPendingAsync(staged, -1, int.MaxValue, CancellationToken.None);
        await store.SaveVectorsAsync(
            staged, [.. pending.Select(chunk => new ChunkVector(chunk.Index, LocalEmbedder.Embed(chunk.Text)))], CancellationToken.None);
        var committed = await store.CommitAsync(staged, CancellationToken.None);
        if (committed.Kind != CommitKind.Committed) throw new InvalidOperationException($"{version.DocumentId}: {committed.Kind}");
    }

    private static NewVersion Draft(string collection, string document, Random random, int chunkCount)
    {
        var texts = Enumerable.Range(0, chunkCount).Select(_ => Text(random, WordsPerChunk)).ToArray();
        var content = string.Join("\n\n", texts);
        var points = new CodePoints(content);
        var ids = new ChunkIds(Tenant, collection, document);
        var chunks = new List<NewChunk>();
        var at = 0;
        foreach (var text in texts)
        {
            var end = at + text.Length;
            chunks.Add(new NewChunk(ids.Next(text), at, end, points.Before(at), points.Before(end), WordsPerChunk, 0, 0, ["Chapter"]));
            at = end + 2;
        }
        return new NewVersion
        {
            TenantId = Tenant,
            CollectionId = collection,
            DocumentId = document,
            TaskId = document,
            Source = new StoredSource("text", null, null, null, content.Length, null),
            Content = content,
            Model = LocalEmbedder.Model,
            Chunks = chunks,
        };
    }

    /// <summary>Words drawn as in a language: few are frequent, most are rare.</summary>
    private static string Text(Random random, int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ =>
        Vocabulary[Math.Clamp((int)Math.Pow(Vocabulary.Length, random.NextDouble()) - 1, 0, Vocabulary.Length - 1)]));

    private static string[] MakeVocabulary(int count)
    {
        string[] syllables = ["ca", "sa", "ción", "tra", "men", "to", "fac", "tu", "ra", "do", "en", "per", "so", "na", "ver", "de", "lu"];
        var random = new Random(6);
        return [.. Enumerable.Range(0, count).Select(i => string.Concat(
            Enumerable.Range(0, i < 100 ? 1 + i % 2 : 2 + random.Next(3)).Select(_ => syllables[random.Next(syllables.Length)])))];
    }
}
