using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>What other instances say of changes, on the sharded channel of each shard.</summary>
internal sealed class RedisNews
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly RedisConnection _redis;
    private readonly RedisKey[] _shards;
    private readonly string _instance;
    private readonly Heard _heard;
    private readonly Lock _gate = new();
    private Task? _hearing;
    private int _trying;

    /// <param name="taskId">Null: anything may have changed.</param>
    public delegate void Heard(string? taskId, bool queued, bool isCancel);

    public RedisNews(RedisConnection redis, RedisKey[] shards, string instance, Heard heard)
    {
        (_redis, _shards, _instance, _heard) = (redis, shards, instance, heard);
        redis.Restored += () => _heard(null, queued: true, isCancel: false);
    }

    public bool IsHearing => _hearing is { IsCompletedSuccessfully: true };

    /// <summary>When it returns, nothing that is said from now on is missed.</summary>
    /// <exception cref="UnavailableException">Redis is away.</exception>
    public Task HearAsync()
    {
        lock (_gate)
        {
            if (_hearing is null or { IsCompleted: true, IsCompletedSuccessfully: false }) _hearing = SubscribeAsync();
            return _hearing;
        }
    }

    /// <summary>Hears as soon as Redis is there.</summary>
    public void HearSoon()
    {
        if (Interlocked.Exchange(ref _trying, 1) == 0) _ = HearUntilDoneAsync();
    }

    private async Task SubscribeAsync()
    {
        foreach (var shard in _shards) await _redis.SubscribeAsync(RedisChannel.Sharded(shard.Append(":news").ToString()), Take);
        _heard(null, queued: true, isCancel: false);
    }

    private async Task HearUntilDoneAsync()
    {
        while (true)
        {
            try
            {
                await HearAsync();
                return;
            }
            catch (UnavailableException)
            {
                await Task.Delay(Pause);
            }
        }
    }

    /// <summary>What this instance said, it has acted on already.</summary>
    private void Take(RedisValue message)
    {
        var text = ((string)message!).AsSpan();
        if (text.Length <= RedisEngine.InstanceLength || text.StartsWith(_instance)) return;
        text = text[RedisEngine.InstanceLength..];
        foreach (var range in text.Split('\n'))
        {
            var one = text[range];
            if (one.Length > 1) _heard(one[1..].ToString(), queued: one[0] == 'q', isCancel: one[0] == 'x');
        }
    }
}
