using System.Diagnostics;
using Ingestion.Engines.Redis;
using Ingestion.Redis;
using Ingestion.Tasks;
using Ingestion.Tests.Support;
using StackExchange.Redis;

namespace Ingestion.Tests.Engines;

/// <summary>Servers and connections that break, forget or do not answer.</summary>
public sealed partial class RedisTaskEngineTests
{
    [Fact]
    public async Task A_server_that_has_forgotten_the_scripts_is_told_them_again()
    {
        var engine = await OpenAsync();
        await EnqueueAsync(engine, Spec());
        await using var redis = await shared.Redis.ConnectAsync();
        await redis.GetServers()[0].ScriptFlushAsync();
        await EnqueueAsync(engine, Spec());
        await redis.GetServers()[0].ScriptFlushAsync();
        Assert.Equal(2, (await LeaseAsync(engine, 2)).Count);
    }

    [Fact]
    public async Task A_server_that_has_forgotten_the_functions_is_told_them_again()
    {
        var engine = await OpenAsync();
        await EnqueueAsync(engine, Spec());
        await using var redis = await shared.Redis.ConnectAsync();
        await redis.GetServers()[0].ExecuteAsync("FUNCTION", "FLUSH");
        var specs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => EnqueueAsync(engine, Spec())));
        await redis.GetServers()[0].ExecuteAsync("FUNCTION", "FLUSH");
        Assert.Equal(specs.Length + 1, (await LeaseAsync(engine, 100)).Count);
    }

    [Fact]
    public async Task A_server_that_has_forgotten_the_functions_and_is_full_is_told_them_when_it_has_room()
    {
        var engine = await OpenAsync();
        await using var redis = await shared.Redis.ConnectAsync();
        var server = redis.GetServers()[0];
        await server.ExecuteAsync("FUNCTION", "FLUSH");
        await server.ConfigSetAsync("maxmemory", 1);
        try
        {
            await Assert.ThrowsAsync<UnavailableException>(() => engine.EnqueueAsync(Spec(), Stop));
        }
        finally
        {
            await server.ConfigSetAsync("maxmemory", 0);
        }
        await EnqueueAndLeaseAsync(engine);
    }

    [Fact]
    public async Task A_server_that_is_full_or_takes_no_writes_accepts_nothing_and_serves_again_when_it_does()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await using var redis = await shared.Redis.ConnectAsync();
        foreach (var setting in (string[])["maxmemory", "min-replicas-to-write"])
        {
            await redis.GetServers()[0].ConfigSetAsync(setting, 1);
            try
            {
                var spec = Spec();
                await Assert.ThrowsAsync<UnavailableException>(() => engine.EnqueueAsync(spec, Stop));
                await Assert.ThrowsAsync<UnavailableException>(() => engine.FinishAsync(lease, Completed(), Stop));
                await Assert.ThrowsAsync<UnavailableException>(() => engine.AppendAsync(lease, Progress(50), Stop));
                Assert.Null(await engine.GetAsync("acme", spec.TaskId, Stop));
                Assert.Equal((TaskState.Pending, 0), ((await GetAsync(engine, lease.TaskId)).State, (await GetAsync(engine, lease.TaskId)).Percentage));
            }
            finally
            {
                await redis.GetServers()[0].ConfigSetAsync(setting, 0);
            }
        }
        Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
    }

    [Fact]
    public async Task Workers_whose_connections_are_killed_come_back_and_lose_and_double_nothing()
    {
        const int Tasks = 400;
        ITaskEngine[] engines = [await OpenAsync(), await OpenAsync()];
        for (var i = 0; i < Tasks; i++) await EnqueueAsync(engines[0], Spec($"tenant-{i % 5}"));
        await using var redis = await shared.Redis.ConnectAsync();
        var finished = new System.Collections.Concurrent.ConcurrentBag<string>();
        var workers = Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            var engine = engines[worker % 2];
            while (finished.Count < Tasks)
            {
                foreach (var lease in await PersistAsync(() => engine.LeaseAsync($"worker-{worker}", 1, TimeSpan.Zero, Stop)))
                {
                    Assert.Equal((1, 0), (lease.Attempt, lease.Task.Crashes));
                    for (var percentage = 10; percentage <= 30; percentage += 10)
                    {
                        var change = Progress(percentage);
                        Assert.Equal(LeaseReply.Held, await PersistAsync(() => engine.AppendAsync(lease, change, Stop)));
                    }
                    var outcome = Completed();
                    Assert.True(await PersistAsync(() => engine.FinishAsync(lease, outcome, Stop)));
                    finished.Add(lease.TaskId);
                }
            }
        }, Stop)).ToArray();
        var kills = 0;
        for (var next = 0; !Task.WhenAll(workers).IsCompleted; await Task.WhenAny(Task.WhenAll(workers), Task.Delay(5, Stop)))
        {
            if (finished.Count < next) continue;
            next = finished.Count + Tasks / 10;
            foreach (var client in await redis.GetServers()[0].ClientListAsync())
            {
                if (client.Name != "ingestion" || client.Address is null) continue;
                if (await redis.GetServers()[0].ClientKillAsync(id: client.Id, skipMe: true) > 0) kills++;
            }
        }
        await Task.WhenAll(workers);
        Assert.True(kills > 4, $"Only {kills} connections were killed.");
        Assert.Equal(Tasks, finished.Distinct().Count());
        foreach (var id in finished.Take(50))
        {
            var task = (await engines[0].ListAsync(new($"tenant-0", PageSize: 100), Stop)).Tasks.FirstOrDefault(task => task.Spec.TaskId == id);
            if (task is null) continue;
            var events = await EventsAsync(engines[0], id, "tenant-0");
            Assert.Equal(6, events.Count);
        }
    }

    [Fact]
    public async Task A_delayed_task_is_handed_out_on_time_although_every_connection_was_lost_meanwhile()
    {
        var engine = new RedisEngine(Connect(), Options, TimeProvider.System);
        var lease = await EnqueueAndLeaseAsync(engine);
        var due = DateTimeOffset.UtcNow.AddSeconds(4);
        Assert.True(await engine.FinishAsync(lease, RetryIn(TimeSpan.Zero) with { At = due }, Stop));
        var waiting = Task.Run(() => PersistAsync(() => engine.LeaseAsync("worker-2", 1, TimeSpan.FromSeconds(30), Stop)), Stop);
        await using var redis = await shared.Redis.ConnectAsync();
        while (DateTimeOffset.UtcNow < due - TimeSpan.FromSeconds(2))
        {
            foreach (var client in await redis.GetServers()[0].ClientListAsync())
            {
                if (client.Name == "ingestion") await redis.GetServers()[0].ClientKillAsync(id: client.Id, skipMe: true);
            }
            await Task.Delay(200, Stop);
        }
        Assert.Equal(2, Assert.Single(await waiting).Attempt);
        Assert.InRange(DateTimeOffset.UtcNow, due - TimeSpan.FromSeconds(0.1), due + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_call_whose_answer_got_lost_is_found_done_when_it_is_made_again()
    {
        var engine = await OpenAsync();
        var spec = await EnqueueAsync(engine, Spec());
        var lease = (await LostAsync(() => engine.LeaseAsync("worker-1", 1, TimeSpan.Zero, Stop))).Single();
        Assert.Equal((spec.TaskId, 1), (lease.TaskId, lease.Attempt));
        var change = new TaskChange { Events = [.. Progress(10).Events, .. Progress(20).Events] };
        Assert.Equal(LeaseReply.Held, await LostAsync(() => engine.AppendAsync(lease, change, Stop)));
        Assert.Equal(3, (await EventsAsync(engine, spec.TaskId)).Count);
        var outcome = Completed();
        Assert.True(await LostAsync(() => engine.FinishAsync(lease, outcome, Stop)));
        Assert.Equal(5, (await EventsAsync(engine, spec.TaskId)).Count);
        Assert.False(await engine.FinishAsync(lease, Completed(), Stop));
    }

    [Fact]
    public async Task What_follows_a_lost_answer_is_written_without_what_the_lost_call_wrote()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        IReadOnlyList<TaskEvent> first = [.. Progress(10).Events, .. Progress(20).Events];
        await LoseAsync(() => engine.AppendAsync(lease, new() { Events = first }, Stop));
        await PersistAsync(() => engine.GetAsync("acme", lease.TaskId, Stop));
        IReadOnlyList<TaskEvent> more = [.. first, .. Progress(15).Events, .. Progress(30).Events];
        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(lease, new() { Events = more }, Stop));
        var told = (await EventsAsync(engine, lease.TaskId)).Where(one => one.TryGetProperty("percentage", out _));
        Assert.Equal([10, 20, 20, 30], told.Select(one => one.GetProperty("percentage").GetInt32()));
        Assert.Equal((30, 5), ((await GetAsync(engine, lease.TaskId)).Percentage, (await GetAsync(engine, lease.TaskId)).LastEvent));
    }

    [Fact]
    public async Task A_cancel_that_its_worker_had_not_heard_of_is_told_although_an_answer_got_lost_before()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await LoseAsync(() => engine.AppendAsync(lease, new() { Events = [.. Progress(10).Events, .. Progress(20).Events] }, Stop));
        Assert.Equal(CancelKind.Requested, (await PersistAsync(() => engine.CancelAsync("acme", lease.TaskId, Stop))).Kind);
        Assert.True(await engine.FinishAsync(lease, Released(), Stop));
        Assert.Equal("cancelled", (await StatesAsync(engine, lease.TaskId))[^1]);
        Assert.Equal((TaskState.Cancelled, 4), ((await GetAsync(engine, lease.TaskId)).State, (await GetAsync(engine, lease.TaskId)).LastEvent));
    }

    [Fact]
    public async Task Events_that_a_failover_has_lost_leave_no_gap()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await engine.AppendAsync(lease, Progress(10), Stop);
        await using var redis = await shared.Redis.ConnectAsync();
        var (database, task) = (redis.GetDatabase(), (RedisKey)("{ingestion:0}:task:" + lease.TaskId));
        var head = await database.HashGetAsync(task, "head");
        await engine.AppendAsync(lease, Progress(20), Stop);
        await LoseAsync(() => engine.AppendAsync(lease, Progress(30), Stop));
        // What the replica had, that is the master now.
        await PersistAsync(() => engine.GetAsync("acme", lease.TaskId, Stop));
        await database.HashSetAsync(task, "head", head);
        await database.HashDeleteAsync(task, ["event3", "event4"]);

        var change = new TaskChange { Events = [.. Progress(30).Events, .. Progress(40).Events, .. Progress(50).Events] };
        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(lease, change, Stop));
        Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
        Assert.Equal((await GetAsync(engine, lease.TaskId)).LastEvent, (await EventsAsync(engine, lease.TaskId)).Count);
        Assert.Equal("completed", (await StatesAsync(engine, lease.TaskId))[^1]);
    }

    [Fact]
    public async Task A_call_that_breaks_off_in_the_middle_disturbs_none_after_it()
    {
        var engine = await OpenAsync();
        await using var redis = await shared.Redis.ConnectAsync();
        RedisKey inTheWay = "{ingestion:0}:documents:4:acme:7:manuals";
        await redis.GetDatabase().StringSetAsync(inTheWay, "not a set");
        var broken = Spec(key: "k1", fingerprint: "f");
        await Assert.ThrowsAsync<RedisServerException>(() => engine.EnqueueAsync(broken, Stop));
        Assert.Null(await engine.GetAsync("acme", broken.TaskId, Stop));
        await redis.GetDatabase().KeyDeleteAsync(inTheWay);

        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
        Assert.Equal(new EngineStats(0, 0, 0, null), await engine.StatsAsync(Stop));
        Assert.Empty(await LeaseAsync(engine));
    }

    [Fact]
    public async Task A_server_that_was_killed_comes_back_with_all_that_was_accepted_and_nobody_has_to_help()
    {
        // While its disk is busy, a server that syncs each second answers before it has written.
        await using var server = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "always", "--save", "");
        using var connection = ConnectTo(server);
        var engine = new RedisEngine(connection, Options, TimeProvider.System);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var heard = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        var following = Task.Run(async () =>
        {
            await foreach (var nudge in engine.WatchAsync(enough.Token)) heard[nudge.TaskId ?? ""] = true;
        }, Stop);
        while (heard.IsEmpty) await Task.Delay(10, Stop);
        var accepted = new System.Collections.Concurrent.ConcurrentBag<string>();
        var senders = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    var spec = Spec();
                    if (await engine.EnqueueAsync(spec, Stop) is EnqueueResult.Created) accepted.Add(spec.TaskId);
                }
            }
            catch (UnavailableException)
            {
                // The server is gone.
            }
        }, Stop)).ToArray();
        while (accepted.Count < 300) await Task.Delay(10, Stop);
        await server.KillAsync();
        await Task.WhenAll(senders);
        await Assert.ThrowsAsync<UnavailableException>(() => engine.StatsAsync(Stop));
        await server.StartAgainAsync();
        var waiting = await PersistAsync(() => engine.StatsAsync(Stop));
        Assert.InRange(waiting.Waiting, accepted.Count, accepted.Count + senders.Length);
        foreach (var id in accepted) Assert.Equal(TaskState.Pending, (await GetAsync(engine, id)).State);
        // What is said after the restart is heard, too, once the channel is followed again.
        using var second = ConnectTo(server);
        var other = new RedisEngine(second, Options, TimeProvider.System);
        var said = new List<string>();
        for (var clock = Stopwatch.StartNew(); !said.Exists(heard.ContainsKey) && clock.Elapsed < TimeSpan.FromSeconds(20); await Task.Delay(100, Stop))
            said.Add((await EnqueueAsync(other, Spec())).TaskId);
        Assert.Contains(said, heard.ContainsKey);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    /// <summary>As a worker does: the same call again until there is an answer.</summary>
    private static async Task<T> PersistAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (UnavailableException)
            {
                await Task.Delay(20, Stop);
            }
        }
    }

    /// <summary>Redis does what was asked, but only when the caller has given up; then the same call again.</summary>
    private async Task<T> LostAsync<T>(Func<Task<T>> call)
    {
        await LoseAsync(call);
        return await PersistAsync(call);
    }

    private async Task LoseAsync<T>(Func<Task<T>> call)
    {
        await shared.Redis.SignalAsync("STOP");
        try
        {
            await Assert.ThrowsAsync<UnavailableException>(call);
        }
        finally
        {
            await shared.Redis.SignalAsync("CONT");
        }
    }
}
