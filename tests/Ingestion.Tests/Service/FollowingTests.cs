using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>A task's story, as followers of every kind are told it.</summary>
public sealed class FollowingTests(SharedService service) : IClassFixture<SharedService>
{
    private readonly TenantClient _tenant = new(service.Process);

    [Fact]
    public async Task Two_hundred_followers_half_of_them_late_are_told_the_same_whole_story()
    {
        var page = service.Web.Hold(Prose.Of(1, 60_000));
        var taskId = await _tenant.SendUrlAsync("d", page.Address);
        await page.WaitAsync();
        var early = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => FollowAsync(taskId)));
        var told = early.Select(follower => follower.ToEndAsync()).ToList();
        page.Release();
        told.AddRange(Enumerable.Range(0, 50).Select(async _ => await (await FollowAsync(taskId)).ToEndAsync()));
        await _tenant.CompletedAsync(taskId);
        told.AddRange(Enumerable.Range(0, 50).Select(async _ => await (await FollowAsync(taskId)).ToEndAsync()));

        var followers = await Task.WhenAll(told);

        var story = await _tenant.EventsAsync(taskId);
        Assert.Equal(Enumerable.Range(1, story.Count), story.Select(one => one.Number("event_id")));
        Assert.Equal(200, followers.Length);
        foreach (var follower in followers)
        {
            using (follower)
            {
                TaskStories.CheckCompleted(follower.Events);
                Assert.Equal(TaskStories.Lasting(story), TaskStories.Lasting(follower.Events));
                Assert.Equal(1000, follower.CloseCode);
                Assert.All(follower.Events, one => Assert.Equal((taskId, _tenant.Id), (one.Text("task_id"), one.Text("tenant_id"))));
            }
        }
    }

    [Fact]
    public async Task A_follower_that_is_lost_after_every_event_misses_nothing_and_hears_nothing_twice()
    {
        var page = service.Web.Hold(Prose.Of(2, 60_000));
        var taskId = await _tenant.SendUrlAsync("d", page.Address);
        await page.WaitAsync();
        List<JsonElement> told = [];
        for (int? closed = null; closed is null;)
        {
            using var follower = await FollowAsync(taskId, told.Count > 0 ? told[^1].At("event_id").ToString() : "0");
            if (await follower.NextAsync() is { } one) told.Add(one);
            closed = follower.CloseCode;
            if (told.Count == 2) page.Release();
        }

        TaskStories.CheckCompleted(told);
        Assert.Equal(TaskStories.Lasting(await _tenant.EventsAsync(taskId)), TaskStories.Lasting(told));
    }

    [Fact]
    public async Task Server_sent_events_tell_the_same_story_and_go_on_after_the_last_id()
    {
        var page = service.Web.Hold(Prose.Of(3, 60_000));
        var taskId = await _tenant.SendUrlAsync("d", page.Address);
        await page.WaitAsync();
        List<JsonElement> told = [];
        for (var ended = false; !ended;)
        {
            var last = told.Count > 0 ? told[^1].At("event_id").ToString() : "";
            ended = !await ReadServerSentAsync(taskId, last, told, atMost: 2);
            if (told.Count >= 2) page.Release();
        }

        TaskStories.CheckCompleted(told);
        Assert.Equal(TaskStories.Lasting(await _tenant.EventsAsync(taskId)), TaskStories.Lasting(told));
    }

    [Fact]
    public async Task Followers_that_stop_reading_hold_nobody_back_and_are_let_go()
    {
        var page = service.Web.Hold(Prose.Of(4, 60_000));
        var taskId = await _tenant.SendUrlAsync("d", page.Address);
        await page.WaitAsync();
        var deaf = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => DeafAsync(taskId)));
        using var follower = await FollowAsync(taskId);
        var listening = follower.ToEndAsync();
        var since = Stopwatch.StartNew();
        page.Release();
        await listening;

        TaskStories.CheckCompleted(follower.Events);
        Assert.True(since.Elapsed < TimeSpan.FromSeconds(10), $"The story took {since.Elapsed}.");
        // They never answer the close; the service cuts them off by itself.
        await Task.WhenAll(deaf.Select(ToEndAsync));
    }

    /// <summary>The only end to a pause: it has to be told that there is more, and where to go on.</summary>
    [Fact]
    public async Task A_follower_that_pauses_too_long_is_closed_with_1013_and_goes_on_where_it_was()
    {
        await using var idle = await ServiceProcess.StartAsync(("WORKER_COUNT", "0"));
        var tenant = new TenantClient(idle);
        var task = await tenant.SendTextAsync("d", "A text.");
        // More of a story than fits between the two.
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(200, (await tenant.DeleteAsync($"api/v1/tasks/{task}")).Status);
            Assert.Equal(202, (await tenant.PostAsync($"api/v1/tasks/{task}/retry")).Status);
        }
        Assert.Equal(200, (await tenant.DeleteAsync($"api/v1/tasks/{task}")).Status);
        using var paused = await DeafAsync(idle, tenant.Id, task);
        await Task.Delay(TimeSpan.FromSeconds(12), TestContext.Current.CancellationToken);
        paused.ReceiveBufferSize = 1 << 20;
        await using var bytes = new BufferedStream(paused.GetStream(), 1 << 16);
        var frames = await ReadFramesAsync(bytes);
        var (opcode, payload) = frames[^1];
        Assert.Equal((8, 1013), (opcode, (payload[0] << 8) | payload[1]));
        Assert.Contains("after", Encoding.UTF8.GetString(payload, 2, payload.Length - 2), StringComparison.Ordinal);
        var last = JsonElement.Parse(frames[^2].Payload).Number("event_id");
        Assert.InRange(last, 1, 2_001);

        using var again = await TaskFollower.ConnectAsync(idle, tenant.Id, task, last.ToString(CultureInfo.InvariantCulture));
        await again.ToEndAsync();
        Assert.Equal((2_002, 1000), (again.LastId, again.CloseCode));
        Assert.Equal(2_002 - last, again.Events.Count);
    }

    /// <summary>All that a server sends, to the end of the connection.</summary>
    private static async Task<List<(int Opcode, byte[] Payload)>> ReadFramesAsync(BufferedStream stream)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var head = new List<byte>();
        while (!Encoding.ASCII.GetString([.. head]).EndsWith("\r\n\r\n", StringComparison.Ordinal)) head.Add((byte)stream.ReadByte());
        var frames = new List<(int, byte[])>();
        var start = new byte[4];
        while (frames.Count == 0 || frames[^1].Item1 != 8)
        {
            await stream.ReadExactlyAsync(start.AsMemory(0, 2), patience.Token);
            var (opcode, length) = (start[0] & 15, start[1] & 127);
            if (length == 126)
            {
                await stream.ReadExactlyAsync(start.AsMemory(2, 2), patience.Token);
                length = (start[2] << 8) | start[3];
            }
            var payload = new byte[length];
            await stream.ReadExactlyAsync(payload, patience.Token);
            frames.Add((opcode, payload));
        }
        return frames;
    }

    private Task<TaskFollower> FollowAsync(string taskId, string after = "") => TaskFollower.ConnectAsync(service.Process, _tenant.Id, taskId, after);

    /// <summary>False where the stream ended by itself.</summary>
    private async Task<bool> ReadServerSentAsync(string taskId, string lastId, List<JsonElement> told, int atMost)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/tasks/{taskId}/events?tenant_id={_tenant.Id}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastId.Length > 0) request.Headers.Add("Last-Event-ID", lastId);
        using var response = await service.Process.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        string? id = null, type = null;
        while (atMost > 0 && await lines.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var one = JsonElement.Parse(line[6..]);
            Assert.Equal((one.At("event_id").ToString(), one.Text("event_type")), (id, type));
            told.Add(one);
            atMost--;
        }
        return atMost == 0;
    }

    /// <summary>A socket that says its first words and nothing after them.</summary>
    private Task<TcpClient> DeafAsync(string taskId) => DeafAsync(service.Process, _tenant.Id, taskId);

    private static async Task<TcpClient> DeafAsync(ServiceProcess process, string tenant, string taskId)
    {
        var client = new TcpClient { ReceiveBufferSize = 1024 };
        await client.ConnectAsync("127.0.0.1", process.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"GET /ws/tasks/{taskId}?tenant_id={tenant} HTTP/1.1\r\nHost: 127.0.0.1:{process.Port}\r\nUpgrade: websocket\r\n"
            + $"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")));
        Assert.Equal('H', client.GetStream().ReadByte());
        return client;
    }

    private static async Task ToEndAsync(TcpClient client)
    {
        using (client)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var buffer = new byte[4096];
            try
            {
                while (await client.GetStream().ReadAsync(buffer, patience.Token) > 0)
                {
                    // What it had not read.
                }
            }
            catch (IOException)
            {
                // Cut off, which is an end too.
            }
        }
    }
}
