using System.Text.Json;

namespace Ingestion.Actions;

/// <summary>
/// What an embedding service answers, in either dialect: <c>status</c> success or completed, error or failed; vectors named by
/// <c>chunk_ids</c>, by <c>chunks</c>, or by nothing but their order; <c>error</c> a string or an object with a message.
/// </summary>
public sealed record EmbeddingCallbackAction
{
    public required string TenantId { get; init; }
    public required string TaskId { get; init; }
    public required bool IsSuccess { get; init; }

    /// <summary>The attempt that asked, where the service gave its request's metadata back.</summary>
    public int? Attempt { get; init; }

    public IReadOnlyList<float[]> Embeddings { get; init; } = [];

    /// <summary>One for each vector; null where the service names none.</summary>
    public IReadOnlyList<string>? ChunkIds { get; init; }

    public string? Model { get; init; }
    public string? Error { get; init; }

    /// <summary>Why what it says cannot be used although it says whom it is for, for the sender; null where it can.</summary>
    public string? Flaw { get; init; }

    /// <summary>Reads an action's JSON; null where it does not say whom it is for.</summary>
    /// <param name="reason">Why it cannot be read, for the sender.</param>
    public static EmbeddingCallbackAction? Parse(JsonElement action, out string reason)
    {
        try
        {
            return Read(action, out reason);
        }
        catch (InvalidOperationException)
        {
            reason = "A string of the action holds half a surrogate pair. Send valid Unicode.";
            return null;
        }
    }

    private static EmbeddingCallbackAction? Read(JsonElement action, out string reason)
    {
        reason = "";
        if (action.ValueKind != JsonValueKind.Object) reason = "The body must be a JSON object.";
        else if (Text(action, "action_type") is { } type && !type.StartsWith("embedding.", StringComparison.Ordinal)) reason = "action_type must be embedding.callback.";
        else if (Text(action, "tenant_id") is null or "") reason = "tenant_id is missing.";
        else if (Text(action, "task_id") is null or "") reason = "task_id is missing.";
        if (reason.Length > 0) return null;

        var status = Text(action, "status");
        var isSuccess = status is "success" or "completed";
        string? flaw = null;
        if (!isSuccess && status is not ("error" or "failed")) flaw = "status must be success, completed, error or failed.";
        var result = action.TryGetProperty("result", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : action;
        if (!TryReadVectors(action, out var vectors) || (vectors.Count == 0 && !TryReadVectors(result, out vectors)))
            flaw ??= "embeddings must be lists of finite numbers.";
        else if (isSuccess && vectors.Count == 0) flaw = "A successful callback needs embeddings.";
        else if (isSuccess && Number(action, "dimensions") is { } said && vectors.Find(vector => vector.Length != said) is { } other)
            flaw ??= $"dimensions says {said}, and a vector has {other.Length} numbers.";
        return new EmbeddingCallbackAction
        {
            TenantId = Text(action, "tenant_id")!,
            TaskId = Text(action, "task_id")!,
            IsSuccess = isSuccess && flaw is null,
            Flaw = flaw,
            Attempt = action.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object ? Number(metadata, "attempt") : null,
            Embeddings = flaw is null ? vectors : [],
            ChunkIds = ReadChunkIds(action),
            Model = Text(action, "model"),
            Error = ReadError(action) ?? ReadError(result),
        };
    }

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Number(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static string? ReadError(JsonElement from)
    {
        if (!from.TryGetProperty("error", out var error)) return null;
        return error.ValueKind == JsonValueKind.Object ? Text(error, "message") ?? error.GetRawText() : Text(from, "error");
    }

    private static bool TryReadVectors(JsonElement from, out List<float[]> vectors)
    {
        vectors = [];
        if (!from.TryGetProperty("embeddings", out var lists) || lists.ValueKind == JsonValueKind.Null) return true;
        if (lists.ValueKind != JsonValueKind.Array) return false;
        foreach (var list in lists.EnumerateArray())
        {
            if (list.ValueKind != JsonValueKind.Array) return false;
            var vector = new float[list.GetArrayLength()];
            var i = 0;
            foreach (var number in list.EnumerateArray())
            {
                if (number.ValueKind != JsonValueKind.Number || !number.TryGetSingle(out vector[i]) || !float.IsFinite(vector[i++])) return false;
            }
            vectors.Add(vector);
        }
        return true;
    }

    private static List<string>? ReadChunkIds(JsonElement from)
    {
        if (from.TryGetProperty("chunk_ids", out var ids) && ids.ValueKind == JsonValueKind.Array)
            return [.. ids.EnumerateArray().Select(id => id.ValueKind == JsonValueKind.String ? id.GetString()! : id.GetRawText())];
        if (!from.TryGetProperty("chunks", out var chunks) || chunks.ValueKind != JsonValueKind.Array) return null;
        var named = chunks.EnumerateArray().Select(chunk => chunk.ValueKind == JsonValueKind.Object ? Text(chunk, "chunk_id") : null).ToList();
        return named.Contains(null) ? null : [.. named.OfType<string>()];
    }
}
