using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ingestion.Pipeline;

/// <summary>Answers to embedding callbacks on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(CallbackResponse))]
[JsonSerializable(typeof(JsonDocument))]
public sealed partial class CallbackWire : JsonSerializerContext;
