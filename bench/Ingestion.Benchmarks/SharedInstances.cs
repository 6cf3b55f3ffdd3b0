using System.Diagnostics;
using System.Globalization;

namespace Ingestion.Benchmarks;

/// <summary>Instances of the service on one Redis and one folder, each a process of its own, all on loopback.</summary>
internal sealed class SharedInstances(int count) : IAsyncDisposable
{
    private readonly Process?[] _running = new Process?[count];
    private readonly int[] _ports = [.. Enumerable.Range(0, count).Select(_ => Contestant.FreePort())];
    private Process? _redis;

    public string Folder { get; } = Directory.CreateTempSubdirectory("ingestion-instances-").FullName;

    public int RedisPort { get; } = Contestant.FreePort();

    public int Count => count;

    /// <summary>Files that wait for a worker, whole and half-written ones.</summary>
    public string[] Uploads =>
        [.. Directory.GetFiles(Path.Combine(Folder, "data", "uploads")).Where(path => !Path.GetFileName(path).StartsWith('.'))];

    public int Port(int instance) => _ports[instance];

    public string Address(int instance) => $"http://127.0.0.1:{_ports[instance]}/api/v1";

    public int ProcessId(int instance) => _running[instance]!.Id;

    public async Task WaitUntilReadyAsync(int instance)
    {
        using var http = new HttpClient();
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{_ports[instance]}/health/ready"));
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Starting.
            }
            await Task.Delay(100);
        }
    }

    public void Start(int instance, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(ServiceBench.FindRepository(), "src", "Ingestion", "bin", "Release", "net10.0", "Ingestion"))
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
        };
        start.Environment["PORT"] = _ports[instance].ToString(CultureInfo.InvariantCulture);
        start.Environment["DATA_DIR"] = Path.Combine(Folder, "data");
        start.Environment["REDIS_URL"] = $"redis://127.0.0.1:{RedisPort}";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _running[instance] = Quiet(Process.Start(start)!);
    }

    public async Task StartRedisAsync()
    {
        _redis = Quiet(Process.Start(new ProcessStartInfo(
            "redis-server", ["--port", $"{RedisPort}", "--bind", "127.0.0.1", "--dir", Folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""])
        { RedirectStandardOutput = true })!);
        await Task.Delay(300);
    }

    /// <summary>As kill -9 does.</summary>
    public Task KillAsync(int instance) => KillAsync(_running[instance]);

    /// <inheritdoc cref="KillAsync(int)"/>
    public Task KillRedisAsync() => KillAsync(_redis);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Append(_redis)) await KillAsync(process);
        Directory.Delete(Folder, recursive: true);
    }

    private static Process Quiet(Process process)
    {
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static async Task KillAsync(Process? process)
    {
        if (process is not { HasExited: false }) return;
        process.Kill();
        await process.WaitForExitAsync();
    }
}
