using System.Diagnostics;
using System.Globalization;

namespace Ingestion.Tests.Support;

/// <summary>Three masters and a replica of each, on this machine.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Masters = 3;
    private readonly List<RedisServer> _servers = [];

    public IReadOnlyList<RedisServer> Servers => _servers;

    /// <summary>What REDIS_URL is set to.</summary>
    public string Url => "redis://" + string.Join(',', _servers.Select(server => server.Address));

    public static async Task<RedisCluster> StartAsync()
    {
        var cluster = new RedisCluster();
        for (var i = 0; i < 2 * Masters; i++)
        {
            cluster._servers.Add(await RedisServer.StartAsync(
                "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--appendonly", "yes", "--save", "",
                // A replica that a busy machine has kept waiting takes over all the same.
                "--cluster-replica-validity-factor", "0",
                // The bus' own port is the client port + 10000 unless it is said.
                "--cluster-port", Ports.Free().ToString(CultureInfo.InvariantCulture)));
        }
        var addresses = cluster._servers.Select(server => server.Address);
        await RunAsync(["--cluster", "create", .. addresses, "--cluster-replicas", "1", "--cluster-yes"]);
        var waited = Stopwatch.StartNew();
        foreach (var server in cluster._servers)
        {
            while (!await IsReadyAsync(server.Port.ToString(CultureInfo.InvariantCulture)))
            {
                if (waited.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException("The cluster does not form.");
                await Task.Delay(100);
            }
        }
        return cluster;
    }

    /// <summary>The master that serves a key.</summary>
    public async Task<RedisServer> FindMasterAsync(string key)
    {
        var some = _servers[^1];
        await using var redis = await some.ConnectAsync();
        var node = redis.GetServers()[0].ClusterConfiguration!.GetBySlot(key) ?? throw new InvalidOperationException("Nobody serves the key.");
        var port = ((System.Net.IPEndPoint)node.EndPoint!).Port;
        return _servers.Single(server => server.Port == port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
    }

    /// <summary>All slots are served, and a replica has what its master has.</summary>
    private static async Task<bool> IsReadyAsync(string port)
    {
        if (!(await RunAsync(["-p", port, "cluster", "info"])).Contains("cluster_state:ok", StringComparison.Ordinal)) return false;
        var replication = await RunAsync(["-p", port, "info", "replication"]);
        return replication.Contains("role:master", StringComparison.Ordinal)
            ? replication.Contains("state=online", StringComparison.Ordinal)
            : replication.Contains("master_link_status:up", StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("redis-cli", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException("redis-cli failed: " + output);
    }
}
