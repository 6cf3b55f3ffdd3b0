namespace Ingestion.Http;

/// <summary>Every error that a request can get, its status, its code and its words, in one place.</summary>
public static class Problems
{
    public static Problem MissingSource() => new(400, "missing_source",
        "The request has no document. Send exactly one of file, url and text.");

    public static Problem SeveralSources(IReadOnlyList<string> fields) => new(400, "validation_error",
        $"The request has {string.Join(" and ", fields)}. Send exactly one of file, url and text.", new() { Fields = fields });

    public static Problem MissingFields(IReadOnlyList<string> fields) => new(400, "missing_required_fields",
        $"The request lacks {string.Join(", ", fields)}. Send {(fields.Count == 1 ? "it" : "them")} in the form, the JSON body or the query string.",
        new() { Fields = fields });

    public static Problem Invalid(string field, string message) => new(400, "validation_error", message, new() { Field = field });

    public static Problem InvalidBody(string message) => new(400, "validation_error", message);

    public static Problem InvalidId(string field) => Invalid(field,
        $"{field} must have 1 to 255 characters, none of them a control character.");

    public static Problem Unauthorized(string message) => new(401, "unauthorized", message);

    public static Problem TenantForbidden() => new(403, "tenant_forbidden",
        "This token or key is not for that tenant. Leave tenant_id out, or use a token of the tenant.");

    public static Problem ScopeForbidden(Scopes needed) => new(403, "scope_forbidden",
        $"This token or key lacks the scope {needed.Wire()}. Use one that has it.", new() { Field = needed.Wire() });

    public static Problem OriginForbidden() => new(403, "origin_forbidden",
        "This origin may not connect; the operator lists origins in CORS_ORIGINS.");

    public static Problem IssuerUnavailable() => new(503, "issuer_unavailable",
        "The service cannot reach the issuer of this token at the moment, so it cannot check it. Try again after the time in Retry-After.",
        RetryAfter: TimeSpan.FromSeconds(5));

    /// <summary>What the server could not read as a request at all.</summary>
    public static Problem NotARequest(int status) => status switch
    {
        408 => TooSlow(),
        413 => BodyTooLarge(),
        414 => new(414, "address_too_long", "The address is too long. Send what is long in the body."),
        431 => new(431, "headers_too_large", "The headers are too many or too large. Send fewer or shorter ones."),
        _ => new(status, "validation_error", "This is not a valid HTTP request. Check its address, which may not hold %00, and its headers."),
    };

    public static Problem TooSlow() => new(408, "request_timeout",
        "The request came too slowly and was not waited for. Send it again over a better connection, or in smaller parts.");

    public static Problem TooManyPlans(int limit) => new(429, "rate_limited",
        $"{limit} plans of this tenant are being made, which is the limit. Ask for the next when one is done.",
        new() { Limit = limit }, TimeSpan.FromSeconds(1));

    public static Problem TooManyStreams(int limit) => new(429, "rate_limited",
        $"{limit} sockets and event streams of this tenant are open, which is the limit. Close those that are not needed; one ends with its task.",
        new() { Limit = limit }, TimeSpan.FromSeconds(5));

    public static Problem RateLimited(long limit, TimeSpan retryAfter) => new(429, "rate_limited",
        $"The tenant has sent its {limit} requests of this minute. Go on after the time in Retry-After.", new() { Limit = limit }, retryAfter);

    public static Problem TaskNotFound(string taskId) => new(404, "task_not_found",
        "There is no such task for this tenant. Check task_id and tenant_id; ended tasks are kept for a limited time.", new() { TaskId = taskId });

    public static Problem DocumentNotFound() => new(404, "document_not_found",
        "There is no such document for this tenant. Check tenant_id, collection_id and document_id, and that its task has completed.");

    public static Problem NotFound() => new(404, "not_found", "There is nothing at this address. The reference is at /docs.");

    public static Problem MethodNotAllowed() => new(405, "method_not_allowed", "This address takes another method. The reference is at /docs.");

    public static Problem TaskFinished(string taskId, string status) => new(409, "task_finished",
        $"The task has already ended as {status}, so it cannot be cancelled.", new() { TaskId = taskId, Status = status });

    public static Problem TaskNotEnded(string taskId, string status) => new(409, "task_not_ended",
        $"Only a failed or cancelled task can be retried; this one is {status}.", new() { TaskId = taskId, Status = status });

    public static Problem IdempotencyConflict(string taskId) => new(409, "idempotency_conflict",
        "This Idempotency-Key was used for another request. Use a new key for a new document.", new() { TaskId = taskId });

    public static Problem ModelConflict(string message) => new(409, "model_conflict", message);

    public static Problem VersionNotKept(IReadOnlyList<int> kept) => new(409, "version_not_kept", kept.Count == 0
        ? "No earlier version of the document is kept. KEEP_VERSIONS says how many are."
        : $"That version of the document is not kept. Ask for one of: {string.Join(", ", kept)}.");

    public static Problem FileTooLarge(long maxSize, long? size = null) => new(413, "file_too_large",
        $"The file is larger than {maxSize} bytes (MAX_FILE_SIZE). Split it, or ask the operator for a higher limit.",
        new() { Size = size, MaxSize = maxSize });

    public static Problem TextTooLong(long maxLength, long? length = null) => new(413, "text_too_long",
        $"The text is longer than {maxLength} characters (MAX_TEXT_LENGTH). Split it, or send it as a file.",
        new() { Size = length, MaxSize = maxLength });

    public static Problem BodyTooLarge() => new(413, "body_too_large", "The request's body is too large for this address.");

    public static Problem UnsupportedContentType(string expected) => new(415, "unsupported_media_type",
        $"Send the request as {expected}.");

    public static Problem UnsupportedFileType(string mediaType, IReadOnlyList<string> supported) => new(415, "unsupported_file_type",
        $"No reader takes a document of type {mediaType}. Convert it to one of the supported types and send it again.",
        new() { MediaType = mediaType, Supported = supported });

    public static Problem PictureWithoutOcr(string mediaType) => new(415, "unsupported_file_type",
        $"A document of type {mediaType} is a picture, and text in pictures is read only with OCR, which is off here. Send the text itself, or ask the"
        + " operator to set OCR=auto.",
        new() { MediaType = mediaType });

    public static Problem QueueFull(string what, int limit, TimeSpan retryAfter) => new(429, "queue_full",
        $"{limit} {what}. Send the document again after the time in Retry-After.", new() { Limit = limit }, retryAfter);

    public static Problem QuotaExceeded(string message, long limit) => new(429, "quota_exceeded",
        message, new() { Limit = limit }, TimeSpan.FromHours(1));

    public static Problem Unavailable() => new(503, "engine_unavailable",
        "The service cannot reach or write its storage at the moment. Send the request again after the time in Retry-After; with the same "
        + "Idempotency-Key it is done once, even where this one was taken after all.",
        RetryAfter: TimeSpan.FromSeconds(5));

    /// <param name="why">What became of the query, in whole sentences.</param>
    public static Problem EmbeddingUnavailable(string why, TimeSpan? retryAfter) => new(503, "embedding_unavailable",
        $"The query cannot be embedded now. {why} Search with mode text, or send query_embedding, or try again after the time in Retry-After.",
        RetryAfter: retryAfter ?? TimeSpan.FromSeconds(5));

    public static Problem Internal() => new(500, "internal_error",
        "The service met an error of its own. Try again; if it stays, report it with the time of the request.");
}
