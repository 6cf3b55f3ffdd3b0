using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ingestion.Benchmarks;

/// <summary>The whole service beside the stack that a team would write, on the same machine in the same run, turn by turn.</summary>
internal static class ServiceBench
{
    private const int SentAtOnce = 2;

    private static readonly string[] States = ["first", "next"];

    /// <summary>What the stack splits with: tokens, as it does by default and as the service does; and characters, which is less work.</summary>
    private static readonly string[] Splitters = ["llamaindex", "langchain"];

    public static async Task<int> RunAsync(string[] args)
    {
        var repository = FindRepository();
        var corpus = Path.Combine(repository, "..", "shared", "corpus");
        var rounds = args is [var first, ..] ? int.Parse(first, CultureInfo.InvariantCulture) : 2;
        var texts = Texts(2000);
        var mixed = Directory.Exists(corpus) ? Mixed(corpus) : [];
        var rows = new List<(string What, double[] Values)>();
        for (var round = 1; round <= rounds; round++)
        {
            await MeetAsync(repository, async all =>
            {
                foreach (var contestant in all) await RateAsync(contestant, texts[..200]);
                foreach (var state in States)
                    rows.Add(($"round {round}: the {state} {texts.Count} texts of 3 KB, docs/s", await EachAsync(all, one => RateAsync(one, texts))));
                if (mixed.Count > 0)
                {
                    foreach (var contestant in all) await RateAsync(contestant, mixed[..20]);
                    rows.Add(($"round {round}: {mixed.Count} mixed documents, docs/s", await EachAsync(all, one => RateAsync(one, mixed))));
                    Console.WriteLine($"  ours: {await ((IngestionService)all[0]).CountAsync("failed")} failed of all sent");
                }
                rows.Add(($"round {round}: peak memory, MB", [.. all.Select(one => one.PeakMemory() / 1e6)]));
            });
            // On stacks of their own: the idle service that one text meets is new, not full of the load's leavings.
            await MeetAsync(repository, async all =>
            {
                var times = new List<List<double>>();
                foreach (var contestant in all) times.Add(await TimesAsync(contestant, texts));
                rows.Add(($"round {round}: POST to completed of one text, p50 ms", [.. times.Select(some => Percentile(some, 0.50))]));
                rows.Add(($"round {round}: the same, p99 ms", [.. times.Select(some => Percentile(some, 0.99))]));
            });
        }
        Console.WriteLine($"\n| what | Ingestion | {string.Join(" | ", Splitters.Select(splitter => $"DIY stack, {splitter} | ratio"))} |");
        Console.WriteLine("|---|---" + string.Concat(Splitters.Select(_ => "|---|---")) + "|");
        foreach (var (what, values) in rows)
        {
            var theirs = values[1..].Select(value => string.Create(CultureInfo.InvariantCulture, $"{value:0.0} | {values[0] / value:0.00}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {values[0]:0.0} | {string.Join(" | ", theirs)} |"));
        }
        await AloneAsync();
        return 0;
    }

    /// <summary>The service first, then the stack with each of its splitters.</summary>
    private static async Task MeetAsync(string repository, Func<IReadOnlyList<Contestant>, Task> measure)
    {
        var all = new List<Contestant>();
        try
        {
            all.Add(await IngestionService.StartAsync());
            foreach (var splitter in Splitters) all.Add(await DiyStack.StartAsync(repository, splitter));
            await measure(all);
        }
        finally
        {
            foreach (var contestant in all) await contestant.DisposeAsync();
        }
    }

    private static async Task<double[]> EachAsync(IReadOnlyList<Contestant> all, Func<Contestant, Task<double>> measure)
    {
        var values = new double[all.Count];
        for (var i = 0; i < all.Count; i++) values[i] = await measure(all[i]);
        return values;
    }

