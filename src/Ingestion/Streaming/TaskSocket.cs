using System.Net.WebSockets;
using System.Text.Json;
using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Tasks;
using Microsoft.AspNetCore.Connections.Features;

namespace Ingestion.Streaming;

/// <summary><c>/ws/tasks/{task_id}</c>: a task's story so far, then live, then a clean end.</summary>
public static class TaskSocket
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SlowClosePatience = TimeSpan.FromSeconds(30);
    private const int SendBuffer = 32 * 1024;
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    /// <summary>Clients have nothing to say; what they send is read, so that their pongs and closes are, and dropped.</summary>
    private const int MaxInbound = 4096;

    public static void MapTaskSocket(this IEndpointRouteBuilder routes) =>
        routes.Map("/ws/tasks/{task_id}", FollowAsync).ExcludeFromDescription().Needs(Scopes.Read);

    private static async Task<IResult> FollowAsync(
        HttpContext http, string task_id, ITaskEngine engine, EventDispatcher dispatcher, OpenStreams streams, Settings settings,
        IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory logs)
    {
        if (!http.WebSockets.IsWebSocketRequest)
            return Problems.InvalidBody("This address speaks WebSocket only. Over plain HTTP, read /api/v1/tasks/{task_id}/events.");
        if (!IsAllowedOrigin(http.Request, settings)) return Problems.OriginForbidden();

        // A reader that stops costs this much in the kernel, not megabytes.
        http.Features.Get<IConnectionSocketFeature>()?.Socket.SendBufferSize = SendBuffer;
        using var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = KeepAlive, KeepAliveTimeout = KeepAlive });
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await ServeAsync(http, socket, task_id, engine, dispatcher, streams, time, end);
        }
        catch (OperationCanceledException)
        {
            await CloseAsync(socket, WebSocketCloseStatus.EndpointUnavailable, "the service is stopping: come back with after");
        }
        catch (WebSocketException)
        {
            // The client is gone; there is nobody to tell.
        }
        catch (Exception fault)
        {
            logs.CreateLogger("Ingestion.Streaming.TaskSocket").LogError(fault, "A socket on task {Task} failed", task_id);
            await CloseAsync(socket, WebSocketCloseStatus.InternalServerError, "internal_error");
        }
        return Results.Empty;
    }

    private static async Task ServeAsync(
        HttpContext http, WebSocket socket, string taskId, ITaskEngine engine, EventDispatcher dispatcher, OpenStreams streams, TimeProvider time,
        CancellationTokenSource end)
    {
        if (http.Features.Get<Refusal>() is { Problem: var refused })
        {
            await CloseAsync(socket, refused.RetryAfter is null ? WebSocketCloseStatus.PolicyViolation : TryAgainLater, refused.Code);
            return;
        }
        if (!TryGetAfter(http.Request, out var after))
        {
            await CloseAsync(socket, WebSocketCloseStatus.PolicyViolation, "validation_error: after must be an event_id");
            return;
        }
        if (!RequestIds.TryGetTenant(http.Request, out var tenant, out var problem))
        {
            await CloseAsync(socket, WebSocketCloseStatus.PolicyViolation, problem.Code);
            return;
        }
        if (await engine.GetAsync(tenant, taskId, end.Token) is not { } task)
        {
            await CloseAsync(socket, WebSocketCloseStatus.PolicyViolation, "task_not_found");
            return;
        }
        using var place = streams.TryOpen(tenant);
        if (place is null)
        {
            await CloseAsync(socket, TryAgainLater, Problems.TooManyStreams(streams.LimitOf(tenant)).Code);
            return;
        }

        // Who comes back with a newer token goes on where this one ended.
        if (Visit.Of(http).Caller.Remaining(time) is { } remaining) end.CancelAfter(remaining);
        var isSlow = false;
        var listening = ListenAsync(socket, end);
        await SendAsync(socket, Greeting(task, after, time.GetUtcNow()), end.Token);
        try
        {
            await foreach (var events in dispatcher.FollowAsync(tenant, taskId, after, KeepAlive, end.Token))
            {
                foreach (var one in events) await SendAsync(socket, one.Wire, end.Token);
            }
            await CloseAsync(socket, WebSocketCloseStatus.NormalClosure, "the task has ended");
        }
        catch (OperationCanceledException) when (socket.State is WebSocketState.CloseReceived)
        {
            await CloseAsync(socket, WebSocketCloseStatus.NormalClosure, null);
        }
        catch (SlowReaderException)
        {
            isSlow = true;
            await CloseAsync(socket, TryAgainLater, "too slow: come back with after");
        }
        await end.CancelAsync();
        // Who does not answer the close is cut off; a slow one has to come to it first.
        if (await Task.WhenAny(listening, Task.Delay(isSlow ? SlowClosePatience : ClosePatience, CancellationToken.None)) != listening) socket.Abort();
        await listening;
    }

    /// <summary>Reads until the client closes or breaks the rules; either ends the socket.</summary>
    private static async Task ListenAsync(WebSocket socket, CancellationTokenSource end)
    {
        var buffer = new byte[256];
        try
        {
            var length = 0;
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close) break;
                length = received.EndOfMessage ? 0 : length + received.Count;
                if (length > MaxInbound) break;
            }
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Gone without a word.
        }
        try
        {
            await end.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The serving side ended first.
        }
    }

    /// <summary>Cancelling a send would cut the connection without a word, so a slow one is left to itself and closed behind.</summary>
    private static async Task SendAsync(WebSocket socket, byte[] message, CancellationToken cancel)
    {
        var sending = socket.SendAsync(message.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, cancel);
        if (sending.IsCompletedSuccessfully) return;
        var slow = sending.AsTask();
        if (await Task.WhenAny(slow, Task.Delay(SendPatience, CancellationToken.None)) != slow) throw new SlowReaderException();
        await slow;
    }

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string? why)
    {
        try
        {
            using var patience = new CancellationTokenSource(status == TryAgainLater ? SlowClosePatience : ClosePatience);
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived) await socket.CloseOutputAsync(status, why, patience.Token);
            var buffer = new byte[256];
            while (socket.State == WebSocketState.CloseSent && status == WebSocketCloseStatus.PolicyViolation)
                await socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }

    private static byte[] Greeting(IngestionTask task, long after, DateTimeOffset now)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, WireJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("event_id", after);
            json.WriteString("event_type", "connection_established");
            json.WriteString("task_id", task.Spec.TaskId);
            json.WriteString("tenant_id", task.Spec.TenantId);
            json.WriteString("timestamp", now.UtcDateTime);
            json.WriteStartObject("data");
            json.WriteString("status", task.State.Wire());
            json.WriteString("message", task.Message);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private static bool TryGetAfter(HttpRequest request, out long after)
    {
        after = 0;
        var text = request.Query["after"].ToString();
        return text.Length == 0 || (long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out after));
    }

    /// <summary>A browser says where its page is from; programs say nothing. Same host and CORS_ORIGINS may connect.</summary>
    private static bool IsAllowedOrigin(HttpRequest request, Settings settings)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0 || settings.CorsOrigins.Contains("*") || settings.CorsOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)) return true;
        return Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }

    private sealed class SlowReaderException : Exception;
}
