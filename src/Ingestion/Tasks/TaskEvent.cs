using System.Buffers;
using System.Text.Json;

namespace Ingestion.Tasks;

/// <summary>One line of a task's story, as a client reads it. The engine numbers events from 1, without gaps, a task at a time.</summary>
public abstract record TaskEvent(DateTimeOffset Timestamp)
{
    /// <summary>For the writer of events.</summary>
    public static JsonWriterOptions WriterOptions => Http.WireJson.WriterOptions;

    /// <summary>The body without its <c>event_id</c>, which the engine gives later.</summary>
    /// <param name="buffer">Emptied first: one serves many events.</param>
    /// <param name="json">Writes to the buffer.</param>
    public byte[] ToJson(string taskId, string tenantId, ArrayBufferWriter<byte> buffer, Utf8JsonWriter json)
    {
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteString("event_type", Type);
        json.WriteString("task_id", taskId);
        json.WriteString("tenant_id", tenantId);
        json.WriteString("timestamp", Timestamp.UtcDateTime);
        WriteFields(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public abstract string Type { get; }

    protected abstract void WriteFields(Utf8JsonWriter json);

    protected static void WriteDetails(Utf8JsonWriter json, JsonElement? details)
    {
        json.WritePropertyName("details");
        if (details is { } element) element.WriteTo(json);
        else json.WriteNullValue();
    }
}

/// <param name="Percentage">0–100; the engine never lets it fall.</param>
public sealed record ProgressEvent(DateTimeOffset Timestamp, int Percentage, TaskState Status, string Message, JsonElement? Details = null)
    : TaskEvent(Timestamp)
{
    public override string Type => "task_progress";

    protected override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteNumber("percentage", Percentage);
        json.WriteString("status", Status.Wire());
        json.WriteString("message", Message);
        WriteDetails(json, Details);
    }
}

/// <param name="Previous">Null for a task's first event.</param>
public sealed record StatusEvent(DateTimeOffset Timestamp, TaskState? Previous, TaskState Current, string Message) : TaskEvent(Timestamp)
{
    public override string Type => "task_status";

    protected override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("previous_status", Previous?.Wire());
        json.WriteString("current_status", Current.Wire());
        json.WriteString("message", Message);
    }
}

public sealed record MilestoneEvent(DateTimeOffset Timestamp, string Milestone, string Message, JsonElement? Details) : TaskEvent(Timestamp)
{
    public override string Type => "processing_milestone";

    protected override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("milestone", Milestone);
        json.WriteString("message", Message);
        WriteDetails(json, Details);
    }
}

public sealed record ErrorEvent(DateTimeOffset Timestamp, TaskError Error) : TaskEvent(Timestamp)
{
    public override string Type => "error";

    protected override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("error_code", Error.Code);
        json.WriteString("error_message", Error.Message);
        WriteDetails(json, Error.Details);
    }
}

/// <summary>An event as it was kept: its number, and its body without the number.</summary>
public sealed record StoredEvent(long Id, byte[] Body)
{
    public string Type => Field("event_type"u8) ?? "";

    /// <summary>Whether it is the change to a final state.</summary>
    public bool EndsTask => Field("current_status"u8) is { } status && TaskStates.TryParse(status, out var state) && state.IsFinal();

    /// <summary>Whether it is the change back from a final state.</summary>
    public bool RestartsTask => Field("previous_status"u8) is { } status && TaskStates.TryParse(status, out var state) && state.IsFinal();

    /// <summary>The JSON object that goes over the wire, <c>event_id</c> first.</summary>
    public byte[] ToWire()
    {
        Span<byte> head = stackalloc byte[34];
        "{\"event_id\":"u8.CopyTo(head);
        Id.TryFormat(head[12..], out var digits, default, System.Globalization.CultureInfo.InvariantCulture);
        head[12 + digits] = (byte)',';
        var wire = new byte[13 + digits + Body.Length - 1];
        head[..(13 + digits)].CopyTo(wire);
        Body.AsSpan(1).CopyTo(wire.AsSpan(13 + digits));
        return wire;
    }

    private string? Field(ReadOnlySpan<byte> name)
    {
        var json = new Utf8JsonReader(Body);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var found = json.ValueTextEquals(name);
            json.Read();
            if (found) return json.GetString();
            json.Skip();
        }
        return null;
    }
}
