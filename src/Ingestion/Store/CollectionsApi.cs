using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ingestion.Embedding.Cache;
using Ingestion.Http;
using Ingestion.Tasks;

namespace Ingestion.Store;

/// <summary><c>/api/v1/collections/…</c>: the stored documents, their text and their chunks.</summary>
public static class CollectionsApi
{
    public static RouteGroupBuilder MapCollections(this IEndpointRouteBuilder api)
    {
        var documents = api.MapGroup("/collections/{collection_id}/documents").WithTags("Collections").Needs(Scopes.Read);
        documents.MapGet("/", ListAsync).WithSummary("List the stored documents").Produces<DocumentListResponse>().ProducesErrors(400);
        documents.MapGet("/{document_id}", GetAsync).WithSummary("See a document").Produces<DocumentResponse>().ProducesErrors(400, 404);
        documents.MapGet("/{document_id}/content", ReadContentAsync).WithSummary("Read the extracted text, which the chunks' offsets point into")
            .Produces<string>(200, "text/markdown").ProducesErrors(400, 404);
        documents.MapGet("/{document_id}/chunks", ListChunksAsync).WithSummary("List a document's chunks in order; include=embeddings adds their vectors")
            .Produces<ChunkListResponse>().ProducesErrors(400, 404);
        documents.MapDelete("/{document_id}", DeleteAsync).WithSummary("Delete a document with all its versions, chunks and vectors")
            .Produces<DeleteResponse>().ProducesErrors(400, 404).Needs(Scopes.Delete);
        documents.MapPost("/{document_id}/rollback", RollBackAsync).WithSummary("Bring an earlier version of a document back: the one of version, or the latest")
            .Produces<DocumentResponse>().ProducesErrors(400, 404, 409).Needs(Scopes.Ingest);
        return documents;
    }

