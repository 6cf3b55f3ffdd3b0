using Ingestion.Tasks;

namespace Ingestion.Engines.Redis;

/// <summary>A task's way from one phase to another, if it is as the caller expects it. What is null is not expected.</summary>
internal sealed record RedisMove(string Tenant, string TaskId, TaskPhase From, TaskPhase To, PreparedChange Change)
{
    private const long None = -1;

    public int? IfAttempt { get; init; }
    public TaskState? IfState { get; init; }
    public bool? IfCancel { get; init; }

    /// <summary>Only if its lease has run out.</summary>
    public bool IfExpired { get; init; }

    /// <summary>What the same call, made again, is known by.</summary>
    public string? Caller { get; init; }

    /// <summary>The last event that is known to be written, where others may be.</summary>
    public long? After { get; init; }

    public TaskCounter Counts { get; init; }

    /// <summary>Until a delayed or parked task is due; null: never.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The answer has the task.</summary>
    public bool Reads { get; init; }

    /// <summary>How many tasks may wait, of all and of the tenant, and be open; null: as many as want.</summary>
    public (long Waiting, TenantLimits Tenant)? Limits { get; init; }

    public string? Error { get; init; }
    public string? Result { get; init; }

    /// <summary>Where a lease, or a task that nobody holds, goes by its ending.</summary>
    /// <param name="now">What an ending's time is meant from: the clocks of this instance and of Redis may differ.</param>
    public static RedisMove By(Ending ending, string tenant, string taskId, TaskPhase from, DateTimeOffset now)
    {
        var (to, counts) = ending.Kind switch
        {
            OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Cancelled => (TaskPhase.Ended, TaskCounter.None),
            OutcomeKind.Retry => (TaskPhase.Delayed, TaskCounter.Failures),
            OutcomeKind.Crashed => (TaskPhase.Queued, TaskCounter.None),
            OutcomeKind.Released => (TaskPhase.Queued, TaskCounter.Released),
            OutcomeKind.Parked => (TaskPhase.Parked, TaskCounter.None),
        };
        return new(tenant, taskId, from, to, ending.Change)
        {
            Counts = counts,
            Delay = ending.At is { } at ? at - now : ending.Kind == OutcomeKind.Retry ? TimeSpan.Zero : null,
            Error = ending.Error,
            Result = ending.Result,
        };
    }

    public ScriptStep ToStep()
    {
        var step = new ScriptStep(StepVerb.Move).Change(Change).Long(After ?? None).Byte((int)From).Byte((int?)IfState).Long(IfAttempt ?? None)
            .Byte(IfCancel is { } cancel ? cancel ? 1 : 0 : null).Byte(IfExpired).Byte((int)To).Byte((int)Counts);
        if (Delay is { } delay) step.Time(delay);
        else step.Long(None);
        step.Byte(Reads).Long(Limits is { } limits ? Math.Max(0, limits.Waiting) : None).Long(Limits?.Tenant.Waiting ?? 0)
            .Long(Limits?.Tenant.Open ?? 0).Text(TaskId).Text(Tenant).Percentages(Change).Text(Caller);
        return step.Values(Change).Set("error", Error).Set("result", Result);
    }
}

/// <summary>Where a counter is in a task's head, from 1.</summary>
internal enum TaskCounter
{
    None = 0,
    Failures = 17,
    Crashes = 18,
    Released = 19,
}
