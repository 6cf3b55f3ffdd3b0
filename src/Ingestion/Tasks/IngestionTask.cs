using System.Text.Json;

namespace Ingestion.Tasks;

/// <summary>A task as it stands: what was asked for, and how far it has come.</summary>
public sealed record IngestionTask
{
    public required TaskSpec Spec { get; init; }

    public required TaskState State { get; init; }

    /// <summary>0–100, never falling.</summary>
    public int Percentage { get; init; }

    /// <summary>The message of the last event.</summary>
    public string Message { get; init; } = "";

    /// <summary>A JSON object of the last progress or milestone, or null.</summary>
    public JsonElement? Details { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When a worker first took it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Grows with every lease, from 1 with the first; it is the fence that a late worker fails at.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts that ended in an error worth trying again. TASK_MAX_ATTEMPTS of them and the task fails.</summary>
    public int Failures { get; init; }

    /// <summary>Leases that ran out because their worker died or hung. Three of them and the task fails.</summary>
    public int Crashes { get; init; }

    /// <summary>Times that a stopping worker handed it back; costs nothing.</summary>
    public int Released { get; init; }

    /// <summary>The last error; kept while the task waits to be tried again.</summary>
    public TaskError? Error { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>A JSON object once completed.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>What the pipeline left for the next attempt, a JSON object of its own; null before that.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>A client asked for the end while a worker held it.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>The id of the newest event; 0 before the first.</summary>
    public long LastEvent { get; init; }
}

/// <param name="Code">One of <see cref="TaskErrors"/>.</param>
/// <param name="Message">For the client: what happened and what to do. No path, no stack trace.</param>
/// <param name="Details">A JSON object, or null.</param>
public sealed record TaskError(string Code, string Message, JsonElement? Details = null);

/// <summary>The codes that a failed task carries.</summary>
public static class TaskErrors
{
    public const string Fetch = "FETCH_ERROR";
    public const string Extraction = "EXTRACTION_ERROR";
    public const string ExtractionTimeout = "EXTRACTION_TIMEOUT";
    public const string UnsupportedFileType = "UNSUPPORTED_FILE_TYPE";
    public const string DocumentTooLarge = "DOCUMENT_TOO_LARGE";
    public const string EmptyDocument = "EMPTY_DOCUMENT";
    public const string Chunking = "CHUNKING_ERROR";
    public const string Embedding = "EMBEDDING_ERROR";
    public const string EmbeddingTimeout = "EMBEDDING_TIMEOUT";
    public const string CallbackProcessing = "CALLBACK_PROCESSING_ERROR";
    public const string Storage = "STORAGE_ERROR";

    /// <summary>The tenant has as much stored as it may.</summary>
    public const string Quota = "QUOTA_EXCEEDED";

    public const string Internal = "INTERNAL_ERROR";
}
