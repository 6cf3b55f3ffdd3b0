using System.Text.Json;
using System.Text.Json.Serialization;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>How the parts of a task are written where tasks are kept.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(TaskSpec))]
[JsonSerializable(typeof(TaskError))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class TaskJson : JsonSerializerContext
{
    /// <summary>Without the inline bytes: they are kept beside it.</summary>
    public static string Write(TaskSpec spec) => JsonSerializer.Serialize(WithoutInline(spec), Default.TaskSpec);

    public static byte[] WriteBytes(TaskSpec spec) => JsonSerializer.SerializeToUtf8Bytes(WithoutInline(spec), Default.TaskSpec);

    public static TaskSpec ReadSpec(string json) => JsonSerializer.Deserialize(json, Default.TaskSpec)!;

    public static TaskSpec ReadSpec(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, Default.TaskSpec)!;

    public static string? Write(TaskError? error) => error is null ? null : JsonSerializer.Serialize(error, Default.TaskError);

    public static TaskError? ReadError(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Default.TaskError);

    public static string? Write(IReadOnlyList<string>? lines) =>
        lines is null ? null : JsonSerializer.Serialize(lines, Default.IReadOnlyListString);

    public static IReadOnlyList<string> ReadLines(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize(json, Default.IReadOnlyListString)!;

    public static JsonElement? ReadElement(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Default.JsonElement);

    public static TaskSpec WithoutInline(TaskSpec spec) =>
        spec.Content.Inline is null ? spec : spec with { Content = spec.Content with { Inline = null } };
}
