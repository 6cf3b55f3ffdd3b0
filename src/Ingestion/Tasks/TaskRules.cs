namespace Ingestion.Tasks;

/// <summary>Every decision about a task that does not depend on where tasks are kept. Pure: each gives the outcome to write.</summary>
public static class TaskRules
{
    /// <summary>Leases that may be lost before the task is given up.</summary>
    public const int MaxCrashes = 3;

    public static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    /// <summary>The first event of every task.</summary>
    public static StatusEvent Accepted(DateTimeOffset now) => new(now, null, TaskState.Pending, "The document was accepted and waits for a worker.");

    /// <summary>A client asked for another try of a task that had ended.</summary>
    public static StatusEvent Requeued(TaskState from, DateTimeOffset now) =>
        new(now, from, TaskState.Pending, "The task was asked for again and waits for a worker.");

    public static TaskOutcome Cancelled(TaskState from, DateTimeOffset now) => new()
    {
        Kind = OutcomeKind.Cancelled,
        Change = new() { Events = [new StatusEvent(now, from, TaskState.Cancelled, "The task was cancelled; nothing of it was stored.")] },
    };

    public static TaskOutcome Failed(TaskState from, TaskError error, DateTimeOffset now, IReadOnlyList<TaskEvent>? before = null) => new()
    {
        Kind = OutcomeKind.Failed,
        Error = error,
        Change = new()
        {
            Events = [.. before ?? [], new ErrorEvent(now, error), new StatusEvent(now, from, TaskState.Failed, error.Message)],
        },
    };

    /// <summary>An error that another attempt may not meet again: wait with full jitter, or give up after <paramref name="maxFailures"/>.</summary>
    /// <param name="chance">0 to 1, the jitter.</param>
    /// <param name="notBefore">As the other side asked (Retry-After).</param>
    public static TaskOutcome AfterFailure(
        IngestionTask task, TaskState from, TaskError error, int maxFailures, double chance, DateTimeOffset now,
        TimeSpan? notBefore = null, IReadOnlyList<TaskEvent>? before = null)
    {
        if (task.Failures + 1 >= maxFailures) return Failed(from, error, now, before);
        var ceiling = Math.Min(LongestBackoff.TotalSeconds, FirstBackoff.TotalSeconds * Math.Pow(2, Math.Min(task.Failures, 20)));
        var wait = TimeSpan.FromSeconds(ceiling * chance);
        if (notBefore is { } asked && asked > wait) wait = asked < LongestBackoff ? asked : LongestBackoff;
        var message = $"Attempt {task.Attempt} failed: {error.Message} It is tried again in {Math.Ceiling(wait.TotalSeconds):0} s.";
        return new()
        {
            Kind = OutcomeKind.Retry,
            Error = error,
            At = now + wait,
            Change = new() { Events = [.. before ?? [], new StatusEvent(now, from, TaskState.Pending, message)] },
        };
    }

    /// <summary>A lease ran out: its worker died, hung or lost the engine.</summary>
    public static TaskOutcome AfterLostLease(IngestionTask task, DateTimeOffset now)
    {
        if (task.CancelRequested) return Cancelled(task.State, now);
        if (task.Crashes + 1 >= MaxCrashes)
        {
            var error = new TaskError(TaskErrors.Internal,
                $"The worker stopped {MaxCrashes} times while it processed this document. Send it again in another format, or report it.");
            return Failed(task.State, error, now);
        }
        // A worker that died before it told of its start has changed nothing that could be told.
        return new()
        {
            Kind = OutcomeKind.Crashed,
            Change = new()
            {
                Events = task.State == TaskState.Pending
                    ? []
                    : [new StatusEvent(now, task.State, TaskState.Pending, "The worker stopped before the end; another one takes over.")],
            },
        };
    }

    /// <summary>A worker that is told to stop hands the task back.</summary>
    public static TaskOutcome Released(TaskState from, DateTimeOffset now, IReadOnlyList<TaskEvent>? before = null) => new()
    {
        Kind = OutcomeKind.Released,
        Change = new() { Events = [.. before ?? [], new StatusEvent(now, from, TaskState.Pending, "The service is stopping; another worker takes over.")] },
    };
}
