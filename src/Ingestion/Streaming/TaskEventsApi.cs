using System.Globalization;
using System.Text;
using Ingestion.Http;
using Ingestion.Tasks;
using Microsoft.Net.Http.Headers;

namespace Ingestion.Streaming;

/// <summary><c>GET /api/v1/tasks/{task_id}/events</c>: the same story over plain HTTP, as a list or as server-sent events.</summary>
public static class TaskEventsApi
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private const int MaxListed = 1000;

    public static RouteHandlerBuilder MapTaskEvents(this IEndpointRouteBuilder api) =>
        api.MapGet("/tasks/{task_id}/events", GetEventsAsync).WithTags("Tasks")
            .WithSummary("Read a task's events; with Accept: text/event-stream, follow them live")
            .Produces<string>(200, "application/json", "text/event-stream").ProducesErrors(400, 404, 429).Needs(Scopes.Read);

    private static async Task<IResult> GetEventsAsync(
        HttpContext http, string task_id, ITaskEngine engine, EventDispatcher dispatcher, OpenStreams open, IHostApplicationLifetime lifetime,
        TimeProvider time)
    {
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem)) return problem;
        if (!TryGetAfter(http.Request, out var after)) return Problems.Invalid("after", "after must be an event_id: a whole number from 0.");
        if (await engine.GetAsync(tenant, task_id, http.RequestAborted) is null) return Problems.TaskNotFound(task_id);
        var streams = http.Request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
        if (!streams) return await ListAsync(http, engine, tenant, task_id, after);
        using var place = open.TryOpen(tenant);
        if (place is null) return Problems.TooManyStreams(open.LimitOf(tenant));
        await StreamAsync(http, dispatcher, tenant, task_id, after, time, lifetime.ApplicationStopping);
        return Results.Empty;
    }

    private static async Task<IResult> ListAsync(HttpContext http, ITaskEngine engine, string tenant, string taskId, long after)
    {
        var events = await engine.ReadEventsAsync(tenant, taskId, after, MaxListed, http.RequestAborted);
        var json = new ArrayBufferedJson(events);
        return Results.Bytes(json.Bytes, "application/json; charset=utf-8");
    }

    private static async Task StreamAsync(HttpContext http, EventDispatcher dispatcher, string tenant, string taskId, long after, TimeProvider time, CancellationToken stopping)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        if (Visit.Of(http).Caller.Remaining(time) is { } remaining) end.CancelAfter(remaining);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await http.Response.Body.FlushAsync(end.Token);
            await foreach (var events in dispatcher.FollowAsync(tenant, taskId, after, Heartbeat, end.Token))
            {
                foreach (var one in events)
                {
                    await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {one.Id}\nevent: {one.Type}\ndata: ")), end.Token);
                    await http.Response.Body.WriteAsync(one.Wire, end.Token);
                    await http.Response.Body.WriteAsync("\n\n"u8.ToArray(), end.Token);
                }
                if (events.Count == 0) await http.Response.Body.WriteAsync(": still here\n\n"u8.ToArray(), end.Token);
                await http.Response.Body.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has gone or the service stops; it comes back with Last-Event-ID.
        }
    }

    private static bool TryGetAfter(HttpRequest request, out long after)
    {
        after = 0;
        var text = request.Headers["Last-Event-ID"].ToString();
        if (text.Length == 0) text = request.Query["after"].ToString();
        return text.Length == 0 || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after);
    }

    /// <summary>The stored events as one JSON array, without reading them again.</summary>
    private sealed class ArrayBufferedJson
    {
        public ArrayBufferedJson(IReadOnlyList<StoredEvent> events)
        {
            using var json = new MemoryStream();
            json.WriteByte((byte)'[');
            for (var i = 0; i < events.Count; i++)
            {
                if (i > 0) json.WriteByte((byte)',');
                json.Write(events[i].ToWire());
            }
            json.WriteByte((byte)']');
            Bytes = json.ToArray();
        }

        public byte[] Bytes { get; }
    }
}
