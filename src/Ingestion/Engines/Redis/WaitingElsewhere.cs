using System.Buffers.Binary;
using System.Diagnostics;
using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>
/// How many tasks wait in the other shards. A script sees one shard only, so the limit over all tenants is kept with figures that are up
/// to a second old; with one shard it is exact.
/// </summary>
internal sealed class WaitingElsewhere(RedisConnection redis, RedisKey[] shards)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private volatile Figures? _last;

    public async ValueTask<long> CountAsync(RedisKey shard)
    {
        if (shards.Length == 1) return 0;
        var last = _last;
        if (last is null || Stopwatch.GetElapsedTime(last.Taken) > Fresh)
        {
            var counts = shards.Select(one => redis.AskAsync(database => database.HashGetAsync(one.Append(":line"), "figures")));
            _last = last = new(Stopwatch.GetTimestamp(), [.. (await Task.WhenAll(counts)).Select(Waiting)]);
        }
        return last.Waiting.Sum() - last.Waiting[Array.IndexOf(shards, shard)];
    }

    /// <summary>The third of FIGURES in common.lua.</summary>
    private static long Waiting(RedisValue figures) =>
        figures.IsNull ? 0 : BinaryPrimitives.ReadInt64BigEndian(((ReadOnlyMemory<byte>)figures).Span[16..]);

    private sealed record Figures(long Taken, long[] Waiting);
}
