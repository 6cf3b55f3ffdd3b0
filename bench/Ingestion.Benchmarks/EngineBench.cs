using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ingestion.Config;
using Ingestion.Engines;
using Ingestion.Engines.Redis;
using Ingestion.Redis;
using Ingestion.Sources;
using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Benchmarks;

/// <summary>
/// A task engine alone: how many tasks it takes in and hands out, and how soon an idle worker has one. <c>engine [folder] [rounds]</c> is
/// the SQLite engine, every commit synced to the disk; the folder must be on a real one. <c>engine redis://… [rounds]</c> is the Redis
/// engine; the database that the address names is emptied. Work is done as the service's workers do it: the end of a task and the lease
/// of the next are asked for together.
/// </summary>
/// <param name="engine">New and empty.</param>
/// <param name="serverTime">The processor time that the engine's server has used so far, microseconds.</param>
internal sealed class EngineBench(ITaskEngine engine, bool print, Func<Task<double>> serverTime)
{
    /// <summary>As many as <c>peers/bullmq</c> takes, so that both databases are as full.</summary>
    private const int Tasks = 10_000;

    private const int Pickups = 500;
    private const string Tenant = "bench";
    private const string CollectsAside = "DOTNET_gcConcurrent";

    private static readonly EngineOptions Options = new() { MaxQueueDepth = int.MaxValue, MaxTenantQueueDepth = int.MaxValue };

    private static readonly byte[] Text = [.. Enumerable.Range(0, 3_000).Select(i => (byte)('a' + i % 26))];

    public static async Task<int> RunAsync(string[] args)
    {
        if (Environment.GetEnvironmentVariable(CollectsAside) is null) return await RunAsTheServiceAsync(args);
        var folder = args.Length > 0 ? args[0] : Path.Combine(AppContext.BaseDirectory, "engine-bench");
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
        var isRedis = folder.StartsWith("redis", StringComparison.Ordinal);
        Func<bool, int, Task> run = isRedis ? (print, tasks) => RedisRoundAsync(folder, print, tasks) : (print, tasks) => FileRoundAsync(folder, print, tasks);
        // Until the code is compiled as it stays.
        await run(false, Tasks);
        for (var round = 1; round <= rounds; round++)
        {
            Console.WriteLine($"round {round}");
            await run(true, Tasks);
        }
        return 0;
    }

