using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>How a lease, or a task that nobody holds, goes on: an outcome made ready to write.</summary>
internal sealed class Ending
{
    private readonly PreparedChange _change;
    private readonly OutcomeKind _kind;
    private readonly string? _error;
    private readonly string? _result;
    private readonly long? _at;

    /// <exception cref="ArgumentException">The events do not say the same as the outcome.</exception>
    public Ending(string taskId, string tenant, TaskOutcome outcome)
    {
        _change = new PreparedChange(taskId, tenant, outcome.Change);
        _kind = outcome.Kind;
        _error = TaskJson.Write(outcome.Error);
        _result = outcome.Result?.GetRawText();
        _at = outcome.At?.ToUnixTimeMilliseconds();
        TaskState? final = _kind switch
        {
            OutcomeKind.Completed => TaskState.Completed,
            OutcomeKind.Failed => TaskState.Failed,
            OutcomeKind.Cancelled => TaskState.Cancelled,
            OutcomeKind.Retry or OutcomeKind.Crashed or OutcomeKind.Released or OutcomeKind.Parked => null,
        };
        if (final is not null ? _change.State != final : _change.State?.IsFinal() == true)
            throw new ArgumentException($"An outcome {_kind} leaves the task {_change.State?.Wire() ?? "as it was"}.", nameof(outcome));
    }

    public bool IsFinal => _kind is OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Cancelled;

    /// <summary>Whether another worker can take it at once.</summary>
    public bool Queues => _kind is OutcomeKind.Crashed or OutcomeKind.Released;

    public void Write(SqliteSession session, TaskHead head, long now, bool lostLease = false)
    {
        var after = _kind switch
        {
            OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Cancelled => head with { Phase = TaskPhase.Ended },
            OutcomeKind.Retry => head with { Phase = TaskPhase.Delayed, Failures = head.Failures + 1 },
            OutcomeKind.Crashed => head with { Phase = TaskPhase.Queued },
            OutcomeKind.Released => head with { Phase = TaskPhase.Queued, Released = head.Released + 1 },
            OutcomeKind.Parked => head with { Phase = TaskPhase.Parked },
        };
        if (lostLease) after = after with { Crashes = head.Crashes + 1 };
        SqliteTaskRows.Move(session, head, after, _change, now, _kind == OutcomeKind.Retry ? _at ?? now : _at, _error, _result);
    }
}
