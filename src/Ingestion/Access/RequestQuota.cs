using System.Collections.Concurrent;
using Ingestion.Http;
using Ingestion.Tasks;

namespace Ingestion.Access;

/// <summary>A tenant's requests of this minute, over all instances.</summary>
public sealed class RequestQuota(TenantQuotas quotas, IRequestCounter counter, TimeProvider time)
{
    /// <summary>Between two refusals of one tenant: what a flood may cost is not the flood's to say.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(2);

    /// <summary>Above it refusals are not held back: they would cost memory instead.</summary>
    private static readonly TimeSpan LongestHeld = TimeSpan.FromSeconds(1);

    /// <summary>Tenants that have had enough, and of which minute: who floods costs no more than a look here.</summary>
    private readonly ConcurrentDictionary<string, Full> _full = new();

    private readonly bool _counts = quotas.CountsRequests;

    /// <summary>Counts one request. A problem, which may come late, where the tenant has had as many as it may.</summary>
    public async ValueTask<Problem?> TakeAsync(string tenant, CancellationToken cancel)
    {
        if (!_counts || quotas.Of(tenant).RequestsPerMinute is not (> 0 and var limit)) return null;
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        if (!_full.TryGetValue(tenant, out var full) || full.Minute != minute)
        {
            if (await counter.AddAsync(tenant, minute, cancel) <= limit) return null;
            foreach (var (other, last) in _full)
                if (last.Minute < minute) _full.TryRemove(other, out _);
            full = _full.AddOrUpdate(tenant, _ => new Full(minute), (_, there) => there.Minute == minute ? there : new Full(minute));
        }
        if (full.NextTurn() is { Ticks: > 0 } held) await Task.Delay(held, cancel);
        return Problems.RateLimited(limit, DateTimeOffset.FromUnixTimeSeconds((minute + 1) * 60) - time.GetUtcNow());
    }

    private sealed class Full(long minute)
    {
        private readonly Lock _turns = new();
        private TimeSpan _next;

        public long Minute => minute;

        /// <summary>How long to hold this refusal back.</summary>
        public TimeSpan NextTurn()
        {
            var now = TimeSpan.FromMilliseconds(Environment.TickCount64);
            lock (_turns)
            {
                var held = _next - now;
                if (held > LongestHeld) return TimeSpan.Zero;
                _next = (held > TimeSpan.Zero ? _next : now) + Pace;
                return held;
            }
        }
    }
}
