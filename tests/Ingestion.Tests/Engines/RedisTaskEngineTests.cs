using System.Diagnostics;
using Ingestion.Config;
using Ingestion.Engines.Redis;
using Ingestion.Redis;
using Ingestion.Tasks;
using Ingestion.Tests.Support;
using StackExchange.Redis;

namespace Ingestion.Tests.Engines;

public sealed class RedisTaskEngineTests(RedisTaskEngineTests.Server shared)
    : TaskEngineConformance, IClassFixture<RedisTaskEngineTests.Server>, IAsyncLifetime
{
    private readonly List<RedisConnection> _connections = [];

    /// <summary>One server for the class; each test begins with nothing in it.</summary>
    public sealed class Server : IAsyncLifetime
    {
        public RedisServer Redis { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Redis = await RedisServer.StartAsync();

        public ValueTask DisposeAsync() => Redis.DisposeAsync();
    }

    public async ValueTask InitializeAsync()
    {
        await using var redis = await shared.Redis.ConnectAsync();
        await redis.GetServers()[0].FlushDatabaseAsync();
    }

    public ValueTask DisposeAsync()
    {
        foreach (var connection in _connections) connection.Dispose();
        return default;
    }

    protected override Task<ITaskEngine> OpenAsync(EngineOptions options, TimeProvider time) =>
        Task.FromResult<ITaskEngine>(new RedisEngine(Connect(), options, time));

    [Fact]
    public async Task Every_key_lies_in_one_slot_and_what_was_forgotten_leaves_none()
    {
        var engine = await OpenAsync();
        for (var i = 0; i < 300; i++)
        {
            var spec = Spec($"tenant-{i % 9}", key: $"k{i}", fingerprint: "f", priority: i % 3);
            await EnqueueAsync(engine, i % 2 == 0 ? spec : spec with { Content = new() { FileKey = $"file-{i}", Size = 1 } });
        }
        await using var redis = await shared.Redis.ConnectAsync();
        Assert.All(redis.GetServers()[0].Keys(), key => Assert.StartsWith("{ingestion:0}:", key.ToString()));
        Assert.True(await engine.NeedsUploadAsync("file-7", Stop));
        foreach (var lease in await LeaseAsync(engine, 300)) await engine.FinishAsync(lease, Failed(), Stop);
        await AdvanceAsync(Retention + Tick);
        Assert.Equal(300, (await engine.SweepAsync(Stop)).Pruned.Count);
        Assert.False(await engine.NeedsUploadAsync("file-7", Stop));
        Assert.Equal(["{ingestion:0}:line"], redis.GetServers()[0].Keys().Select(key => key.ToString()));
    }

    [Fact]
    public async Task Bytes_are_kept_until_the_task_is_completed()
    {
        var engine = await OpenAsync();
        await using var redis = await shared.Redis.ConnectAsync();
        async Task<long> KeptAsync(string id) => await redis.GetDatabase().HashStringLengthAsync("{ingestion:0}:task:" + id, "inline");
        var leases = new List<Lease>();
        foreach (var outcome in (TaskOutcome[])[Completed(), Failed(), Cancelled()])
        {
            leases.Add(await EnqueueAndLeaseAsync(engine));
            Assert.Equal(16, await KeptAsync(leases[^1].TaskId));
            Assert.True(await engine.FinishAsync(leases[^1], outcome, Stop));
        }
        var kept = await Task.WhenAll(leases.Select(lease => KeptAsync(lease.TaskId)));
        Assert.Equal([0L, 16L, 16L], kept);
    }

    [Fact]
    public async Task A_worker_gets_the_bytes_of_more_tasks_than_their_sender_remembers()
    {
        var engine = await OpenAsync();
        const int Tasks = 1_100;
        byte[] BytesOf(int task) => [.. Enumerable.Range(task, 32 * 1024).Select(i => (byte)i)];
        var specs = Enumerable.Range(0, Tasks).Select(i => Spec() with { Content = new() { Inline = BytesOf(i), Size = 32 * 1024 } }).ToList();
        foreach (var spec in specs) await EnqueueAsync(engine, spec);
        for (var i = 0; i < Tasks; i++)
        {
            var lease = Assert.Single(await LeaseAsync(engine));
            Assert.Equal(specs[i].TaskId, lease.TaskId);
            Assert.Equal(BytesOf(i), lease.Task.Spec.Content.Inline);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Tasks_that_come_while_many_workers_wait_are_each_handed_out_once_with_their_bytes(int instances)
    {
        const int Tasks = 600;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        ITaskEngine[] engines = [.. await Task.WhenAll(Enumerable.Range(0, instances).Select(_ => OpenAsync(Options, TimeProvider.System)))];
        var got = new System.Collections.Concurrent.ConcurrentBag<Lease>();
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var engine = engines[worker % instances];
            while (got.Count < Tasks)
            {
                foreach (var lease in await engine.LeaseAsync($"worker-{worker}", 1 + worker % 3, TimeSpan.FromMilliseconds(200), limit.Token))
                {
                    got.Add(lease);
                    Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
                }
            }
        }, Stop)).ToArray();
        await Parallel.ForAsync(0, Tasks, new ParallelOptions { MaxDegreeOfParallelism = 24, CancellationToken = Stop }, async (i, _) =>
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes($"text {i}");
            var spec = Spec($"tenant-{i % 3}", key: $"key-{i}", fingerprint: "same", priority: i % 5) with { Content = new() { Inline = bytes, Size = bytes.Length } };
            // Each is sent twice at about the same time.
            var again = spec with { TaskId = Spec().TaskId };
            var results = await Task.WhenAll(engines[i % instances].EnqueueAsync(spec, Stop), engines[^1].EnqueueAsync(again, Stop));
            Assert.Single(results.OfType<EnqueueResult.Created>());
            Assert.Single(results.OfType<EnqueueResult.Existing>());
        });
        await Task.WhenAll(workers);
        Assert.Equal(Tasks, got.Select(lease => lease.TaskId).Distinct().Count());
        Assert.Equal(Tasks, got.Count);
        Assert.Equal(Tasks, got.Select(lease => System.Text.Encoding.UTF8.GetString(lease.Task.Spec.Content.Inline!)).Distinct().Count());
        Assert.Equal(new EngineStats(0, 0, 0, null), await engines[0].StatsAsync(Stop));
    }

    [Fact]
    public async Task Tenants_spread_over_shards_are_served_and_counted_as_one()
    {
        var engine = new RedisEngine(Connect(), Options, Time, shards: 4);
        var specs = new List<TaskSpec>();
        for (var i = 0; i < 40; i++) specs.Add(await EnqueueAsync(engine, Spec($"tenant-{i % 20}") with { Content = new() { FileKey = $"file-{i}" } }));
        await using var redis = await shared.Redis.ConnectAsync();
        var tags = redis.GetServers()[0].Keys().Select(key => key.ToString()[..13]).Distinct();
        Assert.Equal(4, tags.Count());
        Assert.Equal(40, (await engine.StatsAsync(Stop)).Waiting);
        Assert.True(await engine.NeedsUploadAsync("file-31", Stop));
        var leases = new List<Lease>();
        while (await LeaseAsync(engine, 7) is { Count: > 0 } some) leases.AddRange(some);
        Assert.Equal(specs.Select(spec => spec.TaskId).Order(), leases.Select(lease => lease.TaskId).Order());
        Assert.All(await engine.RenewAsync(leases, Stop), reply => Assert.Equal(LeaseReply.Held, reply));
        foreach (var lease in leases.Take(20)) Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
        await AdvanceAsync(LeaseTime + Tick);
        Assert.Equal(20, (await engine.SweepAsync(Stop)).Rescued);
        Assert.Equal(new EngineStats(20, 0, 0, specs.Min(spec => spec.CreatedAt)), await engine.StatsAsync(Stop));
    }

    [Fact]
    public async Task The_time_is_the_servers_own()
    {
        var engine = new RedisEngine(Connect(), Options with { LeaseTime = TimeSpan.FromSeconds(1.5) }, TimeProvider.System);
        var lease = await EnqueueAndLeaseAsync(engine);
        var before = await ServerTimeAsync();
        Assert.InRange((await GetAsync(engine, lease.TaskId)).UpdatedAt, before - TimeSpan.FromSeconds(30), before);
        Assert.Equal([LeaseReply.Held], await engine.RenewAsync([lease], Stop));
        Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);
        while (await ServerTimeAsync() < before + TimeSpan.FromSeconds(2.5)) await Task.Delay(50, Stop);
        Assert.Equal(1, (await engine.SweepAsync(Stop)).Rescued);
        await engine.FinishAsync(Assert.Single(await LeaseAsync(engine)), RetryIn(TimeSpan.Zero) with { At = DateTimeOffset.UtcNow.AddSeconds(1) }, Stop);
        Assert.Empty(await LeaseAsync(engine));
        Assert.Equal(3, Assert.Single(await engine.LeaseAsync("worker-1", 1, TimeSpan.FromSeconds(20), Stop)).Attempt);
    }

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

    [Fact]
    public async Task Two_tenants_whose_tasks_have_the_same_id_each_follow_their_own()
    {
        await using var server = await RedisServer.StartAsync();
        using var connection = ConnectTo(server);
        var engine = new RedisEngine(connection, Options, TimeProvider.System, shards: 16);
        var spec = await EnqueueAsync(engine, Spec("acme"));
        var other = spec;
        // Only within one shard the second would be refused.
        for (var i = 0; other == spec; i++)
        {
            var next = spec with { TenantId = $"globex-{i}" };
            if (await engine.EnqueueAsync(next, Stop) is EnqueueResult.Created) other = next;
        }
        var dispatcher = new Ingestion.Streaming.EventDispatcher(
            engine, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Ingestion.Streaming.EventDispatcher>.Instance);

        await using var first = dispatcher.FollowAsync("acme", spec.TaskId, 0, TimeSpan.FromSeconds(5), Stop).GetAsyncEnumerator(Stop);
        Assert.True(await first.MoveNextAsync());
        await using var second = dispatcher.FollowAsync(other.TenantId, spec.TaskId, 0, TimeSpan.FromSeconds(5), Stop).GetAsyncEnumerator(Stop);
        Assert.True(await second.MoveNextAsync());

        Assert.Equal(2, dispatcher.Followers);
        Assert.All(first.Current, one => Assert.Contains("\"acme\"", System.Text.Encoding.UTF8.GetString(one.Wire), StringComparison.Ordinal));
        Assert.All(second.Current, one => Assert.Contains($"\"{other.TenantId}\"", System.Text.Encoding.UTF8.GetString(one.Wire), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_log_is_warned_of_a_server_that_may_lose_tasks()
    {
        await using var careless = await RedisServer.StartAsync("--save", "", "--maxmemory-policy", "allkeys-lru");
        using var connection = ConnectTo(careless);
        var warnings = await connection.CheckAsync();
        Assert.Equal(2, warnings.Count);
        Assert.Contains("noeviction", warnings[0]);
        Assert.Contains("appendonly", warnings[1]);
        Assert.Empty(await Connect().CheckAsync());
    }

    private RedisConnection Connect()
    {
        var connection = ConnectTo(shared.Redis);
        _connections.Add(connection);
        return connection;
    }

    private static RedisConnection ConnectTo(RedisServer server) =>
        new(RedisAddress.Read(new Settings { RedisUrl = "redis://" + server.Address })!);

    private async Task<DateTimeOffset> ServerTimeAsync()
    {
        await using var redis = await shared.Redis.ConnectAsync();
        return await redis.GetServers()[0].TimeAsync();
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
        await shared.Redis.SignalAsync("STOP");
        try
        {
            await Assert.ThrowsAsync<UnavailableException>(call);
        }
        finally
        {
            await shared.Redis.SignalAsync("CONT");
        }
        return await PersistAsync(call);
    }
}
