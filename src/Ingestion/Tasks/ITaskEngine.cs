namespace Ingestion.Tasks;

/// <summary>
/// Where tasks live: their rows, their queue and their events, in one place, so that a change of state, its events and its place in
/// the queue are one atomic, durable write. Everything a lease does is fenced by its attempt: a late worker changes nothing.
/// One implementation is one file; <c>TaskEngineConformance</c> is what each must pass.
/// </summary>
/// <exception cref="UnavailableException">Any call, while the place where tasks live cannot be reached or written.</exception>
public interface ITaskEngine
{
    /// <summary>When it returns <see cref="EnqueueResult.Created"/>, the task survives a power cut.</summary>
    Task<EnqueueResult> EnqueueAsync(TaskSpec spec, CancellationToken cancel);

    /// <summary>
    /// Hands out up to <paramref name="max"/> tasks that are due, in the order of priority, then of each tenant's fair turn, each with a
    /// new attempt. Waits up to <paramref name="wait"/> for the first; empty when none came. It may come on a thread that others' answers
    /// wait for: long work begins on another.
    /// </summary>
    Task<IReadOnlyList<Lease>> LeaseAsync(string worker, int max, TimeSpan wait, CancellationToken cancel);

    /// <summary>Keeps leases for another <see cref="EngineOptions.LeaseTime"/>; the replies are in the order of the leases.</summary>
    Task<IReadOnlyList<LeaseReply>> RenewAsync(IReadOnlyList<Lease> leases, CancellationToken cancel);

    /// <summary>Writes a step and renews the lease, both only where the reply is <see cref="LeaseReply.Held"/>.</summary>
    Task<LeaseReply> AppendAsync(Lease lease, TaskChange change, CancellationToken cancel);

    /// <summary>
    /// Ends a lease. False where it was already lost; then nothing was written. A requested cancel does not stop it:
    /// a worker that is told of it ends with <see cref="OutcomeKind.Cancelled"/>. One that had not heard of it and hands the task back
    /// (retry, release, park) cancels it by that.
    /// </summary>
    Task<bool> FinishAsync(Lease lease, TaskOutcome outcome, CancellationToken cancel);

    /// <summary>Puts a parked task back into the queue, with a change. False where that attempt is not parked; then nothing was written.</summary>
    Task<bool> ResumeAsync(string tenant, string taskId, int attempt, TaskChange change, CancellationToken cancel);

    /// <summary>A waiting or parked task ends at once; one that a worker holds is told to.</summary>
    Task<CancelResult> CancelAsync(string tenant, string taskId, CancellationToken cancel);

    /// <summary>Queues a failed or cancelled task again, its counters at zero, its checkpoint kept.</summary>
    Task<RetryResult> RetryAsync(string tenant, string taskId, CancellationToken cancel);

    /// <summary>Null where the tenant has no such task.</summary>
    Task<IngestionTask?> GetAsync(string tenant, string taskId, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<TaskPage> ListAsync(TaskFilter filter, CancellationToken cancel);

    /// <summary>Events with an id above <paramref name="after"/>, in order; empty where there is none or no such task.</summary>
    Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(string tenant, string taskId, long after, int max, CancellationToken cancel);

    /// <summary>
    /// Hints that a task has changed, from every process that works on the same engine; they may come twice or too often, never too
    /// late for good. A null task id means "look at everything you follow"; such a one comes at once, for what changed before it.
    /// Never ends before it is cancelled.
    /// </summary>
    IAsyncEnumerable<TaskNudge> WatchAsync(CancellationToken cancel);

    /// <summary>
    /// Rescues leases that ran out, and where that can be known those of processes that died, and removes what is past <see cref="EngineOptions.Retention"/>. Returns the tasks that this ended or
    /// removed, so that what they left elsewhere can go too. Any number of processes may call it.
    /// </summary>
    Task<SweepResult> SweepAsync(CancellationToken cancel);

    /// <summary>Whether a task that has not completed still points at the upload.</summary>
    Task<bool> NeedsUploadAsync(string fileKey, CancellationToken cancel);

    Task<EngineStats> StatsAsync(CancellationToken cancel);
}

public sealed record EngineOptions
{
    /// <summary>How long a worker may be silent before its task goes to another.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an ended task and its events are kept.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Tasks that may wait over all tenants.</summary>
    public int MaxQueueDepth { get; init; } = 100_000;

