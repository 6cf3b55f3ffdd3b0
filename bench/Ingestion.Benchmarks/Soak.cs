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

    private readonly string _folder = Directory.CreateTempSubdirectory("ingestion-soak-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly Process?[] _running = new Process?[Instances];
    private readonly int[] _ports = [.. Enumerable.Range(0, Instances).Select(_ => Contestant.FreePort())];
    private readonly int _redisPort = Contestant.FreePort();
    private readonly ConcurrentBag<(string Tenant, string Document, string Task)> _accepted = [];
    private Process? _redis;
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
        foreach (var process in _running.Append(_redis)) await KillAsync(process);
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> RunAsync(int documents, TimeSpan pause)
    {
        await StartRedisAsync();
        for (var i = 0; i < Instances; i++) _running[i] = StartInstance(i);
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
                await KillAsync(_redis);
                await Task.Delay(2_000, CancellationToken.None);
                await StartRedisAsync();
                continue;
            }
            var unlucky = Random.Shared.Next(Instances);
            await KillAsync(_running[unlucky]);
            _kills++;
            _running[unlucky] = StartInstance(unlucky);
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
                var tasks = (await _http.GetFromJsonAsync<JsonElement>(new Uri($"http://127.0.0.1:{_ports[0]}/health"))).GetProperty("tasks");
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
        var uploads = Directory.GetFiles(Path.Combine(_folder, "data", "uploads")).Count(path => !Path.GetFileName(path).StartsWith('.'));
        Console.WriteLine($"completed {completed} of {_accepted.Count}, {again} of them not at the first attempt; tasks known {total}; chunks stored {chunks}; "
            + $"uploads left for the sweep {uploads}; wrong {wrong.Count}");
        foreach (var line in wrong.Take(20)) Console.WriteLine("  " + line);
        return wrong.IsEmpty && completed == _accepted.Count && total == _accepted.Count;
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

    private string Address(int instance) => $"http://127.0.0.1:{_ports[instance]}/api/v1";

    private Process StartInstance(int index)
    {
        var start = new ProcessStartInfo(Path.Combine(ServiceBench.FindRepository(), "src", "Ingestion", "bin", "Release", "net10.0", "Ingestion"))
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
        };
        start.Environment["PORT"] = _ports[index].ToString(CultureInfo.InvariantCulture);
        start.Environment["DATA_DIR"] = Path.Combine(_folder, "data");
        start.Environment["REDIS_URL"] = $"redis://127.0.0.1:{_redisPort}";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private async Task StartRedisAsync()
    {
        _redis = Process.Start(new ProcessStartInfo(
            "redis-server", ["--port", $"{_redisPort}", "--bind", "127.0.0.1", "--dir", _folder, "--appendonly", "yes", "--save", ""])
        { RedirectStandardOutput = true })!;
        _redis.OutputDataReceived += (_, _) => { };
        _redis.BeginOutputReadLine();
        await Task.Delay(300);
    }

    private static async Task KillAsync(Process? process)
    {
        if (process is not { HasExited: false }) return;
        process.Kill();
        await process.WaitForExitAsync();
    }
}
