using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Embedding.Pacing;

/// <summary>The pace of all instances that share one Redis. While Redis is away calls go on unpaced: a provider can still refuse them.</summary>
public sealed class RedisPace(RedisConnection redis) : IEmbeddingPace
{
    private static readonly RedisScript Enter = new("Embedding.Pacing.enter");
    private static readonly RedisScript Leave = new("Embedding.Pacing.leave");

    public async ValueTask<PaceAnswer> EnterAsync(string lane, TimeSpan longest, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var id = Guid.NewGuid().ToString("N");
        try
        {
            var answer = (long[])(await Enter.RunAsync(redis, KeysOf(lane), [id, (long)longest.TotalMilliseconds, PaceRules.Start]))!;
            return answer[0] switch
            {
                0 => new(new PaceTurn(lane, id, answer[1]), default, IsPause: false),
                1 => new(null, TimeSpan.FromMilliseconds(answer[1]), IsPause: true),
                _ => new(null, PaceRules.Look * (1 + Random.Shared.NextDouble()), IsPause: false),
            };
        }
        catch (UnavailableException)
        {
            return new(new PaceTurn(lane, id, 0), default, IsPause: false);
        }
    }

    public async ValueTask LeaveAsync(PaceTurn turn, CallEnd end, TimeSpan pause)
    {
        var milliseconds = (long)Math.Min(pause.TotalMilliseconds, PaceRules.LongestPause.TotalMilliseconds);
        try
        {
            await Leave.RunAsync(redis, KeysOf(turn.Lane),
                [turn.Id, turn.Began, end.ToString(), milliseconds, PaceRules.Start, PaceRules.Most]);
        }
        catch (UnavailableException)
        {
            // The turn is taken back when its time is over.
        }
    }

    private static RedisKey[] KeysOf(string lane) => [$"{{ingestion:pace:{lane}}}", $"{{ingestion:pace:{lane}}}:calls"];
}
