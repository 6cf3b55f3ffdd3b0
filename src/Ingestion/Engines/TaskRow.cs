using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>Where the engine keeps a task; the numbers are in the file.</summary>
internal enum TaskPhase
{
    Queued = 0,

    /// <summary>Waits to be tried again.</summary>
    Delayed = 1,

    /// <summary>Waits for a callback.</summary>
    Parked = 2,

    Running = 3,
    Ended = 4,
}

/// <summary>The part of a row that decides what may happen to a task.</summary>
internal sealed record TaskHead
{
    public const string Columns =
        "seq, id, tenant, phase, state, attempt, failures, crashes, released, cancel, committing, percentage, last_event, cost, vft";

    public TaskHead(SqliteRow row)
    {
        Seq = row.GetInt64(0);
        Id = row.GetString(1);
        Tenant = row.GetString(2);
        Phase = (TaskPhase)row.GetInt32(3);
        State = (TaskState)row.GetInt32(4);
        Attempt = row.GetInt32(5);
        Failures = row.GetInt32(6);
        Crashes = row.GetInt32(7);
        Released = row.GetInt32(8);
        Cancel = row.GetInt64(9) != 0;
        Committing = row.GetInt64(10) != 0;
        Percentage = row.GetInt32(11);
        LastEvent = row.GetInt64(12);
        Cost = row.GetDouble(13);
        Place = row.GetDouble(14);
    }

    public long Seq { get; }
    public string Id { get; }
    public string Tenant { get; }
    public TaskPhase Phase { get; init; }
    public TaskState State { get; }
    public int Attempt { get; }
    public int Failures { get; init; }
    public int Crashes { get; init; }
    public int Released { get; init; }
    public bool Cancel { get; init; }
    public bool Committing { get; }
    public int Percentage { get; }
    public long LastEvent { get; }
    public double Cost { get; }

    /// <summary>Virtual finish time.</summary>
    public double Place { get; init; }

    public bool IsWaiting => Phase is TaskPhase.Queued or TaskPhase.Delayed;
}

/// <summary>A whole row as the file has it; <see cref="ToTask"/> is the costly part and runs on the caller's thread.</summary>
internal sealed class TaskRow
{
    public const string Columns = """
        s.spec, t.state, t.percentage, t.message, t.details, t.updated_at, t.started_at, t.completed_at, t.attempt, t.failures,
        t.crashes, t.released, t.error, t.warnings, t.result, t.checkpoint, t.cancel, t.last_event
        """;

    public const int ColumnCount = 18;

    private readonly string _spec;
    private readonly string? _details, _error, _warnings, _result;
    private readonly IngestionTask _rest;

    public TaskRow(SqliteRow row)
    {
        _spec = row.GetString(0);
        _details = Text(row, 4);
        _error = Text(row, 12);
        _warnings = Text(row, 13);
        _result = Text(row, 14);
        _rest = new IngestionTask
        {
            Spec = null!,
            State = (TaskState)row.GetInt32(1),
            Percentage = row.GetInt32(2),
            Message = row.GetString(3),
            UpdatedAt = Time(row, 5)!.Value,
            StartedAt = Time(row, 6),
            CompletedAt = Time(row, 7),
            Attempt = row.GetInt32(8),
            Failures = row.GetInt32(9),
            Crashes = row.GetInt32(10),
            Released = row.GetInt32(11),
            Checkpoint = Text(row, 15),
            CancelRequested = row.GetInt64(16) != 0,
            LastEvent = row.GetInt64(17),
        };
    }

    /// <summary>Set on a lease only.</summary>
    public byte[]? Inline { get; init; }

    public IngestionTask ToTask()
    {
        var spec = TaskJson.ReadSpec(_spec);
        return _rest with
        {
            Spec = Inline is null ? spec : spec with { Content = spec.Content with { Inline = Inline } },
            Details = TaskJson.ReadElement(_details),
            Error = TaskJson.ReadError(_error),
            Warnings = TaskJson.ReadLines(_warnings),
            Result = TaskJson.ReadElement(_result),
        };
    }

    private static string? Text(SqliteRow row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(SqliteRow row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
