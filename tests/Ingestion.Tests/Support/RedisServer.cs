using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace Ingestion.Tests.Support;

/// <summary>A <c>redis-server</c> of our own on a free port of this machine, with a folder of its own.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(20);

    private readonly string[] _arguments;
    private readonly string _folder;
    private Process? _process;

    private RedisServer(int port, string folder, string[] arguments) => (Port, _folder, _arguments) = (port, folder, arguments);

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public int ProcessId => _process!.Id;

    /// <param name="arguments">As on the command line; without any, each write is in the append-only file within a second.</param>
    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-redis-").FullName;
        var server = new RedisServer(Ports.Free(), folder, arguments.Length > 0 ? arguments : ["--appendonly", "yes", "--save", ""]);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>A connection for a test's own questions.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync() =>
        await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { Address }, AllowAdmin = true, ClientName = "test" });

    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] fixedArguments = ["--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder];
        foreach (var argument in fixedArguments.Concat(_arguments)) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (_process.HasExited) throw new InvalidOperationException($"redis-server ended with {_process.ExitCode}.");
            if (waited.Elapsed > StartPatience) throw new TimeoutException("redis-server does not answer.");
            await Task.Delay(20);
        }
    }

    /// <summary>As a power cut would: what is not in its file is lost.</summary>
    public async Task KillAsync()
    {
        if (_process is not { HasExited: false } process) return;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    /// <summary>STOP and CONT: it holds its breath, with all connections open.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[7];
            // Without a password it says +PONG, with one -NOAUTH; -LOADING is not ready yet.
            return await stream.ReadAtLeastAsync(answer, 2) > 0 && answer[1] is (byte)'P' or (byte)'N';
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            return false;
        }
    }
}
