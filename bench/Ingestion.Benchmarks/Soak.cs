using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Ingestion.Benchmarks;

/// <summary>
/// Three instances on one Redis, documents of several kinds from twenty tenants; an instance is killed every few seconds and Redis twice.
/// Then every document that was accepted must be there, once. <c>soak [documents] [seconds between kills]</c>.
/// </summary>
internal sealed class Soak : IAsyncDisposable
{
    private const int Instances = 3;
    private const int Tenants = 20;
    private const int Senders = 4;

    private readonly SharedInstances _instances = new(Instances);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly ConcurrentBag<(string Tenant, string Document, string Task)> _accepted = [];
    private int _kills, _refused;

    public static async Task<int> RunAsync(string[] args)
    {
        var documents = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5_000;
        var pause = TimeSpan.FromSeconds(args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 4);
        await using var soak = new Soak();
        return await soak.RunAsync(documents, pause) ? 0 : 1;
    }

    public async ValueTask DisposeAsync()
    {
        await _instances.DisposeAsync();
        _http.Dispose();
    }

    private async Task<bool> RunAsync(int documents, TimeSpan pause)
    {
        await _instances.StartRedisAsync();
        for (var i = 0; i < Instances; i++) _instances.Start(i);
        var clock = Stopwatch.StartNew();
        var next = 0;
        using var sent = new CancellationTokenSource();
        var trouble = TroubleAsync(documents, pause, sent.Token);
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= documents) await SendAsync(number);
        })));
        await sent.CancelAsync();
        await trouble;
        Console.WriteLine($"accepted {_accepted.Count} of {documents} in {clock.Elapsed.TotalSeconds:0} s; {_kills} instances were killed, "
            + $"Redis twice, {_refused} requests had to be sent again");
        await WaitUntilIdleAsync();
        Console.WriteLine($"all ended after {clock.Elapsed.TotalSeconds:0} s");
        return await CheckAsync();
    }

    private async Task TroubleAsync(int documents, TimeSpan pause, CancellationToken sent)
    {
        var redisKills = 0;
        while (!sent.IsCancellationRequested)
        {
            await Task.Delay(pause, CancellationToken.None);
            if (redisKills < 2 && _accepted.Count > documents * (redisKills + 1) / 3)
            {
                redisKills++;
                await _instances.KillRedisAsync();
                await Task.Delay(2_000, CancellationToken.None);
                await _instances.StartRedisAsync();
                continue;
            }
            var unlucky = Random.Shared.Next(Instances);
            await _instances.KillAsync(unlucky);
            _kills++;
            _instances.Start(unlucky);
        }
    }

    /// <summary>As a careful client does: the same key again until there is an answer.</summary>
    private async Task SendAsync(int number)
    {
        var (tenant, document) = ($"tenant-{number % Tenants}", $"document-{number}");
        while (true)
        {
            try
            {
                using var form = new MultipartFormDataContent
                {
                    { new StringContent(tenant), "tenant_id" }, { new StringContent("soak"), "collection_id" }, { new StringContent(document), "document_id" },
                };
                var (name, bytes) = Document(number);
                form.Add(new ByteArrayContent(bytes), "file", name);
                using var request = new HttpRequestMessage(HttpMethod.Post, Address(Random.Shared.Next(Instances)) + "/documents") { Content = form };
                request.Headers.Add("Idempotency-Key", $"key-{number}");
                using var answer = await _http.SendAsync(request);
                if (answer.StatusCode == HttpStatusCode.Accepted)
                {
                    var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
                    _accepted.Add((tenant, document, body.GetProperty("task").GetProperty("task_id").GetString()!));
                    return;
                }
                if ((int)answer.StatusCode is not (429 or >= 500)) throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException or IOException)
            {
                // Killed just now, or not there again yet.
            }
            Interlocked.Increment(ref _refused);
            await Task.Delay(100);
        }
    }

    private async Task WaitUntilIdleAsync()
    {
        while (true)
        {
            try
            {
                var tasks = (await _http.GetFromJsonAsync<JsonElement>(new Uri($"http://127.0.0.1:{_instances.Port(0)}/health"))).GetProperty("tasks");
                if (tasks.ValueKind == JsonValueKind.Object
                    && tasks.GetProperty("waiting").GetInt64() + tasks.GetProperty("running").GetInt64() + tasks.GetProperty("parked").GetInt64() == 0) return;
            }
            catch (HttpRequestException)
            {
                // Starting.
            }
            await Task.Delay(500);
        }
    }

    private async Task<bool> CheckAsync()
    {
        var (completed, wrong, chunks, again) = (0, new ConcurrentBag<string>(), 0L, 0);
        await Parallel.ForEachAsync(_accepted, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (one, cancel) =>
        {
            var task = (await _http.GetFromJsonAsync<JsonElement>(new Uri($"{Address(0)}/tasks/{one.Task}?tenant_id={one.Tenant}"), cancel)).GetProperty("task");
            if (task.GetProperty("status").GetString() != "completed")
            {
                wrong.Add($"{one.Document}: {task.GetProperty("status")} {task.GetProperty("error")}");
                return;
            }
            Interlocked.Increment(ref completed);
            if (task.GetProperty("attempt").GetInt32() > 1) Interlocked.Increment(ref again);
            var result = task.GetProperty("result");
            var page = await _http.GetFromJsonAsync<JsonElement>(
                new Uri($"{Address(0)}/collections/soak/documents/{one.Document}/chunks?tenant_id={one.Tenant}&page_size=1"), cancel);
            var stored = page.GetProperty("total").GetInt64();
            Interlocked.Add(ref chunks, stored);
            if (result.GetProperty("version").GetInt32() != 1 || stored != result.GetProperty("chunk_count").GetInt64())
                wrong.Add($"{one.Document}: version {result.GetProperty("version")}, {stored} chunks of {result.GetProperty("chunk_count")}");
        });
        long total = 0;
        for (var tenant = 0; tenant < Tenants; tenant++)
            total += (await _http.GetFromJsonAsync<JsonElement>(new Uri($"{Address(0)}/tasks?tenant_id=tenant-{tenant}"))).GetProperty("total").GetInt64();
        var orphans = await SweepOrphansAsync();
        var (tasks, keys, left) = await CountKeysAsync();
        Console.WriteLine($"completed {completed} of {_accepted.Count}, {again} of them not at the first attempt; tasks known {total}; chunks stored {chunks}, as planned; wrong {wrong.Count}");
        Console.WriteLine($"uploads that the kills had orphaned {orphans.Found}, after the sweep {orphans.Left}");
        Console.WriteLine($"Redis keeps {tasks} tasks, {keys} idempotency keys; keys that nothing needs {left.Count}{(left.Count > 0 ? ": " + string.Join(' ', left.Take(10)) : "")}");
        foreach (var line in wrong.Take(20)) Console.WriteLine("  " + line);
        return wrong.IsEmpty && completed == _accepted.Count && total == _accepted.Count && tasks == total && keys == total && left.Count == 0 && orphans.Left == 0;
    }

    /// <summary>Uploads whose senders' instance was killed before there was a task: gone once they are old enough.</summary>
    private async Task<(int Found, int Left)> SweepOrphansAsync()
    {
        var found = _instances.Uploads;
        foreach (var path in found) File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2));
        // It sweeps when it starts.
        await _instances.KillAsync(1);
        _instances.Start(1);
        for (var clock = Stopwatch.StartNew(); _instances.Uploads.Length > 0 && clock.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(200)) { }
        return (found.Length, _instances.Uploads.Length);
    }

    /// <summary>When all has ended there are the tasks, what they are listed and found by, and who is there; nothing of the work itself.</summary>
    private async Task<(long Tasks, long Keys, List<string> Left)> CountKeysAsync()
    {
        string[] kept = ["list:", "documents:", "phases", "line", "ahead", "instances", "stores", "since", "shards"];
        using var redis = new Ingestion.Redis.RedisConnection(
            Ingestion.Redis.RedisAddress.Read(new Ingestion.Config.Settings { RedisUrl = $"redis://127.0.0.1:{_instances.RedisPort}" })!);
        var keys = (string[])(await redis.AskAsync(database => database.ExecuteAsync("KEYS", "*")))!;
        const string Shard = "{ingestion:0}:";
        var left = keys.Where(key => !key.StartsWith("ingestion:requests:", StringComparison.Ordinal) && !key.EndsWith(":readers", StringComparison.Ordinal))
            .Where(key => !key.StartsWith(Shard + "task:", StringComparison.Ordinal) && !key.StartsWith(Shard + "key:", StringComparison.Ordinal))
            .Where(key => !kept.Any(name => key.StartsWith(Shard + name, StringComparison.Ordinal)));
        return (keys.Count(key => key.StartsWith(Shard + "task:", StringComparison.Ordinal)),
            keys.Count(key => key.StartsWith(Shard + "key:", StringComparison.Ordinal)), [.. left]);
    }

    private static (string Name, byte[] Bytes) Document(int number)
    {
        var text = new StringBuilder();
        // Every fourth is too large to travel with its task.
        var sentences = number % 4 == 0 ? 800 : 40;
        for (var i = 0; i < sentences; i++) text.Append(CultureInfo.InvariantCulture, $"Sentence {i} of document {number} says that pump {i * number % 97} runs. ");
        return (number % 3) switch
        {
            0 => ($"d{number}.txt", Encoding.UTF8.GetBytes(text.ToString())),
            1 => ($"d{number}.md", Encoding.UTF8.GetBytes($"# Document {number}\n\n{text}\n\n| a | b |\n|---|---|\n| 1 | {number} |\n")),
            _ => ($"d{number}.html", Encoding.UTF8.GetBytes($"<html><body><h1>Document {number}</h1><p>{text}</p></body></html>")),
        };
    }

    private string Address(int instance) => _instances.Address(instance);
}
