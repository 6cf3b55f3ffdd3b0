using StackExchange.Redis;

namespace Ingestion.Redis;

/// <summary>The one connection of this process to Redis. It comes back by itself, whatever happened.</summary>
/// <remarks>Made without Redis being there; until it is, calls throw <see cref="UnavailableException"/>.</remarks>
public sealed class RedisConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly ConnectionMultiplexer _redis;

    /// <summary>
    /// Null where there may be several, or another database is meant than each connection begins with: the library selects the database
    /// again with each command that it does not know, but not where it is told the server.
    /// </summary>
    private readonly IServer? _only;

    public RedisConnection(ConfigurationOptions options)
    {
        _redis = ConnectionMultiplexer.Connect(options);
        Address = string.Join(", ", options.EndPoints.Select(EndPointCollection.ToString)) + (options.Ssl ? " with TLS (rediss://)" : " without TLS (redis://)");
        if (options is { EndPoints.Count: 1, DefaultDatabase: null or 0 }) _only = _redis.GetServers()[0];
        _redis.ConnectionRestored += (_, _) =>
        {
            Obstacle = null;
            Restored?.Invoke();
        };
        _redis.ConnectionFailed += (_, failed) => Note(failed.Exception);
    }

    /// <summary>What was said meanwhile has not been heard.</summary>
    public event Action? Restored;

    /// <summary>Where it is looked for, and how.</summary>
    public string Address { get; }

    public bool IsConnected => _redis.IsConnected;

    /// <summary>What keeps this process from it, and what to set; null where that is not known, or where it is just away.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>Nothing goes through, for all others as if Redis were away, until it is known that this process may work here.</summary>
    public bool IsHeld { get; set => Volatile.Write(ref field, value); }

    /// <param name="evenHeld">For who finds that out.</param>
    /// <exception cref="UnavailableException">Redis is away, or takes no writes now. The call may have been done all the same.</exception>
    public async Task<T> AskAsync<T>(Func<IDatabase, Task<T>> call, bool evenHeld = false)
    {
        if (IsHeld && !evenHeld) throw new UnavailableException("This instance has not joined the others at its Redis yet.");
        if (!_redis.IsConnected)
        {
            // It may be back in a moment; who asks must not be held up by one that stays away.
            await Task.Delay(Patience);
            if (!_redis.IsConnected) throw new UnavailableException("Redis cannot be reached.");
        }
        try
        {
            return await call(_redis.GetDatabase());
        }
        catch (Exception fault) when (IsAway(fault))
        {
            throw new UnavailableException("Redis cannot be reached or does not take writes: " + fault.Message, fault);
        }
    }

    /// <summary>A command that the library does not know, to the server that takes writes.</summary>
    /// <inheritdoc cref="AskAsync"/>
    public Task<RedisResult> ExecuteAsync(string command, object[] arguments) => AskAsync(database => _only is { ServerType: ServerType.Standalone, IsReplica: false }
        ? _only.ExecuteAsync(command, arguments)
        : database.ExecuteAsync(command, arguments, CommandFlags.DemandMaster));

    /// <summary>Hears what is published on a channel, also after the connection was lost and restored.</summary>
    public async Task SubscribeAsync(RedisChannel channel, Action<RedisValue> heard)
    {
        try
        {
            await _redis.GetSubscriber().SubscribeAsync(channel, (_, message) => heard(message));
        }
        catch (Exception fault) when (IsAway(fault))
        {
            // Where TLS fails there is no event of it.
            Note(fault);
            throw new UnavailableException("Redis cannot be reached: " + fault.Message, fault);
        }
    }

    /// <summary>The same command to every server that takes writes.</summary>
    /// <inheritdoc cref="AskAsync"/>
    internal Task TellMastersAsync(string command, params object[] arguments) => AskAsync(async _ =>
    {
        foreach (var server in _redis.GetServers().Where(one => one.IsConnected && !one.IsReplica)) await server.ExecuteAsync(command, arguments);
        return true;
    });

    /// <summary>What an operator should know of how the servers are set up; empty while Redis is away.</summary>
    /// <exception cref="UnavailableException">Redis went away meanwhile.</exception>
    public async Task<IReadOnlyList<string>> CheckAsync()
    {
        try
        {
            return await FindRisksAsync();
        }
        catch (Exception fault) when (IsAway(fault))
        {
            throw new UnavailableException("Redis cannot be reached: " + fault.Message, fault);
        }
    }

    private async Task<List<string>> FindRisksAsync()
    {
        var warnings = new List<string>();
        foreach (var server in _redis.GetServers().Where(one => one.IsConnected && !one.IsReplica))
        {
            var about = ((string?)await server.ExecuteAsync("INFO") ?? "").Split('\n', StringSplitOptions.TrimEntries)
                .Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2).ToLookup(pair => pair[0], pair => pair[1]);
            var name = EndPointCollection.ToString(server.EndPoint);
            if (about["maxmemory_policy"].FirstOrDefault() is { } policy && policy != "noeviction")
            {
                warnings.Add($"Redis at {name} has maxmemory-policy {policy}: when its memory is full, it deletes tasks "
                    + "that were accepted. Set it to noeviction.");
            }
            var saves = about["aof_enabled"].FirstOrDefault() == "1" || await SavesSnapshotsAsync(server);
            if (!saves)
            {
                warnings.Add($"Redis at {name} keeps nothing on disk: when it stops, all tasks are lost. Set appendonly yes "
                    + "(at most the last second is lost), or save.");
            }
        }
        return warnings;
    }

    public void Dispose() => _redis.Dispose();

    /// <summary>Where the operator hides CONFIG, snapshots are taken on trust.</summary>
    private static async Task<bool> SavesSnapshotsAsync(IServer server)
    {
        try
        {
            var answer = await server.ExecuteAsync("CONFIG", "GET", "save");
            return answer.Resp2Type != ResultType.Array || answer.Length < 2 || ((string?)answer[1])?.Length > 0;
        }
        catch (RedisServerException)
        {
            return true;
        }
    }

    private void Note(Exception? fault) => Obstacle = RedisObstacle.Of(fault) ?? Obstacle;

    private static bool IsAway(Exception fault) => fault switch
    {
        RedisConnectionException or RedisTimeoutException or ObjectDisposedException => true,
        RedisServerException refused => Refusals.Any(start => refused.Message.Contains(start, StringComparison.Ordinal)),
        _ => false,
    };

    /// <summary>Starting, full, without its disk, in a failover or badly configured: nothing was written, and it may pass.</summary>
    private static readonly string[] Refusals =
    [
        "LOADING", "OOM ", "MISCONF", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "BUSY ", "UNBLOCKED",
        "NOAUTH", "NOPERM", "WRONGPASS", "MOVED ", "ASK ", "max number of clients",
    ];
}
