using System.Text.Json.Serialization;

namespace Ingestion.Tasks;

/// <summary>Tasks on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(TaskResponse))]
[JsonSerializable(typeof(TaskListResponse))]
public sealed partial class TaskWire : JsonSerializerContext;