    private static async Task AloneAsync()
    {
        var starts = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            await using var service = await IngestionService.StartAsync();
            starts.Add(service.ColdStart.TotalSeconds);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\ncold start to first health, s: {string.Join(" ", starts.Select(s => s.ToString("0.00", CultureInfo.InvariantCulture)))}"));

        await using var idle = await IngestionService.StartAsync(("WORKER_COUNT", "0"), ("MAX_FILE_SIZE", "60000000"));
        await idle.SendAsync(Texts(1)[0].Bytes, "warm.txt", CancellationToken.None);
        var before = idle.PeakMemory();
        var large = new byte[50_000_000];
        Encoding.ASCII.GetBytes("line of text\n").CopyTo(large, 0);
        for (var filled = 13; filled < large.Length; filled *= 2) large.AsSpan(0, Math.Min(filled, large.Length - filled)).CopyTo(large.AsSpan(filled));
        await idle.SendAsync(large, "large.txt", CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory at its highest, MB: idle {before / 1e6:0.0}, after a 50 MB upload {idle.PeakMemory() / 1e6:0.0}"));
    }

    private static async Task<double> RateAsync(Contestant contestant, List<(byte[] Bytes, string Name)> documents)
    {
        var ended = await contestant.CountEndedAsync();
        var prepared = new List<HttpContent>();
        foreach (var (bytes, name) in documents) prepared.Add(await contestant.PrepareAsync(bytes, name));
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(prepared, new ParallelOptions { MaxDegreeOfParallelism = SentAtOnce },
            async (document, cancel) => await contestant.SendAsync(document, cancel));
        while (await contestant.CountEndedAsync() < ended + documents.Count) await Task.Delay(10);
        var rate = documents.Count / clock.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {contestant.Name}: {documents.Count} documents, {rate:0.0}/s"));
        return rate;
    }

    private static async Task<List<double>> TimesAsync(Contestant contestant, List<(byte[] Bytes, string Name)> texts)
    {
        for (var i = 0; i < 200; i++) await contestant.TimeOneAsync(texts[i].Bytes, texts[i].Name);
        var times = new List<double>();
        for (var i = 200; i < 600; i++)
        {
            times.Add((await contestant.TimeOneAsync(texts[i].Bytes, texts[i].Name)).TotalMilliseconds);
            await Task.Delay(5);
        }
        return times;
    }

    private static double Percentile(List<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted[(int)Math.Min(sorted.Count - 1, share * sorted.Count)];
    }

    /// <summary>Prose of made-up sentences, 2 to 4 KB each, the same on every run.</summary>
    private static List<(byte[] Bytes, string Name)> Texts(int count)
    {
        string[] words = ("the report of this quarter shows that documents move through every stage without loss while workers share them fairly "
            + "and each customer sees what happens as it happens el informe describe cómo se procesan los contratos y las facturas").Split(' ');
        var random = new Random(7);
        var texts = new List<(byte[], string)>();
        for (var i = 0; i < count; i++)
        {
            var text = new StringBuilder();
            var size = random.Next(2000, 4000);
            while (text.Length < size)
            {
                var length = random.Next(6, 18);
                for (var w = 0; w < length; w++) text.Append(w == 0 ? "" : " ").Append(words[random.Next(words.Length)]).Append(random.Next(12) == 0 ? i.ToString(CultureInfo.InvariantCulture) : "");
                text.Append(random.Next(5) == 0 ? ".\n\n" : ". ");
            }
            texts.Add((Encoding.UTF8.GetBytes(text.ToString()), $"text-{i}.txt"));
        }
        return texts;
    }

    /// <summary>45 PDF, 25 Word, 20 HTML and 10 texts of the corpus, repeated where it has fewer, in a mixed order.</summary>
    private static List<(byte[] Bytes, string Name)> Mixed(string corpus)
    {
        var all = Directory.EnumerateFiles(corpus, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("hostile", StringComparison.Ordinal) && !file.Contains("expected", StringComparison.Ordinal) && !file.Contains("README", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToList();
        IEnumerable<string> Take(string extension, int count)
        {
            var some = all.Where(file => file.EndsWith(extension, StringComparison.OrdinalIgnoreCase)).ToList();
            return Enumerable.Range(0, count).Select(i => some[i % some.Count]);
        }
        var random = new Random(7);
        return [.. Take(".pdf", 45).Concat(Take(".docx", 25)).Concat(Take(".html", 20)).Concat(Take(".md", 10))
            .OrderBy(_ => random.Next()).Select(file => (File.ReadAllBytes(file), Path.GetFileName(file)))];
    }

    internal static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ingestion.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Run the benchmarks inside the source tree.");
    }
}
