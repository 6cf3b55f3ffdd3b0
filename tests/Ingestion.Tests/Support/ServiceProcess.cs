using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Ingestion.Config;

namespace Ingestion.Tests.Support;

/// <summary>The real service in a process of its own, on a free port and a data folder of its own.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, string> _environment;
    private readonly List<string> _output = [];
    private readonly bool _ownsFolder;
    private Process _process;

    private ServiceProcess(string folder, bool ownsFolder, int port, Dictionary<string, string> environment)
    {
        (Folder, _ownsFolder, Port, _environment) = (folder, ownsFolder, port, environment);
        Address = new Uri($"http://127.0.0.1:{port}/");
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        _process = Launch();
    }

    /// <summary>Working directory; DATA_DIR is its subfolder <c>data</c>.</summary>
    public string Folder { get; }

    public int Port { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Files that wait for a worker, whole and half-written ones.</summary>
    public string[] Uploads =>
        [.. Directory.GetFiles(Path.Combine(Folder, "data", "uploads")).Where(path => !Path.GetFileName(path).StartsWith('.'))];

    /// <summary>Bytes; the most that it has held in memory so far, and what it holds now.</summary>
    public (long Peak, long Now) Memory
    {
        get
        {
            var lines = File.ReadAllLines($"/proc/{_process.Id}/status");
            long Kilobytes(string name) => long.Parse(
                lines.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                System.Globalization.CultureInfo.InvariantCulture);
            return (Kilobytes("VmHWM:") * 1024, Kilobytes("VmRSS:") * 1024);
        }
    }

    public string Output
    {
        get
        {
            lock (_output) return string.Join('\n', _output);
        }
    }

    public static async Task<ServiceProcess> StartAsync(params (string Name, string Value)[] environment)
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-").FullName;
        return await StartAsync(folder, ownsFolder: true, environment);
    }

    /// <summary>Without waiting until it can serve: what it stands on may be away.</summary>
    public static async Task<ServiceProcess> StartWithoutStorageAsync(params (string Name, string Value)[] environment)
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-").FullName;
        var service = new ServiceProcess(folder, ownsFolder: true, Ports.Free(), environment.ToDictionary(pair => pair.Name, pair => pair.Value));
        await service.WaitUntilAsync("health/live");
        return service;
    }

    public static async Task<ServiceProcess> StartInAsync(string folder, params (string Name, string Value)[] environment) =>
        await StartAsync(folder, ownsFolder: false, environment);

    /// <summary>Runs one of its verbs to the end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-");
        try
        {
            var start = StartInfo(folder.FullName, environment.ToDictionary(pair => pair.Name, pair => pair.Value));
            foreach (var argument in arguments) start.ArgumentList.Add(argument);
            using var process = Process.Start(start) ?? throw new InvalidOperationException("The verb did not start.");
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Kills it as a power cut would: no handler runs.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop, as an orchestrator does, and waits until it has.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <param name="signal">TERM; STOP and CONT, between which it does nothing at all.</param>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Starts it again on the same folder and port.</summary>
    public async Task RestartAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
        _process = Launch();
        await WaitUntilReadyAsync();
    }

    public async Task<JsonElement> GetJsonAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(path);

    /// <summary>Waits until the task has ended and gives it as the wire shows it.</summary>
    public async Task<JsonElement> WaitForEndAsync(string tenant, string taskId, int seconds = 60)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            var task = (await GetJsonAsync($"api/v1/tasks/{taskId}?tenant_id={Uri.EscapeDataString(tenant)}")).GetProperty("task");
            if (task.GetProperty("status").GetString() is "completed" or "failed" or "cancelled") return task;
            if (deadline.Elapsed > TimeSpan.FromSeconds(seconds)) throw new TimeoutException($"Task {taskId} has not ended: {task}\n{Output}");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
        if (_ownsFolder) Directory.Delete(Folder, recursive: true);
    }

    private static async Task<ServiceProcess> StartAsync(string folder, bool ownsFolder, (string Name, string Value)[] environment)
    {
        for (var tries = 0; ; tries++)
        {
            var service = new ServiceProcess(folder, ownsFolder, Ports.Free(), environment.ToDictionary(pair => pair.Name, pair => pair.Value));
            try
            {
                await service.WaitUntilReadyAsync();
                return service;
            }
            catch (InvalidOperationException) when (tries < 3 && service.Output.Contains("address already in use", StringComparison.OrdinalIgnoreCase))
            {
                // Somebody took the port between finding it free and listening on it.
            }
        }
    }

    private static ProcessStartInfo StartInfo(string folder, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Ingestion"))
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach (var variable in Variables.All) start.Environment.Remove(variable.Name);
        start.Environment["DATA_DIR"] = Path.Combine(folder, "data");
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return start;
    }

    private Process Launch()
    {
        var start = StartInfo(Folder, _environment);
        start.Environment["PORT"] = Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var process = Process.Start(start) ?? throw new InvalidOperationException("The service did not start.");
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.Add(line);
    }

    public Task WaitUntilReadyAsync() => WaitUntilAsync("health/ready");

    private async Task WaitUntilAsync(string path)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (_process.HasExited) throw new InvalidOperationException($"The service stopped with {_process.ExitCode}:\n{Output}");
            try
            {
                using var answer = await Http.GetAsync(path);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (Exception fault) when (fault is HttpRequestException or SocketException)
            {
                // Not listening yet, or just now: the runtime may find a connection closed that it has just made.
            }
            if (waited.Elapsed > StartPatience) throw new TimeoutException("The service is not ready:\n" + Output);
            await Task.Delay(20);
        }
    }
}
