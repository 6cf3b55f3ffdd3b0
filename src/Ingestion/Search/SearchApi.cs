using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Ingestion.Embedding;
using Ingestion.Embedding.Queries;
using Ingestion.Http;
using Ingestion.Store;

namespace Ingestion.Search;

/// <summary><c>POST /api/v1/search</c>: the route that query services of the ecosystem already call.</summary>
public static class SearchApi
{
    private static readonly string[] Fields =
        ["tenant_id", "collection_id", "query", "query_embedding", "top_k", "threshold", "filter", "mode"];

    private const int MaxQuery = 10_000, MaxTopK = 1_000, MaxDimension = 65_536;

    public static RouteHandlerBuilder MapSearch(this IEndpointRouteBuilder api) =>
        api.MapPost("/search", SearchAsync).WithTags("Search")
            .WithSummary("Search a collection by words, by meaning, or both")
            .Accepts<SearchRequest>("application/json").Produces<SearchResponse>().ProducesErrors(400, 409).Needs(Scopes.Read);

    private static async Task<IResult> SearchAsync(HttpContext http, IChunkStore store, IEmbedder embedder, QueryEmbedder queries)
    {
        var (request, broken) = await RequestJson.ReadAsync(http.Request, SearchWire.Default.SearchRequest);
        if (request is null) return broken!;
        var mode = SearchMode.Hybrid;
        var named = request.TenantId is { Length: > 0 } inBody ? inBody : RequestIds.NamedTenant(http.Request);
        var (tenant, problem) = await Visit.Of(http).EnterAsync(named, http.RequestAborted);
        problem ??= Check(request, tenant, out mode);
        if (problem is not null) return problem;
        var vector = ReadOnlyMemory<float>.Empty;
        string? model = null;
        if (mode != SearchMode.Text)
        {
            var space = await store.GetVectorSpaceAsync(tenant, request.CollectionId!, http.RequestAborted);
            if (space is null) return Found([], request);
            (vector, problem) = await VectorAsync(request, tenant, space, embedder, queries, http.RequestAborted);
            if (problem is not null) return problem;
            if (request.Query is not null) model = space.Model;
        }
        return Found(await store.SearchAsync(
            new SearchQuery
            {
                TenantId = tenant,
                CollectionId = request.CollectionId!,
                Mode = mode,
                Text = request.Query,
                Vector = vector,
                Model = model,
                TopK = request.TopK ?? 5,
                Threshold = request.Threshold ?? 0,
                Filter = request.Filter,
            }, http.RequestAborted), request);
    }

    private static Problem? Check(SearchRequest request, string tenant, out SearchMode mode)
    {
        mode = SearchMode.Hybrid;
        List<string> missing = [];
        if (tenant.Length == 0) missing.Add("tenant_id");
        if (string.IsNullOrEmpty(request.CollectionId)) missing.Add("collection_id");
        if (missing.Count > 0) return Problems.MissingFields(missing);
        if (!RequestIds.IsValid(request.CollectionId!)) return Problems.InvalidId("collection_id");
        var hasQuery = !string.IsNullOrWhiteSpace(request.Query);
        if (hasQuery == request.QueryEmbedding is { Count: > 0 })
            return Problems.Invalid("query", "Send exactly one of query and query_embedding.");
        if (request.Query?.Length > MaxQuery) return Problems.Invalid("query", $"query may have at most {MaxQuery} characters.");
        if (request.QueryEmbedding?.Count > MaxDimension || request.QueryEmbedding?.All(float.IsFinite) == false)
            return Problems.Invalid("query_embedding", "query_embedding must be finite numbers, as many as the collection's dimension.");
        if (request.TopK is < 1 or > MaxTopK) return Problems.Invalid("top_k", $"top_k must be 1 to {MaxTopK}.");
        if (request.Threshold is { } threshold && threshold is not (>= 0 and <= 1)) return Problems.Invalid("threshold", "threshold must be 0 to 1.");
        if (request.Filter is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) })
            return Problems.Invalid("filter", "filter must be a JSON object of names and the values that they must have.");
        switch (request.Mode)
        {
            case null or "" or "hybrid":
                mode = hasQuery ? SearchMode.Hybrid : SearchMode.Vector;
                return null;
            case "vector":
                mode = SearchMode.Vector;
                return null;
            case "text" when hasQuery:
                mode = SearchMode.Text;
                return null;
            case "text":
                return Problems.Invalid("query", "mode text needs query.");
            default:
                return Problems.Invalid("mode", "mode must be hybrid, vector or text.");
        }
    }

    private static async Task<(ReadOnlyMemory<float>, Problem?)> VectorAsync(
        SearchRequest request, string tenant, VectorSpace space, IEmbedder embedder, QueryEmbedder queries, CancellationToken cancel)
    {
        if (request.QueryEmbedding is { Count: > 0 } given)
        {
            return given.Count == space.Dimension
                ? (given.ToArray(), null)
                : (default, Problems.Invalid("query_embedding", $"query_embedding has {given.Count} numbers; this collection's vectors ({space.Model}) have {space.Dimension}."));
        }
        if (embedder.ModelFor(space.Model) != space.Model)
            return (default, Problems.ModelConflict($"The collection's vectors were made with {space.Model}, which this service does not run. Search with mode text, or send query_embedding."));
        if (embedder.LimitOf(space.Model) is { } limit && limit.Counter.CountUpTo(request.Query, limit.Tokens) > limit.Tokens)
            return (default, Problems.Invalid("query", $"query has more than the {limit.Tokens} tokens that {space.Model} takes. Shorten it, or search with mode text."));
        try
        {
            var vector = await queries.EmbedAsync(tenant, request.CollectionId!, space.Model, request.Query!, cancel);
            return vector.Length == space.Dimension
                ? (vector, null)
                : (default, Problems.ModelConflict($"The embedding provider gave the query {vector.Length} numbers; this collection's vectors ({space.Model}) have {space.Dimension}. Search with mode text, or send query_embedding."));
        }
        catch (EmbeddingException fault)
        {
            return (default, Problems.EmbeddingUnavailable(fault.Message, fault.RetryAfter));
        }
    }

    private static IResult Found(IReadOnlyList<SearchHit> hits, SearchRequest request) => Results.Json(
        new SearchResponse(
            true, hits.Count == 1 ? "1 result." : $"{hits.Count} results.", new([.. hits.Select(SearchHitView.Of)]),
            request.Unknown is null ? null : UnknownFields.Warn(request.Unknown.Keys, Fields)),
        SearchWire.Answers.SearchResponse);
}

