using System.Text.Json;

namespace Ingestion.Actions;

/// <summary>What another service pushes to have a document ingested: the fields of <c>POST /documents</c>, under its own task id.</summary>
public sealed record DocumentProcessAction
{
    private static readonly string[] Texts =
    [
        "action_type", "collection_id", "document_id", "file_key", "file_name", "url", "text_content", "title", "description", "chunker",
        "embedding_model", "callback_url", "callback_queue",
    ];

    public required string TenantId { get; init; }
    public required string TaskId { get; init; }
    public string CollectionId { get; init; } = "";
    public string DocumentId { get; init; } = "";

    /// <summary>Of a file that is in the file store already.</summary>
    public string? FileKey { get; init; }

    public string? FileName { get; init; }
    public string? Url { get; init; }
    public string? TextContent { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public JsonElement? Metadata { get; init; }
    public int? ChunkSize { get; init; }
    public int? ChunkOverlap { get; init; }
    public string? Chunker { get; init; }
    public string? EmbeddingModel { get; init; }

    /// <summary>Told of the task's end.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>The Redis list that is told of the task's end, by a task.status action.</summary>
    public string? CallbackQueue { get; init; }

    /// <summary>Reads an action's JSON; what its values may be is the draft's business.</summary>
    /// <param name="reason">Why it cannot be read, for the sender.</param>
    public static DocumentProcessAction? Parse(JsonElement action, out string reason)
    {
        reason = ActionFields.Missing(action) ?? ActionFields.NoText(action, Texts) ?? "";
        if (reason.Length > 0) return null;
        if (ActionFields.Text(action, "action_type") is { } type && type != "document.process")
            reason = "action_type must be document.process.";
        else if (!ActionFields.TryGetNumber(action, "chunk_size", out _)) reason = "chunk_size must be a whole number of tokens.";
        else if (!ActionFields.TryGetNumber(action, "chunk_overlap", out _)) reason = "chunk_overlap must be a whole number of tokens.";
        if (reason.Length > 0 || ReadTags(action, ref reason) is not { } tags) return null;
        ActionFields.TryGetNumber(action, "chunk_size", out var size);
        ActionFields.TryGetNumber(action, "chunk_overlap", out var overlap);
        return new DocumentProcessAction
        {
            TenantId = ActionFields.Text(action, "tenant_id")!,
            TaskId = ActionFields.Text(action, "task_id")!,
            CollectionId = ActionFields.Text(action, "collection_id") ?? "",
            DocumentId = ActionFields.Text(action, "document_id") ?? "",
            FileKey = ActionFields.Text(action, "file_key"),
            FileName = ActionFields.Text(action, "file_name"),
            Url = ActionFields.Text(action, "url"),
            TextContent = ActionFields.Text(action, "text_content"),
            Title = ActionFields.Text(action, "title"),
            Description = ActionFields.Text(action, "description"),
            Tags = tags,
            Metadata = action.TryGetProperty("metadata", out var given) && given.ValueKind != JsonValueKind.Null ? given.Clone() : null,
            ChunkSize = size,
            ChunkOverlap = overlap,
            Chunker = ActionFields.Text(action, "chunker"),
            EmbeddingModel = ActionFields.Text(action, "embedding_model"),
            CallbackUrl = ActionFields.Text(action, "callback_url"),
            CallbackQueue = ActionFields.Text(action, "callback_queue"),
        };
    }

    /// <summary>A list, or one text with commas.</summary>
    private static string[]? ReadTags(JsonElement action, ref string reason)
    {
        if (!action.TryGetProperty("tags", out var tags) || tags.ValueKind == JsonValueKind.Null) return [];
        if (tags.ValueKind == JsonValueKind.String)
            return tags.GetString()!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (tags.ValueKind == JsonValueKind.Array && tags.EnumerateArray().All(tag => tag.ValueKind == JsonValueKind.String))
            return [.. tags.EnumerateArray().Select(tag => tag.GetString()!)];
        reason = "tags must be a list of texts, or one text with commas.";
        return null;
    }
}
