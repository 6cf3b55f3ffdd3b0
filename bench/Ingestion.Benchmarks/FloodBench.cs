using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;

namespace Ingestion.Benchmarks;

/// <summary>One tenant floods, another goes on with its work: how long that one waits from POST to completed, idle and then.</summary>
internal static class FloodBench
{
    public const string ClientVerb = "flood-client";

    private const int Requests = 10_000, Senders = 8, Warmup = 200, Samples = 200;

    /// <param name="args">The flooding tenant's requests a minute (0: no limit), and what it sends a second (0: what it can).</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var numbers = args.Select(arg => int.Parse(arg, CultureInfo.InvariantCulture)).ToArray();
        var (limit, pace) = (numbers.ElementAtOrDefault(0), numbers.ElementAtOrDefault(1));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $$"""{"flood": {"requests_per_minute": {{limit}} } }""");
        try
        {
            await using var service = await IngestionService.StartAsync(("TENANT_LIMITS_FILE", file));
            await TimesAsync(service, Warmup);
            var idle = await TimesAsync(service, Samples);

            var clock = Stopwatch.StartNew();
            using var client = StartClient(service.Address, pace);
            var flood = client.StandardOutput.ReadToEndAsync();
            var during = new List<double>();
            while (!flood.IsCompleted) during.AddRange(await TimesAsync(service, 1));
            var flooded = clock.Elapsed;
            // What was accepted is still being worked on.
            var after = new List<double>();
            while (await service.CountWaitingAsync() > 0) after.AddRange(await TimesAsync(service, 1));

            Say($"flood: {Requests} requests in {flooded.TotalSeconds:0.0} s, answered {(await flood).Trim()}");
            foreach (var (what, times) in new[] { ("idle", idle), ("while it floods", during), ("while its backlog is worked on", after) })
                if (times.Count > 0)
                {
                    var (middle, high) = (At(times, 0.5), At(times, 0.95));
                    Say($"{what}: {times.Count} documents, p50 {middle:0.0} ms, p95 {high:0.0} ms, {high / At(idle, 0.95):0.00} x idle");
                }
            return 0;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Floods from another machine do not take this one's processor: the client gets what the service leaves.</summary>
    private static Process StartClient(Uri address, int pace)
    {
        string[] arguments = ["-n", "19", Environment.ProcessPath!, ClientVerb, address.ToString(), pace.ToString(CultureInfo.InvariantCulture)];
        return Process.Start(new ProcessStartInfo("nice", arguments) { RedirectStandardOutput = true })!;
    }

    /// <param name="args">The service's address and how many requests to send a second; 0 is as many as it can.</param>
    public static async Task<int> RunClientAsync(string[] args)
    {
        var (address, pace) = (new Uri(args[0]), int.Parse(args[1], CultureInfo.InvariantCulture));
        var answers = new ConcurrentDictionary<int, int>();
        using var http = new HttpClient { BaseAddress = address };
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = Senders }, async (i, cancel) =>
        {
            if (pace > 0 && TimeSpan.FromSeconds((double)i / pace) - clock.Elapsed is { Ticks: > 0 } early) await Task.Delay(early, cancel);
            var text = $"Text {i} of somebody who sends too much, and does not care.";
            using var answer = await http.PostAsJsonAsync(
                "api/v1/documents/text", new { tenant_id = "flood", collection_id = "c", document_id = "d" + i, text }, cancel);
            answers.AddOrUpdate((int)answer.StatusCode, 1, (_, count) => count + 1);
        });
        Console.WriteLine(string.Join(", ", answers.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}")));
        return 0;
    }

    private static async Task<List<double>> TimesAsync(IngestionService service, int count)
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("A document of a tenant that does nobody any harm. ", 60)));
        var times = new List<double>();
        for (var i = 0; i < count; i++)
        {
            times.Add((await service.TimeOneAsync(text, "text.txt")).TotalMilliseconds);
            await Task.Delay(10);
        }
        return times;
    }

    private static double At(List<double> values, double share) => values.Order().ElementAt((int)Math.Min(values.Count - 1, share * values.Count));

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
