using Ingestion.Config;
using Ingestion.Pipeline;
using Ingestion.Tasks;

namespace Ingestion.Workers;

/// <summary>Leases a task, runs it, finishes it, and again. Nothing that a task does ends it.</summary>
public sealed class IngestionWorker(
    string id, ITaskEngine engine, IngestionPipeline pipeline, EmbeddingCallbacks callbacks, LeaseKeeper keeper, Leftovers leftovers,
    Settings settings, TimeProvider time, ILogger log)
{
    /// <summary>A worker that has not looked for work for this long, and has none, is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(1);

    private long _lastLook = time.GetTimestamp();
    private volatile bool _busy;

    public bool IsBusy => _busy;

    public bool IsAlive => _busy || time.GetElapsedTime(Volatile.Read(ref _lastLook)) < Silence;

    public async Task RunAsync(CancellationToken stop)
    {
        var (ending, isAway) = (Task.CompletedTask, false);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Volatile.Write(ref _lastLook, time.GetTimestamp());
                var wait = settings.WorkerSleepTime > LongestWait ? settings.WorkerSleepTime : LongestWait;
                var leases = await engine.LeaseAsync(id, 1, wait, stop);
                isAway = false;
                foreach (var lease in leases)
                {
                    _busy = true;
                    var hold = keeper.Hold(lease);
                    var end = await AttemptAsync(hold);
                    // The next task begins while this one's end is on its way to the disk.
                    await ending;
                    ending = EndAsync(hold, end);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                // Once for all the time that they are away.
                if (!isAway || fault is not UnavailableException) log.LogWarning(fault, "Worker {Worker} cannot reach the tasks; it tries again", id);
                isAway = fault is UnavailableException;
                await Task.Delay(PauseAfterFault, time, CancellationToken.None);
            }
            finally
            {
                _busy = false;
            }
        }
        await ending;
    }

    private async Task<AttemptEnd> AttemptAsync(LeaseHold hold)
    {
        // Other workers' answers wait for the thread that brought the lease.
        await Task.Yield();
        try
        {
            return await pipeline.RunAsync(hold);
        }
        catch
        {
            // Not even its end could be told: the lease runs out, and another attempt takes over.
            keeper.Release(hold);
            hold.Dispose();
            throw;
        }
    }

    private async Task EndAsync(LeaseHold hold, AttemptEnd end)
    {
        var lease = hold.Lease;
        try
        {
            if (end.Writing is not null && await IsWrittenAsync(end.Writing, lease))
            {
                await leftovers.OfCompletedAsync(lease.Task.Spec);
                return;
            }
            if (end.Outcome is not { } outcome) return;
            if (!await FinishAsync(hold, outcome))
            {
                log.LogWarning("Task {Task} attempt {Attempt} ended too late; another attempt has it", lease.TaskId, lease.Attempt);
                return;
            }
            if (outcome.Kind == OutcomeKind.Completed) await leftovers.OfCompletedAsync(lease.Task.Spec);
            if (outcome.Kind == OutcomeKind.Parked) await callbacks.AfterParkingAsync(lease, CancellationToken.None);
        }
        catch (Exception fault)
        {
            log.LogWarning(fault, "Task {Task} attempt {Attempt} could not be ended; its lease will run out", lease.TaskId, lease.Attempt);
        }
        finally
        {
            keeper.Release(hold);
            hold.Dispose();
        }
    }

    private async Task<bool> IsWrittenAsync(Task<bool> writing, Lease lease)
    {
        try
        {
            return await writing;
        }
        catch (UnavailableException fault)
        {
            log.LogWarning(fault, "Task {Task} could not be stored now; it is handed back", lease.TaskId);
            return false;
        }
    }

    /// <summary>The outcome is the last thing known of the attempt: a storage that is away for a moment must not lose it.</summary>
    private async Task<bool> FinishAsync(LeaseHold hold, TaskOutcome outcome)
    {
        while (true)
        {
            try
            {
                return await engine.FinishAsync(hold.Lease, outcome, CancellationToken.None);
            }
            catch (UnavailableException fault) when (hold.Reason is EndReason.None or EndReason.Cancelled)
            {
                log.LogWarning(fault, "Task {Task} cannot be finished now; trying again", hold.Lease.TaskId);
                await Task.Delay(PauseAfterFault, time, CancellationToken.None);
            }
        }
    }
}
