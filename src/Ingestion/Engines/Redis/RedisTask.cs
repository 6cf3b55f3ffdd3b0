using System.Buffers.Binary;
using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>A task as its hash has it.</summary>
internal static class RedisTask
{
    /// <summary>In the order of <c>read</c> in common.lua.</summary>
    public static readonly RedisValue[] Fields =
        ["head", "spec", "message", "details", "error", "warnings", "result", "checkpoint"];

    /// <summary>As <see cref="TaskRules.Accepted"/> has it.</summary>
    private static readonly string FirstMessage = TaskRules.Accepted(default).Message;

    /// <summary>
    /// Null where there is none. The bytes, where they are there, come behind; of a task that is as it was accepted, nothing is told
    /// between its spec and them.
    /// </summary>
    public static IngestionTask? Read(RedisResult fields) => fields.IsNull || fields.Length == 0 ? null : Read((RedisValue[])fields!);

    public static IngestionTask? Read(RedisValue[] fields)
    {
        if (fields[0].IsNull) return null;
        // As HEAD in common.lua has it.
        var head = ((ReadOnlyMemory<byte>)fields[0]).Span;
        int Int(ReadOnlySpan<byte> packed, int at) => BinaryPrimitives.ReadInt32BigEndian(packed[at..]);
        var spec = TaskJson.ReadSpec(((ReadOnlyMemory<byte>)fields[1]).Span);
        return new IngestionTask
        {
            Spec = fields.Length > Fields.Length && !fields[^1].IsNull ? spec with { Content = spec.Content with { Inline = fields[^1] } } : spec,
            State = (TaskState)head[1],
            Message = (string?)fields[2] ?? FirstMessage,
            Details = TaskJson.ReadElement(fields[3]),
            Error = TaskJson.ReadError(fields[4]),
            Warnings = TaskJson.ReadLines(fields[5]),
            Result = TaskJson.ReadElement(fields[6]),
            Checkpoint = fields[7],
            CancelRequested = head[2] == 1,
            Percentage = head[4],
            Attempt = Int(head, 5),
            LastEvent = Int(head, 9),
            UpdatedAt = Time(head, 29)!.Value,
            StartedAt = Time(head, 37),
            CompletedAt = Time(head, 45),
            Failures = Int(head, 53),
            Crashes = Int(head, 57),
            Released = Int(head, 61),
        };
    }

    private static DateTimeOffset? Time(ReadOnlySpan<byte> head, int at) =>
        BinaryPrimitives.ReadInt64BigEndian(head[at..]) is > 0 and var time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