    private static async Task<IResult> ListAsync(HttpContext http, IChunkStore store)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        if (!RequestIds.TryGetPage(http.Request, out var page, out var pageSize, out problem)) return problem;
        var (documents, total) = await store.ListDocumentsAsync(tenant, CollectionOf(http), page, pageSize, http.RequestAborted);
        return Results.Json(
            new DocumentListResponse(true, $"{total} documents.", [.. documents.Select(DocumentView.Of)], total, page, pageSize),
            StoreWire.Answers.DocumentListResponse);
    }

    private static async Task<IResult> GetAsync(HttpContext http, IChunkStore store)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        var document = await store.GetDocumentAsync(tenant, CollectionOf(http), DocumentOf(http), http.RequestAborted);
        return document is null
            ? Problems.DocumentNotFound()
            : Results.Json(new DocumentResponse(true, "The document is stored.", DocumentView.Of(document)), StoreWire.Answers.DocumentResponse);
    }

    private static async Task<IResult> ReadContentAsync(HttpContext http, IChunkStore store)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        var content = await store.ReadContentAsync(tenant, CollectionOf(http), DocumentOf(http), http.RequestAborted);
        return content is null ? Problems.DocumentNotFound() : Results.Text(content, "text/markdown", Encoding.UTF8);
    }

    private static async Task<IResult> ListChunksAsync(HttpContext http, IChunkStore store)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        if (!RequestIds.TryGetPage(http.Request, out var page, out var pageSize, out problem)) return problem;
        var include = http.Request.Query["include"].ToString();
        if (include is not ("" or "embeddings")) return Problems.Invalid("include", "include may be embeddings, or left out.");
        var found = await store.ListChunksAsync(tenant, CollectionOf(http), DocumentOf(http), page, pageSize, include == "embeddings", http.RequestAborted);
        var document = found is null ? null : await store.GetDocumentAsync(tenant, CollectionOf(http), DocumentOf(http), http.RequestAborted);
        if (found is null || document is null) return Problems.DocumentNotFound();
        return Results.Json(
            new ChunkListResponse(true, $"{found.Total} chunks.", Views(found.Chunks), Views(found.Parents), found.Total, page, pageSize),
            StoreWire.Answers.ChunkListResponse);

        IReadOnlyList<ChunkView> Views(IReadOnlyList<StoredChunk> chunks) => [.. chunks.Select(chunk => ChunkView.Of(chunk, document.Metadata))];
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext http, IChunkStore store, ITaskEngine engine, IEmbeddingCache cache)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        var cancelled = await CancelRunningAsync(engine, tenant, CollectionOf(http), DocumentOf(http), http.RequestAborted);
        var receipt = await store.DeleteDocumentAsync(tenant, CollectionOf(http), DocumentOf(http), http.RequestAborted);
        await cache.ForgetAsync(new(tenant, CollectionOf(http), DocumentOf(http)), http.RequestAborted);
        if (receipt is null && cancelled == 0) return Problems.DocumentNotFound();
        receipt ??= new DeleteReceipt(0, 0, 0, 0);
        return Results.Json(
            new DeleteResponse(true, "The document is deleted; nothing of it is left.", CollectionOf(http), DocumentOf(http),
                new(receipt.Versions, receipt.Chunks, receipt.Vectors), receipt.Remaining, cancelled),
            StoreWire.Answers.DeleteResponse);
    }

    private static async Task<IResult> RollBackAsync(HttpContext http, IChunkStore store)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        var asked = http.Request.Query["version"].ToString();
        var number = 0;
        if (asked.Length > 0 && (!int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number == 0))
            return Problems.Invalid("version", "version must be a whole number from 1, or left out.");
        var result = await store.RollBackAsync(
            tenant, CollectionOf(http), DocumentOf(http), asked.Length > 0 ? number : null, http.RequestAborted);
        return result.Kind switch
        {
            RollbackKind.Done => Results.Json(
                new DocumentResponse(true, $"An earlier version is back, as version {result.Document!.Version}.", DocumentView.Of(result.Document)),
                StoreWire.Answers.DocumentResponse),
            RollbackKind.DocumentNotFound => Problems.DocumentNotFound(),
            RollbackKind.VersionNotFound => Problems.VersionNotKept(result.Kept),
            RollbackKind.OtherModel => Problems.ModelConflict("The version's vectors are of another model than the collection has by now. Send the document again."),
        };
    }

    private static string CollectionOf(HttpContext http) => RequestIds.FromPath(http, 3);

    private static string DocumentOf(HttpContext http) => RequestIds.FromPath(http, 5);

    /// <summary>An ingest that is under way would bring the document back.</summary>
    private static async Task<int> CancelRunningAsync(ITaskEngine engine, string tenant, string collection, string document, CancellationToken cancel)
    {
        var count = 0;
        var tasks = await engine.ListAsync(new TaskFilter(tenant, collection, Document: document, PageSize: 100), cancel);
        foreach (var task in tasks.Tasks.Where(task => !task.State.IsFinal()))
        {
            var taskId = task.Spec.TaskId;
            var (kind, _) = await engine.CancelAsync(tenant, taskId, cancel);
            for (var tries = 0; kind is CancelKind.Requested or CancelKind.Committing && tries < 100; tries++)
            {
                await Task.Delay(20, cancel);
                (kind, _) = await engine.CancelAsync(tenant, taskId, cancel);
            }
            if (kind is CancelKind.Cancelled or CancelKind.Requested) count++;
        }
        return count;
    }
}

public sealed record DocumentResponse(bool Success, string Message, DocumentView Document);

public sealed record DocumentListResponse(bool Success, string Message, IReadOnlyList<DocumentView> Documents, long Total, int Page, int PageSize);

/// <param name="Parents">The larger chunks that those of this page are a part of, the largest first; of the hierarchical chunker alone.</param>
public sealed record ChunkListResponse(
    bool Success, string Message, IReadOnlyList<ChunkView> Chunks, IReadOnlyList<ChunkView> Parents, long Total, int Page, int PageSize);

/// <param name="Removed">What there was, and is no more.</param>
/// <param name="Remaining">Rows found when looking again: 0.</param>
/// <param name="CancelledTasks">Running ingests of the document that were stopped.</param>
public sealed record DeleteResponse(
    bool Success, string Message, string CollectionId, string DocumentId, RemovedView Removed, long Remaining, int CancelledTasks);

public sealed record RemovedView(int Versions, long Chunks, long Vectors);

