using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ingestion.Benchmarks;

/// <summary>The whole service beside the stack that a team would write, on the same machine in the same run, turn by turn.</summary>
internal static class ServiceBench
{
    private const int SentAtOnce = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        var repository = FindRepository();
        var corpus = Path.Combine(repository, "..", "shared", "corpus");
        var rounds = args is [var first, ..] ? int.Parse(first, CultureInfo.InvariantCulture) : 2;
        var texts = Texts(2000);
        var mixed = Directory.Exists(corpus) ? Mixed(corpus) : [];
        var rows = new List<(string What, double Ours, double Theirs)>();
        for (var round = 1; round <= rounds; round++)
        {
            await using (var ours = await IngestionService.StartAsync())
            await using (var theirs = await DiyStack.StartAsync(repository, "langchain"))
            {
                foreach (var contestant in new Contestant[] { ours, theirs }) await RateAsync(contestant, texts[..200]);
                foreach (var state in new[] { "first", "next" })
                {
                    var (oursTexts, theirsTexts) = (await RateAsync(ours, texts), await RateAsync(theirs, texts));
                    rows.Add(($"round {round}: the {state} {texts.Count} texts of 3 KB, docs/s", oursTexts, theirsTexts));
                }
                if (mixed.Count > 0)
                {
                    foreach (var contestant in new Contestant[] { ours, theirs }) await RateAsync(contestant, mixed[..20]);
                    rows.Add(($"round {round}: {mixed.Count} mixed documents, docs/s", await RateAsync(ours, mixed), await RateAsync(theirs, mixed)));
                    Console.WriteLine($"  ours: {await ours.CountAsync("failed")} failed of all sent");
                }
                rows.Add(($"round {round}: peak memory, MB", ours.PeakMemory() / 1e6, theirs.PeakMemory() / 1e6));
            }
            // On stacks of their own: the idle service that one text meets is new, not full of the load's leavings.
            await using (var ours = await IngestionService.StartAsync())
            await using (var theirs = await DiyStack.StartAsync(repository, "langchain"))
            {
                var (oursTimes, theirsTimes) = (await TimesAsync(ours, texts), await TimesAsync(theirs, texts));
                rows.Add(($"round {round}: POST to completed of one text, p50 ms", Percentile(oursTimes, 0.50), Percentile(theirsTimes, 0.50)));
                rows.Add(($"round {round}: the same, p99 ms", Percentile(oursTimes, 0.99), Percentile(theirsTimes, 0.99)));
            }
        }
        Console.WriteLine("\n| what | Ingestion | DIY stack | ratio |\n|---|---|---|---|");
        foreach (var (what, ours, theirs) in rows)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {ours:0.0} | {theirs:0.0} | {ours / theirs:0.00} |"));
        await AloneAsync();
        return 0;
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
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(documents, new ParallelOptions { MaxDegreeOfParallelism = SentAtOnce },
            async (document, cancel) => await contestant.SendAsync(document.Bytes, document.Name, cancel));
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
