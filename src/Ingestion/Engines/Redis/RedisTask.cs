using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>A task as its hash has it.</summary>
internal static class RedisTask
{
    /// <summary>In the order of <c>read</c> in common.lua.</summary>
    public static readonly RedisValue[] Fields =
    [
        "spec", "tenant", "state", "percentage", "message", "details", "updated_at", "started_at", "completed_at", "attempt", "failures",
        "crashes", "released", "error", "warnings", "result", "checkpoint", "cancel", "last_event",
    ];

    /// <summary>Null where there is none.</summary>
    public static IngestionTask? Read(RedisResult fields, byte[]? inline = null) =>
        fields.IsNull || fields.Length == 0 ? null : Read((RedisValue[])fields!, inline);

    public static IngestionTask? Read(RedisValue[] fields, byte[]? inline = null)
    {
        if (fields[0].IsNull) return null;
        var spec = TaskJson.ReadSpec(((ReadOnlyMemory<byte>)fields[0]).Span);
        return new IngestionTask
        {
            Spec = inline is null ? spec : spec with { Content = spec.Content with { Inline = inline } },
            State = StateOf(fields[2]!),
            Percentage = (int)fields[3],
            Message = fields[4]!,
            Details = TaskJson.ReadElement(fields[5]),
            UpdatedAt = Time(fields[6])!.Value,
            StartedAt = Time(fields[7]),
            CompletedAt = Time(fields[8]),
            Attempt = (int)fields[9],
            Failures = (int)fields[10],
            Crashes = (int)fields[11],
            Released = (int)fields[12],
            Error = TaskJson.ReadError(fields[13]),
            Warnings = TaskJson.ReadLines(fields[14]),
            Result = TaskJson.ReadElement(fields[15]),
            Checkpoint = fields[16],
            CancelRequested = fields[17] == 1,
            LastEvent = (long)fields[18],
        };
    }

    public static TaskState StateOf(string wire) =>
        TaskStates.TryParse(wire, out var state) ? state : throw new InvalidOperationException($"A task is in the state {wire}.");

    private static DateTimeOffset? Time(RedisValue milliseconds) =>
        milliseconds.IsNull ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds);
}