    /// <summary>Tasks of one tenant that may wait.</summary>
    public int MaxTenantQueueDepth { get; init; } = 100_000;

    /// <summary>Tasks of one tenant that have not ended.</summary>
    public int MaxTenantOpenTasks { get; init; } = int.MaxValue;

    /// <summary>Limits that differ from tenant to tenant; where it is there, it stands for the two above.</summary>
    public Func<string, TenantLimits>? TenantLimits { get; init; }

    public TenantLimits LimitsOf(string tenant) => TenantLimits?.Invoke(tenant) ?? new(MaxTenantQueueDepth, MaxTenantOpenTasks);
}

/// <param name="Waiting">Tasks that may wait.</param>
/// <param name="Open">Tasks that may be there without having ended: waiting, running or parked.</param>
public readonly record struct TenantLimits(int Waiting, int Open);

/// <summary>Which limit a new task would go over.</summary>
public enum FullKind
{
    /// <summary>Waiting tasks of all tenants.</summary>
    Queue,

    /// <summary>Waiting tasks of the tenant.</summary>
    TenantQueue,

    /// <summary>Tasks of the tenant that have not ended.</summary>
    TenantTasks,
}

/// <param name="Task">As it stood when it was leased.</param>
public sealed record Lease(string Worker, IngestionTask Task)
{
    /// <summary>The fence.</summary>
    public int Attempt => Task.Attempt;

    public string TaskId => Task.Spec.TaskId;
}

public enum LeaseReply
{
    Held,

    /// <summary>Held, but nothing was written: stop, clean up and finish as cancelled.</summary>
    CancelRequested,

    /// <summary>Another attempt has it, or it has ended: stop, and write nothing anywhere.</summary>
    Lost,
}

public abstract record EnqueueResult
{
    private EnqueueResult() { }

    public sealed record Created(IngestionTask Task) : EnqueueResult;

    /// <summary>The same task id, or idempotency key, came before with the same fingerprint; this is that task.</summary>
    public sealed record Existing(IngestionTask Task) : EnqueueResult;

    /// <summary>The same task id or idempotency key came before with another fingerprint.</summary>
    public sealed record Conflict(string TaskId) : EnqueueResult;

    /// <param name="Limit">How many there may be of what the kind says.</param>
    public sealed record Full(int Limit, TimeSpan RetryAfter, FullKind Kind = FullKind.Queue) : EnqueueResult;
}

public enum CancelKind
{
    NotFound,

    /// <summary>It has ended as cancelled, now or before.</summary>
    Cancelled,

    /// <summary>A worker holds it and is told.</summary>
    Requested,

    /// <summary>It ended otherwise.</summary>
    Finished,

    /// <summary>It is past the point of no return and ends in a moment: ask again.</summary>
    Committing,
}

/// <param name="Task">Null where not found.</param>
public sealed record CancelResult(CancelKind Kind, IngestionTask? Task);

public enum RetryKind
{
    NotFound,
    Queued,

    /// <summary>It completed or has not ended yet.</summary>
    NotEnded,

    Full,
}

/// <param name="Task">Null where not found.</param>
/// <param name="Full">What is full, where that is the answer.</param>
public sealed record RetryResult(RetryKind Kind, IngestionTask? Task, EnqueueResult.Full? Full = null);

/// <param name="Page">From 1.</param>
/// <param name="PageSize">1–100.</param>
public sealed record TaskFilter(
    string Tenant, string? Collection = null, TaskState? State = null, int Page = 1, int PageSize = 20, string? Document = null);

public sealed record TaskPage(IReadOnlyList<IngestionTask> Tasks, long Total);

/// <param name="TaskId">Null: anything may have changed.</param>
/// <param name="IsCancel">A worker that holds the task is to stop.</param>
public readonly record struct TaskNudge(string? TaskId, bool IsCancel = false);

/// <param name="Ended">Tasks that the sweep itself failed or cancelled.</param>
/// <param name="Pruned">Tasks that are no longer known.</param>
/// <param name="Rescued">How many leases were taken back.</param>
public sealed record SweepResult(IReadOnlyList<IngestionTask> Ended, IReadOnlyList<TaskSpec> Pruned, int Rescued);

/// <param name="Waiting">Due or to be tried again later.</param>
/// <param name="OldestWaiting">Null where none waits.</param>
public sealed record EngineStats(long Waiting, long Running, long Parked, DateTimeOffset? OldestWaiting);
