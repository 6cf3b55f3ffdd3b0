using Ingestion.Embedding.Cache;
using Ingestion.Sources;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Workers;

/// <summary>The slow loop: rescues lost leases, prunes what is past its time, and sweeps what crashes left behind.</summary>
public sealed class Housekeeper(
    ITaskEngine engine, IChunkStore store, IEmbeddingCache cache, UploadStore uploads, Leftovers leftovers, TimeProvider time, ILogger<Housekeeper> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SlowEvery = TimeSpan.FromMinutes(10);

    /// <summary>Longer than any upload may take between its last byte and its task.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? slowSwept = null;
        var isAway = false;
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                var swept = await engine.SweepAsync(stoppingToken);
                if (swept.Rescued > 0) log.LogWarning("{Count} leases had run out or belonged to a process that has died; their tasks go on", swept.Rescued);
                foreach (var task in swept.Ended) await leftovers.OfEndedAsync(task.Spec, stoppingToken);
                foreach (var spec in swept.Pruned) await leftovers.OfForgottenAsync(spec, stoppingToken);
                await store.SweepAsync(stoppingToken);
                isAway = false;
                if (slowSwept is { } last && time.GetElapsedTime(last) < SlowEvery) continue;
                slowSwept = time.GetTimestamp();
                await cache.SweepAsync(stoppingToken);
                var orphans = await uploads.SweepAsync(OrphanAge, key => engine.NeedsUploadAsync(key, stoppingToken), stoppingToken);
                if (orphans > 0) log.LogInformation("{Count} uploads without a task were deleted", orphans);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // Once for all the time that they are away.
                if (!isAway || fault is not UnavailableException) log.LogWarning(fault, "Housekeeping failed; it tries again");
                isAway = fault is UnavailableException;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
