using System.Text.Json;

namespace Ingestion.Tasks;

/// <summary>What a step adds to a task: events, and what comes with them. Written as one.</summary>
public sealed record TaskChange
{
    public static readonly TaskChange None = new();

    /// <summary>In order. A <see cref="StatusEvent"/> moves the task's state, a <see cref="ProgressEvent"/> its percentage.</summary>
    public IReadOnlyList<TaskEvent> Events { get; init; } = [];

    /// <summary>Replaces the task's checkpoint; null leaves it.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Replaces the task's warnings; null leaves them.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }

    /// <summary>The point of no return: from here until the lease ends, a cancel is too late.</summary>
    public bool Committing { get; init; }
}

/// <summary>How a lease ends. <see cref="TaskRules"/> makes them; an engine only writes them down.</summary>
public sealed record TaskOutcome
{
    public required OutcomeKind Kind { get; init; }

    /// <summary>Holds the closing events, the change of state among them.</summary>
    public TaskChange Change { get; init; } = TaskChange.None;

    /// <summary>Retry and Failed.</summary>
    public TaskError? Error { get; init; }

    /// <summary>Completed: a JSON object.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Retry: not before. Parked: until then, unless resumed.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The closing events come after what the attempt had still to tell.</summary>
    public TaskOutcome After(TaskChange told) => this with
    {
        Change = told with
        {
            Events = [.. told.Events, .. Change.Events],
            Checkpoint = Change.Checkpoint ?? told.Checkpoint,
            Warnings = Change.Warnings ?? told.Warnings,
        },
    };
}

public enum OutcomeKind
{
    Completed,
    Failed,
    Cancelled,

    /// <summary>Counts a failure and waits until <see cref="TaskOutcome.At"/>.</summary>
    Retry,

    /// <summary>Counts a crash and goes back to the queue at once; only an engine's sweep uses it.</summary>
    Crashed,

    /// <summary>Goes back to the queue at once and counts nothing against the task.</summary>
    Released,

    /// <summary>Waits for <see cref="ITaskEngine.ResumeAsync"/>; runs again at the deadline without it.</summary>
    Parked,
}
