using System.Globalization;
using Ingestion.Http;

namespace Ingestion.Tasks;

/// <summary><c>/api/v1/tasks…</c>: see, list, cancel and retry tasks. Following one live is the business of Streaming.</summary>
public static class TasksApi
{
    private static readonly TimeSpan CommitPatience = TimeSpan.FromSeconds(2);

    public static RouteGroupBuilder MapTasks(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("/tasks").WithTags("Tasks");
        tasks.MapGet("/", ListAsync).WithSummary("List a tenant's tasks, newest first").Produces<TaskListResponse>().ProducesErrors(400)
            .Needs(Scopes.Read);
        tasks.MapGet("/{task_id}", GetAsync).WithSummary("See a task").Produces<TaskResponse>().ProducesErrors(400, 404).Needs(Scopes.Read);
        tasks.MapDelete("/{task_id}", CancelAsync).WithSummary("Cancel a task").Produces<TaskResponse>().ProducesErrors(400, 404, 409)
            .Needs(Scopes.Ingest);
        tasks.MapPost("/{task_id}/retry", RetryAsync).WithSummary("Run a failed or cancelled task again").ProducesAcceptedTask(404, 409)
            .Needs(Scopes.Ingest);
        return tasks;
    }

    private static async Task<IResult> GetAsync(HttpContext http, string task_id, ITaskEngine engine)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        var task = await engine.GetAsync(tenant, task_id, http.RequestAborted);
        return task is null ? Problems.TaskNotFound(task_id) : TaskResponse.Ok(task, task.Message);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ITaskEngine engine)
    {
        var request = http.Request;
        if (!RequestIds.TryGetTenant(request, out var tenant, out var problem)) return problem;
        if (!RequestIds.TryGetPage(request, out var page, out var pageSize, out problem)) return problem;
        var status = request.Query["status"].ToString();
        TaskState? state = null;
        if (status.Length > 0)
        {
            if (!TaskStates.TryParse(status, out var asked))
                return Problems.Invalid("status", $"status must be one of {string.Join(", ", Enum.GetValues<TaskState>().Select(TaskStates.Wire))}.");
            state = asked;
        }
        var collection = request.Query["collection_id"].ToString();
        var filter = new TaskFilter(tenant, collection.Length > 0 ? collection : null, state, page, pageSize);
        var (tasks, total) = await engine.ListAsync(filter, http.RequestAborted);
        var message = total == 1 ? "1 task." : string.Create(CultureInfo.InvariantCulture, $"{total} tasks.");
        return Results.Json(new TaskListResponse(true, message, [.. tasks.Select(TaskView.Of)], total, page, pageSize), TaskWire.Answers.TaskListResponse);
    }

    private static async Task<IResult> CancelAsync(HttpContext http, string task_id, ITaskEngine engine, TimeProvider time)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        var started = time.GetTimestamp();
        while (true)
        {
            var (kind, task) = await engine.CancelAsync(tenant, task_id, http.RequestAborted);
            switch (kind)
            {
                case CancelKind.NotFound:
                    return Problems.TaskNotFound(task_id);
                case CancelKind.Cancelled:
                    return TaskResponse.Ok(task!, "The task is cancelled.");
                case CancelKind.Requested:
                    return TaskResponse.Ok(task!, "The task is being cancelled; its worker has been told to stop.");
                case CancelKind.Finished:
                    return Problems.TaskFinished(task_id, task!.State.Wire());
                case CancelKind.Committing when time.GetElapsedTime(started) > CommitPatience:
                    return Problems.TaskFinished(task_id, TaskState.Storing.Wire());
                case CancelKind.Committing:
                    // It ends in a moment, one way or the other, and only then is there an answer.
                    await Task.Delay(TimeSpan.FromMilliseconds(20), time, http.RequestAborted);
                    continue;
            }
        }
    }

    public static Problem QueueFull(EnqueueResult.Full full) => full.Kind switch
    {
        FullKind.Queue => Problems.QueueFull("tasks are waiting, which is the limit", full.Limit, full.RetryAfter),
        FullKind.TenantQueue => Problems.QueueFull("tasks of this tenant are waiting, which is its limit", full.Limit, full.RetryAfter),
        FullKind.TenantTasks => Problems.QueueFull("tasks of this tenant have not ended, which is its limit", full.Limit, full.RetryAfter),
    };

    private static async Task<IResult> RetryAsync(HttpContext http, string task_id, ITaskEngine engine)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        var (kind, task, full) = await engine.RetryAsync(tenant, task_id, http.RequestAborted);
        return kind switch
        {
            RetryKind.NotFound => Problems.TaskNotFound(task_id),
            RetryKind.NotEnded when http.Request.Headers.ContainsKey("Idempotency-Key") && await WasRequeuedAsync(engine, task!, http.RequestAborted) =>
                TaskResponse.Accepted(task!, "This request was accepted before; here is its task."),
            RetryKind.NotEnded => Problems.TaskNotEnded(task_id, task!.State.Wire()),
            RetryKind.Full => QueueFull(full!),
            RetryKind.Queued => TaskResponse.Accepted(task!, "The task is queued again."),
        };
    }

    /// <summary>Whether a retry was asked for before: who repeats the request with its key may not have had the answer.</summary>
    private static async Task<bool> WasRequeuedAsync(ITaskEngine engine, IngestionTask task, CancellationToken cancel) =>
        (await engine.ReadEventsAsync(task.Spec.TenantId, task.Spec.TaskId, 0, int.MaxValue, cancel)).Any(one => one.RestartsTask);
}
