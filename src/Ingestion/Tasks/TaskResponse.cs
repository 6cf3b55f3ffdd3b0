using System.Text.Json;
using Ingestion.Http;

namespace Ingestion.Tasks;

public sealed record TaskResponse(bool Success, string Message, TaskView Task)
{
    public static IResult Ok(IngestionTask task, string message) =>
        Results.Json(new TaskResponse(true, message, TaskView.Of(task)), TaskWire.Answers.TaskResponse);

    public static IResult Accepted(IngestionTask task, string message) => new AcceptedTask(new(true, message, TaskView.Of(task)));

    private sealed class AcceptedTask(TaskResponse response) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status202Accepted;
            httpContext.Response.Headers.Location = "/api/v1/tasks/" + Uri.EscapeDataString(response.Task.TaskId);
            return httpContext.Response.WriteAsJsonAsync(response, TaskWire.Answers.TaskResponse);
        }
    }
}

public sealed record TaskListResponse(bool Success, string Message, IReadOnlyList<TaskView> Tasks, long Total, int Page, int PageSize);

/// <summary>A task as the wire shows it.</summary>
public sealed record TaskView
{
    public required string TaskId { get; init; }
    public required string TenantId { get; init; }

    /// <summary>pending, processing, extracting, chunking, embedding, storing, completed, failed or cancelled.</summary>
    public required string Status { get; init; }

    /// <summary>document_processing, url_processing or text_processing.</summary>
    public required string Type { get; init; }

    /// <summary>file, url or text.</summary>
    public required string Source { get; init; }

    public required string DocumentId { get; init; }
    public required string CollectionId { get; init; }
    public required string? Title { get; init; }
    public required string? Description { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }
    public required JsonElement? Metadata { get; init; }
    public required ProgressView Progress { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }
    public required DateTimeOffset? CompletedAt { get; init; }
    public required int Attempt { get; init; }

    /// <summary>The last error's message; kept while the task waits to be tried again.</summary>
    public required string? Error { get; init; }

    public required TaskErrorView? ErrorDetails { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Of a completed task: document_id, collection_id, version, counts, model, timings.</summary>
    public required JsonElement? Result { get; init; }

    public static TaskView Of(IngestionTask task) => new()
    {
        TaskId = task.Spec.TaskId,
        TenantId = task.Spec.TenantId,
        Status = task.State.Wire(),
        Type = task.Spec.Source switch
        {
            SourceKind.File => "document_processing",
            SourceKind.Url => "url_processing",
            SourceKind.Text => "text_processing",
        },
        Source = task.Spec.Source.Wire(),
        DocumentId = task.Spec.DocumentId,
        CollectionId = task.Spec.CollectionId,
        Title = task.Spec.Title,
        Description = task.Spec.Description,
        Tags = task.Spec.Tags,
        Metadata = task.Spec.Metadata,
        Progress = new(task.Percentage, task.State.Wire(), task.Message, task.Details, task.UpdatedAt),
        CreatedAt = task.Spec.CreatedAt,
        UpdatedAt = task.UpdatedAt,
        StartedAt = task.StartedAt,
        CompletedAt = task.CompletedAt,
        Attempt = task.Attempt,
        Error = task.Error?.Message,
        ErrorDetails = task.Error is { } error ? new(error.Code, error.Details) : null,
        Warnings = [.. task.Spec.Warnings, .. task.Warnings],
        Result = task.Result,
    };
}

/// <param name="Percentage">0–100, never falling.</param>
public sealed record ProgressView(int Percentage, string CurrentStep, string Message, JsonElement? Details, DateTimeOffset UpdatedAt);

/// <param name="ErrorCode">As in the error event: EXTRACTION_ERROR and so on.</param>
public sealed record TaskErrorView(string ErrorCode, JsonElement? Details);

public static class AcceptedTaskRoutes
{
    /// <summary>A route that takes work, in the reference: 202 with its task, or one of the ways to be refused.</summary>
    public static RouteHandlerBuilder ProducesAcceptedTask(this RouteHandlerBuilder route, params ReadOnlySpan<int> alsoErrors) =>
        route.Produces<TaskResponse>(StatusCodes.Status202Accepted).ProducesErrors([.. alsoErrors, 400, 429]);
}
