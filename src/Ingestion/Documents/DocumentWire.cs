using System.Text.Json.Serialization;
using Ingestion.Http;

namespace Ingestion.Documents;

/// <summary>Documents on their way in, on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    AllowDuplicateProperties = false,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(TextDocumentRequest))]
[JsonSerializable(typeof(UrlDocumentRequest))]
[JsonSerializable(typeof(PlanDocumentRequest))]
[JsonSerializable(typeof(DocumentForm))]
[JsonSerializable(typeof(PlanResponse))]
public sealed partial class DocumentWire : JsonSerializerContext
{
    public static DocumentWire Answers => field ??= new(WireJson.Answering(Default));
}
