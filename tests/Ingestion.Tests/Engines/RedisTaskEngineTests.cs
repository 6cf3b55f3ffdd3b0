using System.Diagnostics;
using Ingestion.Config;
using Ingestion.Engines.Redis;
using Ingestion.Redis;
using Ingestion.Tasks;
using Ingestion.Tests.Support;
using StackExchange.Redis;

namespace Ingestion.Tests.Engines;

public sealed partial class RedisTaskEngineTests(RedisTaskEngineTests.Server shared)
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
        const int Tasks = 2_200;
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
}
