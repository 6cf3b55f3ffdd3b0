using System.Text.Json.Serialization;
using Ingestion.Http;

namespace Ingestion.Search;

/// <summary>Searches on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    AllowDuplicateProperties = false,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(SearchRequest))]
[JsonSerializable(typeof(SearchResponse))]
public sealed partial class SearchWire : JsonSerializerContext
{
    public static SearchWire Answers => field ??= new(WireJson.Answering(Default));
}
