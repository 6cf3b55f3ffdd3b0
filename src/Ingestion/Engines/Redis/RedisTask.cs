using System.Buffers.Binary;
using System.Globalization;
using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>A task as its hash has it.</summary>
internal static class RedisTask
{
    /// <summary>In the order of <c>read</c> in common.lua.</summary>
    public static readonly RedisValue[] Fields =
        ["head", "accepted", "message", "details", "error", "warnings", "result", "checkpoint"];

    /// <summary>Bytes of a head before who holds it, and between that and the tenant.</summary>
    private const int LeaseLength = 21, PlaceLength = 9;

    /// <summary>Bytes of what a task was accepted by before its texts, and how many these are.</summary>
    private const int AcceptedLength = 59, AcceptedTexts = 8;

    /// <summary>As <see cref="TaskRules.Accepted"/> has it.</summary>
    private static readonly string FirstMessage = TaskRules.Accepted(default).Message;

    /// <summary>Null where there is none.</summary>
    public static IngestionTask? Read(RedisResult fields) => fields.IsNull || fields.Length == 0 ? null : Read((RedisValue[])fields!);

    /// <summary>All fields and the bytes, or only head, accepted and bytes of a task that is as it was accepted.</summary>
    public static IngestionTask ReadLeased(ReadOnlySpan<RedisResult> fields)
    {
        var all = new RedisValue[Fields.Length + 1];
        for (var i = 0; i < fields.Length - 1; i++) all[i] = (RedisValue)fields[i];
        all[^1] = (RedisValue)fields[^1];
        return Read(all)!;
    }

    /// <summary>The bytes, where they are there, come behind.</summary>
    public static IngestionTask? Read(RedisValue[] fields)
    {
        if (fields[0].IsNull) return null;
        return Read(fields, fields.Length > Fields.Length ? ReadSpec(fields[1], fields[^1]) : ReadSpec(fields[1], RedisValue.Null));
    }

    /// <summary>A task that is as it was accepted.</summary>
    public static IngestionTask Read(RedisValue head, TaskSpec spec)
    {
        var fields = new RedisValue[Fields.Length];
        fields[0] = head;
        return Read(fields, spec);
    }

    public static TaskSpec ReadSpec(RedisValue accepted, RedisValue bytes)
    {
        // As ACCEPTED in common.lua has it.
        var text = ((ReadOnlyMemory<byte>)accepted).Span[AcceptedLength..];
        for (var i = 0; i < AcceptedTexts; i++) text = text[(sizeof(int) + Int(text, 0))..];
        var spec = TaskJson.ReadSpec(text);
        return bytes.IsNull ? spec : spec with { Content = spec.Content with { Inline = bytes } };
    }

    /// <summary>The tenant of a task, and the number by which the instance that sent it knows it, while nobody else has moved it.</summary>
    public static int SendingOf(ReadOnlySpan<byte> head, out ReadOnlySpan<byte> tenant)
    {
        tenant = SkipText(head, LeaseLength)[PlaceLength..];
        var sending = SkipText(tenant, 0)[RedisEngine.InstanceLength..];
        tenant = tenant[..tenant.IndexOf((byte)0)];
        return int.Parse(sending[..sending.IndexOf((byte)0)], CultureInfo.InvariantCulture);
    }

    private static IngestionTask Read(RedisValue[] fields, TaskSpec spec)
    {
        // As HEAD in common.lua has it.
        var head = ((ReadOnlyMemory<byte>)fields[0]).Span;
        var rest = SkipText(SkipText(SkipText(head, LeaseLength)[PlaceLength..], 0), 0);
        return new IngestionTask
        {
            Spec = spec,
            State = (TaskState)rest[0],
            Message = (string?)fields[2] ?? FirstMessage,
            Details = TaskJson.ReadElement(fields[3]),
            Error = TaskJson.ReadError(fields[4]),
            Warnings = TaskJson.ReadLines(fields[5]),
            Result = TaskJson.ReadElement(fields[6]),
            Checkpoint = fields[7],
            CancelRequested = rest[1] == 1,
            Percentage = rest[3],
            Attempt = Int(head, 1),
            LastEvent = Int(rest, 4),
            UpdatedAt = Time(head, 5)!.Value,
            StartedAt = Time(head, 13),
            CompletedAt = Time(rest, 16),
            Failures = Int(rest, 24),
            Crashes = Int(rest, 28),
            Released = Int(rest, 32),
        };
    }

    /// <summary>What is behind so many bytes and a text.</summary>
    private static ReadOnlySpan<byte> SkipText(ReadOnlySpan<byte> head, int bytes) => head[(bytes + head[bytes..].IndexOf((byte)0) + 1)..];

    private static int Int(ReadOnlySpan<byte> packed, int at) => BinaryPrimitives.ReadInt32BigEndian(packed[at..]);

    private static DateTimeOffset? Time(ReadOnlySpan<byte> head, int at) =>
        BinaryPrimitives.ReadInt64BigEndian(head[at..]) is > 0 and var time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
