using System.Net.WebSockets;
using System.Text.Json;

namespace Ingestion.Tests.Support;

/// <summary>A WebSocket on a task, as a client of the service holds it.</summary>
public sealed class TaskFollower : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Everything that came, without the greeting.</summary>
    public List<JsonElement> Events { get; } = [];

    public int? CloseCode => (int?)_socket.CloseStatus;

    public long LastId => Events.Count > 0 ? Events[^1].GetProperty("event_id").GetInt64() : 0;

    public static async Task<TaskFollower> ConnectAsync(ServiceProcess service, string tenant, string taskId, string after = "", string token = "none")
    {
        var follower = new TaskFollower();
        var query = $"tenant_id={tenant}&token={Uri.EscapeDataString(token)}{(after.Length > 0 ? "&after=" + after : "")}";
        var address = new Uri($"ws://127.0.0.1:{service.Port}/ws/tasks/{taskId}?{query}");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await follower._socket.ConnectAsync(address, patience.Token);
        return follower;
    }

    /// <summary>The next event; null once the service has closed the socket.</summary>
    public async Task<JsonElement?> NextAsync(int seconds = 60)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var message = new MemoryStream();
        while (true)
        {
            var received = await _socket.ReceiveAsync(_buffer, patience.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
                return null;
            }
            message.Write(_buffer, 0, received.Count);
            if (!received.EndOfMessage) continue;
            var one = JsonElement.Parse(message.ToArray());
            message.SetLength(0);
            if (one.Text("event_type") == "connection_established") continue;
            Events.Add(one);
            return one;
        }
    }

    public async Task<TaskFollower> ToEndAsync(int seconds = 60)
    {
        while (await NextAsync(seconds) is not null)
        {
            // The events are kept as they come.
        }
        return this;
    }

    public void Dispose() => _socket.Dispose();
}
