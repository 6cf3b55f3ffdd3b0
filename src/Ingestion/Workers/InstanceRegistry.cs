using System.Globalization;
using Ingestion.Config;
using Ingestion.Redis;
using Ingestion.Sources;
using Ingestion.Store;
using StackExchange.Redis;

namespace Ingestion.Workers;

/// <summary>
/// The instances at one Redis. Any of them may be given any task, so all must have the same chunks and the same uploads: one that has
/// others does not start. Until that is known, nothing of this instance goes through to Redis.
/// </summary>
public sealed class InstanceRegistry(
    RedisConnection redis, IChunkStore store, UploadStore uploads, Settings settings, IHostApplicationLifetime lifetime,
    TimeProvider time, ILogger<InstanceRegistry> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(12);
    /// <summary>Of the tasks in Redis. Another number for each way that an instance of before could not read.</summary>
    private const int Layout = 2;

    private static readonly RedisScript Join = new("Workers.join");
    private static readonly RedisKey[] Keys = ["{ingestion:0}:instances", "{ingestion:0}:stores", "{ingestion:0}:shards", "{ingestion:0}:since"];

    private readonly string _instance = $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}";
    private string? _stores;

    /// <summary>Since when it is one of them. After all were silent for long, as while Redis was away, one that comes first has not been here first.</summary>
    private long? _since;

    private bool _isAway;

    /// <summary>
    /// What is wrong; null where this instance may work, or where nobody can tell because something is away.
    /// </summary>
    public async Task<string?> TryJoinAsync()
    {
        try
        {
            _stores ??= $"{await store.ReadIdentityAsync(CancellationToken.None)} {await uploads.ReadIdentityAsync(CancellationToken.None)}";
            var answer = await Join.RunAsync(redis, Keys, [_instance, _stores, (long)Silence.TotalMilliseconds, LayoutOf(settings.RedisShards), _since ?? RedisValue.EmptyString], evenHeld: true);
            _isAway = false;
            if (answer.Length > 1) return Explain((string)answer[0]!, (string)answer[1]!);
            _since = (long)answer[0];
            redis.IsHeld = false;
            return null;
        }
        catch (UnavailableException fault)
        {
            // Once for all the time that they are away.
            if (redis.IsConnected && !_isAway)
                log.LogWarning("Whether this instance has the stores of the others cannot be looked at now: {Reason}", fault.Message);
            _isAway = redis.IsConnected;
            return null;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await redis.AskAsync(database => database.SortedSetRemoveAsync(Keys[0], _instance));
            await redis.AskAsync(database => database.HashDeleteAsync(Keys[1], _instance));
            await redis.AskAsync(database => database.HashDeleteAsync(Keys[3], _instance));
        }
        catch (UnavailableException)
        {
            // It will not be seen again, which says the same.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(redis.IsHeld ? Soon : Every, time, stoppingToken);
            if (await TryJoinAsync() is not { } problem) continue;
            log.LogCritical("{Problem}", problem);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
            return;
        }
    }

    private static string LayoutOf(int shards) => string.Create(CultureInfo.InvariantCulture, $"{shards} {Layout}");

    private string Explain(string other, string stores)
    {
        if (other == "layout")
        {
            return "The tasks in this Redis are of another version of Ingestion, which this one cannot read. Let that version end them, or set "
                + "REDIS_DB or REDIS_URL to a Redis without tasks.";
        }
        if (other == "shards")
        {
            return $"REDIS_SHARDS={settings.RedisShards}: the tasks in this Redis are in {stores} shards since the first start. "
                + $"Set it to {stores}, or use a Redis without tasks.";
        }
        var (mine, its) = (_stores!.Split(' '), stores.Split(' '));
        var differs = (mine[0] != its[0], mine[1] != its[1]) switch
        {
            (true, true) => "its chunks and its uploads are others than those",
            (true, false) => "its chunks are others than those",
            _ => "its uploads are others than those",
        };
        return $"This instance does not work beside the others at this Redis: {differs} of {other}. "
            + "Set DATA_DIR (or DATABASE_URL and FILE_STORE) to what the others have, or REDIS_DB or REDIS_URL to a Redis of its own.";
    }
}
