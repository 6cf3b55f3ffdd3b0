using System.Text.Json.Serialization;
using Ingestion.Http;

namespace Ingestion.Workers;

/// <summary>Health on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(ReadyResponse))]
public sealed partial class HealthWire : JsonSerializerContext
{
    public static HealthWire Answers => field ??= new(WireJson.Answering(Default));
}
