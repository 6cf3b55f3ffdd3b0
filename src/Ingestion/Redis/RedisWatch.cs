namespace Ingestion.Redis;

/// <summary>Tells the log how Redis is: whether it is there, and what of its set-up puts accepted work at risk.</summary>
public sealed class RedisWatch(RedisConnection redis, TimeProvider time, ILogger<RedisWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (wasConnected, isChecked) = (true, false);
        string? told = null;
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            var isConnected = redis.IsConnected;
            if (wasConnected && !isConnected) log.LogWarning("Redis cannot be reached at {Address}: nothing is accepted or worked on until it is back", redis.Address);
            if (!wasConnected && isConnected) log.LogInformation("Redis is back");
            wasConnected = isConnected;
            if (!isConnected && redis.Obstacle is { } obstacle && obstacle != told) log.LogError("Redis cannot be used. {Obstacle}", told = obstacle);
            if (isConnected) told = null;
            if (!isConnected || isChecked) continue;
            try
            {
                foreach (var warning in await redis.CheckAsync()) log.LogWarning("{Warning}", warning);
                isChecked = true;
            }
            catch (UnavailableException)
            {
                // Gone again; the next round looks.
            }
            catch (Exception fault)
            {
                log.LogWarning(fault, "How Redis is set up could not be looked at");
                isChecked = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