public sealed record SearchRequest
{
    /// <summary>Or in the header X-Tenant-ID.</summary>
    public string? TenantId { get; init; }

    public string? CollectionId { get; init; }

    /// <summary>The user's words; no query language.</summary>
    public string? Query { get; init; }

    /// <summary>In place of query: a vector of the collection's model.</summary>
    public IReadOnlyList<float>? QueryEmbedding { get; init; }

    /// <summary>1–1000, 5 where not given.</summary>
    public int? TopK { get; init; }

    /// <summary>0–1: results with a lower score are left out.</summary>
    public double? Threshold { get; init; }

    /// <summary>Equality on tags, document_id, title and metadata: {"tags": ["law"], "year": 2024}.</summary>
    public JsonElement? Filter { get; init; }

    /// <summary>hybrid, vector or text.</summary>
    public string? Mode { get; init; }

    /// <summary>Fields that are none of these: a warning.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <param name="Warnings">What was odd about the request; left out where nothing was.</param>
public sealed record SearchResponse(
    bool Success, string Message, SearchData Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings = null);

public sealed record SearchData(IReadOnlyList<SearchHitView> Documents);

/// <param name="Score">0–1, comparable within one mode.</param>
/// <param name="Metadata">The document's own metadata, and title, tags, page_start, page_end, heading_path, start_char_idx, end_char_idx, chunk_index,
/// previous_id, next_id; where the chunker gives them also parent_id, table_header, and window with its offsets.</param>
public sealed record SearchHitView(string ChunkId, string DocumentId, string Content, double Score, JsonObject Metadata)
{
    public static SearchHitView Of(SearchHit hit)
    {
        var metadata = hit.Document.Metadata is { ValueKind: JsonValueKind.Object } own ? JsonObject.Create(own)! : [];
        var chunk = hit.Chunk;
        metadata["title"] = hit.Document.Title;
        metadata["tags"] = new JsonArray([.. hit.Document.Tags.Select(tag => (JsonNode)tag)]);
        metadata["chunk_index"] = chunk.Index;
        metadata["start_char_idx"] = chunk.Start;
        metadata["end_char_idx"] = chunk.End;
        metadata["page_start"] = chunk.PageStart > 0 ? chunk.PageStart : null;
        metadata["page_end"] = chunk.PageEnd > 0 ? chunk.PageEnd : null;
        metadata["heading_path"] = new JsonArray([.. chunk.HeadingPath.Select(title => (JsonNode)title)]);
        metadata["previous_id"] = chunk.PreviousId;
        metadata["next_id"] = chunk.NextId;
        if (chunk.ParentId is not null) metadata["parent_id"] = chunk.ParentId;
        if (chunk.Context?.Header is { } header) metadata["table_header"] = header.Text;
        if (chunk.Context?.Window is { } window)
        {
            metadata["window"] = chunk.Window;
            metadata["window_start_char_idx"] = window.Start;
            metadata["window_end_char_idx"] = window.End;
        }
        return new(chunk.ChunkId, hit.Document.DocumentId, chunk.Text, hit.Score, metadata);
    }
}
