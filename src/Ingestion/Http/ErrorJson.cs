using System.Text.Json.Serialization;

namespace Ingestion.Http;

/// <summary>Errors on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(ErrorResponse))]
public sealed partial class ErrorJson : JsonSerializerContext
{
    public static ErrorJson Answers => field ??= new(WireJson.Answering(Default));
}