    /// <summary>This process collects its garbage as one that reads a document, and that is settled when a process starts.</summary>
    private static async Task<int> RunAsTheServiceAsync(string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["engine", .. args]);
        start.Environment[CollectsAside] = "1";
        start.Environment["DOTNET_GCGen0MaxBudget"] = (10 << 20).ToString("X", CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static async Task FileRoundAsync(string folder, bool print, int tasks)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        using (var database = new SqliteDatabase(Path.Combine(folder, "ingestion.db")))
            await new EngineBench(new SqliteEngine(database, Options, TimeProvider.System), print, () => Task.FromResult(0.0)).RoundAsync(tasks);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task RedisRoundAsync(string url, bool print, int tasks)
    {
        using var redis = new RedisConnection(RedisAddress.Read(new Settings { RedisUrl = url })!);
        await redis.AskAsync(database => database.ExecuteAsync("FLUSHDB"));
        await new EngineBench(new RedisEngine(redis, Options, TimeProvider.System), print, () => ServerTimeAsync(redis)).RoundAsync(tasks);
        await redis.AskAsync(database => database.ExecuteAsync("FLUSHDB"));
    }

    private static async Task<double> ServerTimeAsync(RedisConnection redis)
    {
        var about = (string)(await redis.AskAsync(database => database.ExecuteAsync("INFO", "cpu")))!;
        return 1e6 * about.Split('\n').Where(line => line.StartsWith("used_cpu_sys:", StringComparison.Ordinal) || line.StartsWith("used_cpu_user:", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.AsSpan(line.IndexOf(':') + 1), CultureInfo.InvariantCulture));
    }

    private async Task RoundAsync(int tasks)
    {
        await RateAsync("enqueue, one at a time", tasks / 10, 1, Repeat(_ => EnqueueAsync()));
        await RateAsync("enqueue, 64 in flight", tasks, 64, Repeat(_ => EnqueueAsync()));
        await RateAsync("lease + finish, c=2", tasks / 2, 2, WorkAsync);
        await RateAsync("  with idempotency keys", tasks / 2, 64, Repeat(_ => EnqueueAsync(Guid.NewGuid().ToString())));
        await RateAsync("lease + finish, c=10", tasks, 10, WorkAsync);
        while (await engine.LeaseAsync("drain", 500, TimeSpan.Zero, default) is { Count: > 0 }) { }
        foreach (var workers in (int[])[1, 2, 10]) await PickupAsync(print ? Pickups : 50, workers);
    }

    private async Task RateAsync(string name, int count, int inFlight, Func<string, Func<bool>, Task<List<double>>> loop)
    {
        var left = count;
        bool Next() => Interlocked.Decrement(ref left) >= 0;
        var (before, servers) = (Environment.CpuUsage, await serverTime());
        var started = Stopwatch.GetTimestamp();
        var latencies = await Task.WhenAll(Enumerable.Range(0, inFlight).Select(i => Task.Run(() => loop($"worker-{i}", Next))));
        var rate = count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        var (after, server) = (Environment.CpuUsage, (await serverTime() - servers) / count);
        var user = (after.UserTime - before.UserTime).TotalMicroseconds / count;
        var system = (after.PrivilegedTime - before.PrivilegedTime).TotalMicroseconds / count;
        Report($"  {name,-24} {rate,8:0} /s  {user,4:0} us user + {system,3:0} us system + {server,3:0} us of the server each  "
            + Percentiles([.. latencies.SelectMany(one => one)]));
    }

    private void Report(string line)
    {
        if (print) Console.WriteLine(line);
    }

    private Task<EnqueueResult> EnqueueAsync(string? key = null) => engine.EnqueueAsync(Spec(key), default);

    private static Func<string, Func<bool>, Task<List<double>>> Repeat(Func<string, Task> one) => async (worker, next) =>
    {
        var latencies = new List<double>();
        while (next())
        {
            var from = Stopwatch.GetTimestamp();
            await one(worker);
            latencies.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
        }
        return latencies;
    };

    private async Task<List<double>> WorkAsync(string worker, Func<bool> next)
    {
        var (latencies, ending) = (new List<double>(), Task.FromResult(true));
        while (next())
        {
            var from = Stopwatch.GetTimestamp();
            var leases = await engine.LeaseAsync(worker, 1, TimeSpan.Zero, default);
            if (!await ending) throw new InvalidOperationException("The lease was lost.");
            ending = engine.FinishAsync(leases[0], Done(), default);
            latencies.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
        }
        await ending;
        return latencies;
    }

    private async Task PickupAsync(int count, int workers)
    {
        var (latencies, from, taken) = (new List<double>(), 0L, new TaskCompletionSource());
        using var stop = new CancellationTokenSource();
        async Task WorkAsync(string worker)
        {
            try
            {
                while (true)
                {
                    foreach (var lease in await engine.LeaseAsync(worker, 1, TimeSpan.FromMinutes(1), stop.Token))
                    {
                        latencies.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
                        taken.SetResult();
                        await engine.FinishAsync(lease, Done(), default);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // That is how it ends.
            }
        }
        var all = Enumerable.Range(0, workers).Select(i => WorkAsync($"worker-{i}")).ToList();
        for (var i = 0; i < count; i++)
        {
            await Task.Delay(5);
            taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
            from = Stopwatch.GetTimestamp();
            await EnqueueAsync();
            await await Task.WhenAny([taken.Task, .. all]);
        }
        await stop.CancelAsync();
        await Task.WhenAll(all);
        Report($"  {$"pickup, {workers} idle",-24} {Percentiles(latencies)}");
    }

    private static string Percentiles(List<double> latencies)
    {
        latencies.Sort();
        double At(double share) => latencies[Math.Min(latencies.Count - 1, (int)(latencies.Count * share))];
        return string.Create(
            CultureInfo.InvariantCulture, $"p50 {At(0.5),6:0.00} ms  p99 {At(0.99),6:0.00} ms  max {latencies[^1],6:0.0} ms");
    }

    private static TaskSpec Spec(string? key) => new()
    {
        TaskId = Guid.CreateVersion7().ToString(),
        TenantId = Tenant,
        CollectionId = "manuals",
        DocumentId = Guid.NewGuid().ToString(),
        Source = SourceKind.Text,
        Content = new() { Inline = Text, Size = Text.Length, FileName = "text.txt", MediaType = "text/plain" },
        Title = "A short text",
        Tags = ["bench"],
        Chunker = "sentence",
        ChunkSize = 1000,
        ChunkOverlap = 200,
        CreatedAt = DateTimeOffset.UtcNow,
        Fingerprint = "00112233445566778899aabbccddeeff",
        IdempotencyKey = key,
    };

    /// <summary>The three events that close a real task.</summary>
    private static TaskOutcome Done()
    {
        var now = DateTimeOffset.UtcNow;
        return new()
        {
            Kind = OutcomeKind.Completed,
            Result = JsonElement.Parse("""{"total_chunks":3,"warnings":[]}"""),
            Change = new()
            {
                Events =
                [
                    new MilestoneEvent(now, "storage_complete", "The chunks are stored.", JsonElement.Parse("""{"total_chunks":3}""")),
                    new ProgressEvent(now, 100, TaskState.Completed, "Done."),
                    new StatusEvent(now, TaskState.Storing, TaskState.Completed, "The document is searchable."),
                ],
            },
        };
    }
}
