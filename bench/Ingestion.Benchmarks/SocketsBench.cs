using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Ingestion.Benchmarks;

/// <summary>
/// Many sockets on two instances of one Redis, ten on each task: what one costs in memory, whether each is told of its task's end, and how
/// long that takes; a twentieth as many more never read. <c>sockets [count]</c>.
/// </summary>
internal static class SocketsBench
{
    private const int OnEachTask = 10;
    private const int Tenants = 20;

    public static async Task<int> RunAsync(string[] args)
    {
        var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2_000;
        await using var instances = new SharedInstances(3);
        await instances.StartRedisAsync();
        for (var i = 0; i < 2; i++)
        {
            instances.Start(i, ("WORKER_COUNT", "0"));
            await instances.WaitUntilReadyAsync(i);
        }
        using var http = new HttpClient();
        var tasks = await Task.WhenAll(Enumerable.Range(0, count / OnEachTask).Select(i => SendAsync(http, instances, i)));
        // What the first sockets cost once is not what each costs.
        var warm = await ConnectAsync(instances, tasks, 100);
        foreach (var socket in warm) socket.Dispose();
        await Task.Delay(1_000);
        var before = Memory(instances);
        var clock = Stopwatch.StartNew();
        var sockets = await ConnectAsync(instances, tasks, count);
        var connected = clock.Elapsed;
        await Task.Delay(1_000);
        var each = (Memory(instances) - before) / 1024.0 / count;
        var deaf = await Task.WhenAll(Enumerable.Range(0, count / 20).Select(i => DeafAsync(instances, tasks[i % tasks.Length], i)));
        var ends = sockets.Select(ToEndAsync).ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} sockets in {connected.TotalSeconds:0.0} s; {each:0.0} KiB each in the service"));

        // Nothing is worked on until all sockets are there.
        clock.Restart();
        instances.Start(2, ("WORKER_COUNT", "2"));
        var told = (await Task.WhenAll(ends)).Count(isTold => isTold);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{told} of {count} were told of their task's end, beside {deaf.Length} that never read, {clock.Elapsed.TotalSeconds:0.0} s after the workers' start"));
        foreach (var client in deaf) client.Dispose();
        return told == count ? 0 : 1;
    }

    private static async Task<(string Tenant, string Id)> SendAsync(HttpClient http, SharedInstances instances, int number)
    {
        var body = new { tenant_id = $"tenant-{number % Tenants}", collection_id = "c", document_id = $"d{number}", text = $"Document {number} says that pump {number} runs." };
        using var answer = await http.PostAsJsonAsync(new Uri(instances.Address(number % 2) + "/documents/text"), body);
        answer.EnsureSuccessStatusCode();
        var task = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("task");
        return (body.tenant_id, task.GetProperty("task_id").GetString()!);
    }

    private static async Task<ClientWebSocket[]> ConnectAsync(SharedInstances instances, (string Tenant, string Id)[] tasks, int count)
    {
        var sockets = new ClientWebSocket[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancel) =>
        {
            sockets[i] = new ClientWebSocket();
            await sockets[i].ConnectAsync(AddressOf(instances, i % 2, tasks[i % tasks.Length]), cancel);
            // The greeting: the service follows the task for it.
            await sockets[i].ReceiveAsync(new byte[4_096], cancel);
        });
        return sockets;
    }

    /// <summary>Whether it was told of the task's end before its own.</summary>
    private static async Task<bool> ToEndAsync(ClientWebSocket socket)
    {
        var (buffer, isTold) = (new byte[4_096], false);
        try
        {
            while (true)
            {
                var length = 0;
                WebSocketReceiveResult received;
                do
                {
                    received = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), CancellationToken.None);
                    length += received.Count;
                }
                while (!received.EndOfMessage);
                if (received.MessageType == WebSocketMessageType.Close) return isTold;
                var one = JsonElement.Parse(buffer.AsSpan(0, length));
                isTold |= one.TryGetProperty("current_status", out var status) && status.GetString() == "completed";
            }
        }
        catch (WebSocketException)
        {
            return isTold;
        }
    }

    private static async Task<TcpClient> DeafAsync(SharedInstances instances, (string Tenant, string Id) task, int number)
    {
        var client = new TcpClient { ReceiveBufferSize = 1024 };
        var port = instances.Port(1);
        await client.ConnectAsync("127.0.0.1", port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"GET /ws/tasks/{task.Id}?tenant_id={task.Tenant}&number={number} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            + $"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")));
        return client;
    }

    private static Uri AddressOf(SharedInstances instances, int instance, (string Tenant, string Id) task) =>
        new($"ws://127.0.0.1:{instances.Port(instance)}/ws/tasks/{task.Id}?tenant_id={task.Tenant}");

    private static long Memory(SharedInstances instances) =>
        Enumerable.Range(0, 2).Sum(i => ResidentMemory.Of(instances.ProcessId(i)));
}
