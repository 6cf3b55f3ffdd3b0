using System.Text.Json.Serialization;
using Ingestion.Http;

namespace Ingestion.Tasks;

/// <summary>Tasks on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(TaskResponse))]
[JsonSerializable(typeof(TaskListResponse))]
public sealed partial class TaskWire : JsonSerializerContext
{
    public static TaskWire Answers => field ??= new(WireJson.Answering(Default));
}