/// <summary>A stored document as the wire shows it.</summary>
public sealed record DocumentView
{
    public required string DocumentId { get; init; }
    public required string CollectionId { get; init; }
    public required string TaskId { get; init; }
    public required int Version { get; init; }
    public required string? Title { get; init; }
    public required string? Description { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }
    public required JsonElement? Metadata { get; init; }
    public required SourceView Source { get; init; }
    public required int ChunkCount { get; init; }
    public required long TokenCount { get; init; }
    public required int? PageCount { get; init; }

    /// <summary>Code points of the content where each page starts.</summary>
    public required IReadOnlyList<int> PageStarts { get; init; }

    /// <summary>Code points.</summary>
    public required int ContentLength { get; init; }

    public required string? Language { get; init; }
    public required string Model { get; init; }
    public required int Dimension { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    public static DocumentView Of(StoredDocument document) => new()
    {
        DocumentId = document.DocumentId,
        CollectionId = document.CollectionId,
        TaskId = document.TaskId,
        Version = document.Version,
        Title = document.Title,
        Description = document.Description,
        Tags = document.Tags,
        Metadata = document.Metadata,
        Source = new(document.Source.Kind, document.Source.FileName, document.Source.Url, document.Source.MediaType, document.Source.Size, document.Source.Hash),
        ChunkCount = document.ChunkCount,
        TokenCount = document.TokenCount,
        PageCount = document.PageCount,
        PageStarts = document.PageStarts,
        ContentLength = document.ContentLength,
        Language = document.Language,
        Model = document.Model,
        Dimension = document.Dimension,
        Warnings = document.Warnings,
        CreatedAt = document.CreatedAt,
        UpdatedAt = document.UpdatedAt,
    };
}

/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record SourceView(string Kind, string? FileName, string? Url, string? MediaType, long Size, string? Sha256);

/// <summary>A chunk as the wire shows it; offsets are code points of the document's content.</summary>
public sealed record ChunkView
{
    public required string ChunkId { get; init; }
    public required int Index { get; init; }
    public required string Text { get; init; }
    public required int StartCharIdx { get; init; }
    public required int EndCharIdx { get; init; }
    public required int TokenCount { get; init; }

    /// <summary>From 1; null where the format has no pages.</summary>
    public required int? PageStart { get; init; }

    public required int? PageEnd { get; init; }
    public required IReadOnlyList<string> HeadingPath { get; init; }
    public required JsonElement? Metadata { get; init; }

    /// <summary>Null at the document's start; of a parent: the one before it of the same level.</summary>
    public required string? PreviousId { get; init; }

    public required string? NextId { get; init; }

    /// <summary>hierarchical: the larger chunk that it is a part of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ParentId { get; init; }

    /// <summary>hierarchical: from 1 for the largest.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Level { get; init; }

    /// <summary>sentence_window: where the sentences around it begin, to be read in its place once it is found.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? WindowStartCharIdx { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? WindowEndCharIdx { get; init; }

    /// <summary>markdown: the header rows of the table that it goes on with; they are embedded before its text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TableHeader { get; init; }

    /// <summary>Only where asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float[]? Embedding { get; init; }

    public static ChunkView Of(StoredChunk chunk, JsonElement? metadata) => new()
    {
        ChunkId = chunk.ChunkId,
        Index = chunk.Index,
        Text = chunk.Text,
        StartCharIdx = chunk.Start,
        EndCharIdx = chunk.End,
        TokenCount = chunk.TokenCount,
        PageStart = chunk.PageStart > 0 ? chunk.PageStart : null,
        PageEnd = chunk.PageEnd > 0 ? chunk.PageEnd : null,
        HeadingPath = chunk.HeadingPath,
        Metadata = metadata,
        PreviousId = chunk.PreviousId,
        NextId = chunk.NextId,
        ParentId = chunk.ParentId,
        Level = chunk.Context is { Level: > 0 and var level } ? level : null,
        WindowStartCharIdx = chunk.Context?.Window?.Start,
        WindowEndCharIdx = chunk.Context?.Window?.End,
        TableHeader = chunk.Context?.Header?.Text,
        Embedding = chunk.Vector,
    };
}
