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

    /// <summary>Null where there is none.</summary>
    public static IngestionTask? Read(RedisResult fields) => fields.IsNull || fields.Length == 0 ? null : Read((RedisValue[])fields!);

    /// <summary>
    /// As <c>lease</c> hands it out: all fields and the bytes, or only head, spec and bytes of a task that is as it was accepted; of one
    /// whose bytes this instance has sent, only head and spec.
    /// </summary>
    public static IngestionTask ReadLeased(ReadOnlySpan<RedisResult> fields)
    {
        var all = new RedisValue[Fields.Length + 1];
        var (first, hasBytes) = fields.Length == 2 ? (2, false) : (fields.Length - 1, true);
        for (var i = 0; i < first; i++) all[i] = (RedisValue)fields[i];
        if (hasBytes) all[^1] = (RedisValue)fields[first];
        return Read(all)!;
    }

    /// <summary>The bytes, where they are there, come behind.</summary>
    public static IngestionTask? Read(RedisValue[] fields)
    {
        if (fields[0].IsNull) return null;
        // As HEAD in common.lua has it.
        var head = ((ReadOnlyMemory<byte>)fields[0]).Span;
        var rest = head[21..];
        rest = rest[(rest.IndexOf((byte)0) + 1)..];
        rest = rest[(12 + Int(rest, 8))..];
        var spec = TaskJson.ReadSpec(((ReadOnlyMemory<byte>)fields[1]).Span);
        return new IngestionTask
        {
            Spec = fields.Length > Fields.Length && !fields[^1].IsNull ? spec with { Content = spec.Content with { Inline = fields[^1] } } : spec,
            State = (TaskState)rest[1],
            Message = (string?)fields[2] ?? FirstMessage,
            Details = TaskJson.ReadElement(fields[3]),
            Error = TaskJson.ReadError(fields[4]),
            Warnings = TaskJson.ReadLines(fields[5]),
            Result = TaskJson.ReadElement(fields[6]),
            Checkpoint = fields[7],
            CancelRequested = rest[2] == 1,
            Percentage = rest[4],
            Attempt = Int(head, 1),
            LastEvent = Int(rest, 5),
            UpdatedAt = Time(head, 5)!.Value,
            StartedAt = Time(head, 13),
            CompletedAt = Time(rest, 17),
            Failures = Int(rest, 25),
            Crashes = Int(rest, 29),
            Released = Int(rest, 33),
        };
    }

    private static int Int(ReadOnlySpan<byte> packed, int at) => BinaryPrimitives.ReadInt32BigEndian(packed[at..]);

    private static DateTimeOffset? Time(ReadOnlySpan<byte> head, int at) =>
        BinaryPrimitives.ReadInt64BigEndian(head[at..]) is > 0 and var time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
