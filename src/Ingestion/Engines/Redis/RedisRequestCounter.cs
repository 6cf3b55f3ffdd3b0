using Ingestion.Redis;
using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>Counts in Redis, for all instances. A minute's count is forgotten soon after it.</summary>
public sealed class RedisRequestCounter(RedisConnection redis) : IRequestCounter
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(2);

    public async ValueTask<long> AddAsync(string tenant, long minute, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        RedisKey key = $"ingestion:requests:{minute}:{tenant}";
        return await redis.AskAsync(database =>
        {
            // First its end: a count that outlived its minute would stay for good.
            _ = database.StringSetAsync(key, 0, Kept, when: When.NotExists, flags: CommandFlags.FireAndForget);
            return database.StringIncrementAsync(key);
        });
    }
}
