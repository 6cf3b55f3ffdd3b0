using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>How a lease, or a task that nobody holds, goes on: an outcome made ready to write.</summary>
internal sealed class Ending
{
    /// <exception cref="ArgumentException">The events do not say the same as the outcome.</exception>
    public Ending(string taskId, string tenant, TaskOutcome outcome)
    {
        Change = new PreparedChange(taskId, tenant, outcome.Change);
        Kind = outcome.Kind;
        Error = TaskJson.Write(outcome.Error);
        Result = outcome.Result?.GetRawText();
        At = outcome.At;
        TaskState? final = Kind switch
        {
            OutcomeKind.Completed => TaskState.Completed,
            OutcomeKind.Failed => TaskState.Failed,
            OutcomeKind.Cancelled => TaskState.Cancelled,
            OutcomeKind.Retry or OutcomeKind.Crashed or OutcomeKind.Released or OutcomeKind.Parked => null,
        };
        if (final is not null ? Change.State != final : Change.State?.IsFinal() == true)
            throw new ArgumentException($"An outcome {Kind} leaves the task {Change.State?.Wire() ?? "as it was"}.", nameof(outcome));
    }

    public OutcomeKind Kind { get; }
    public PreparedChange Change { get; }
    public string? Error { get; }
    public string? Result { get; }
    public DateTimeOffset? At { get; }

    public bool IsFinal => Kind is OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Cancelled;

    /// <summary>Whether another worker can take it at once.</summary>
    public bool Queues => Kind is OutcomeKind.Crashed or OutcomeKind.Released;

    public void Write(SqliteSession session, TaskHead head, long now, bool lostLease = false)
    {
        var after = Kind switch
        {
            OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Cancelled => head with { Phase = TaskPhase.Ended },
            OutcomeKind.Retry => head with { Phase = TaskPhase.Delayed, Failures = head.Failures + 1 },
            OutcomeKind.Crashed => head with { Phase = TaskPhase.Queued },
            OutcomeKind.Released => head with { Phase = TaskPhase.Queued, Released = head.Released + 1 },
            OutcomeKind.Parked => head with { Phase = TaskPhase.Parked },
        };
        if (lostLease) after = after with { Crashes = head.Crashes + 1 };
        var at = At?.ToUnixTimeMilliseconds();
        SqliteTaskRows.Move(session, head, after, Change, now, Kind == OutcomeKind.Retry ? at ?? now : at, Error, Result);
    }
}
