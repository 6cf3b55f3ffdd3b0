using System.Text.Json.Serialization;
using Ingestion.Http;

namespace Ingestion.Store;

/// <summary>Stored documents and chunks on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(DocumentResponse))]
[JsonSerializable(typeof(DocumentListResponse))]
[JsonSerializable(typeof(ChunkListResponse))]
[JsonSerializable(typeof(DeleteResponse))]
public sealed partial class StoreWire : JsonSerializerContext
{
    public static StoreWire Answers => field ??= new(WireJson.Answering(Default));
}
