using Ingestion.Config;
using Ingestion.Pipeline;
using Ingestion.Tasks;

namespace Ingestion.Workers;

/// <summary>
/// WORKER_COUNT workers and what keeps their leases. Stopping is soft first (no new task, the running ones may finish), then hard
/// (the running ones are handed back, which costs them nothing).
/// </summary>
public sealed class WorkerPool(
    ITaskEngine engine, IngestionPipeline pipeline, EmbeddingCallbacks callbacks, LeaseKeeper keeper, Leftovers leftovers, Settings settings, TimeProvider time, ILogger<WorkerPool> log)
    : BackgroundService
{
    public static readonly TimeSpan SoftStop = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan HardStop = TimeSpan.FromSeconds(5);

    private readonly string _id = $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}";
    private readonly List<IngestionWorker> _workers = [];
    private Task _running = Task.CompletedTask;

    public string Id => _id;

    public int Count => settings.AutoStartWorkers ? settings.WorkerCount : 0;

    public int Busy => _workers.Count(worker => worker.IsBusy);

    /// <summary>Whether every worker has looked for work lately or has some.</summary>
    public bool IsAlive => _workers.All(worker => worker.IsAlive);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (await EndsWithinAsync(SoftStop, cancellationToken)) return;
        log.LogInformation("Handing back {Count} running tasks", Busy);
        keeper.EndAll(EndReason.Stopping);
        if (!await EndsWithinAsync(HardStop, CancellationToken.None)) log.LogWarning("{Count} workers did not stop; their leases will run out", Busy);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var i = 0; i < Count; i++) _workers.Add(new IngestionWorker($"{_id}:{i}", engine, pipeline, callbacks, keeper, leftovers, settings, time, log));
        return _running = Task.WhenAll(_workers.Select(worker => Task.Run(() => worker.RunAsync(stoppingToken), CancellationToken.None)));
    }

    private async Task<bool> EndsWithinAsync(TimeSpan patience, CancellationToken cancel)
    {
        var first = await Task.WhenAny(_running, Task.Delay(patience, time, cancel));
        return first == _running;
    }
}
