using System.Collections.Concurrent;
using Ingestion.Http;
using Ingestion.Tasks;

namespace Ingestion.Access;

/// <summary>A tenant's requests of this minute, over all instances.</summary>
public sealed class RequestQuota(TenantQuotas quotas, IRequestCounter counter, TimeProvider time)
{
    /// <summary>Tenants that have had enough, and of which minute: who floods costs no more than a look here.</summary>
    private readonly ConcurrentDictionary<string, long> _full = new();

    private readonly bool _counts = quotas.CountsRequests;

    /// <summary>Counts one request. A problem where the tenant has had as many as it may.</summary>
    public async ValueTask<Problem?> TakeAsync(string tenant, CancellationToken cancel)
    {
        if (!_counts || quotas.Of(tenant).RequestsPerMinute is not (> 0 and var limit)) return null;
        var now = time.GetUtcNow();
        var minute = now.ToUnixTimeSeconds() / 60;
        var isFull = _full.TryGetValue(tenant, out var full) && full == minute;
        if (!isFull)
        {
            if (await counter.AddAsync(tenant, minute, cancel) <= limit) return null;
            foreach (var (other, last) in _full)
                if (last < minute) _full.TryRemove(other, out _);
            _full[tenant] = minute;
        }
        return Problems.RateLimited(limit, DateTimeOffset.FromUnixTimeSeconds((minute + 1) * 60) - now);
    }
}
