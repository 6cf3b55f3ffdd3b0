using System.Text.Json;
using System.Text.Json.Serialization;
using Ingestion.Http;

namespace Ingestion.Pipeline;

/// <summary>Answers to embedding callbacks on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(CallbackResponse))]
[JsonSerializable(typeof(JsonDocument))]
public sealed partial class CallbackWire : JsonSerializerContext
{
    public static CallbackWire Answers => field ??= new(WireJson.Answering(Default));
}
