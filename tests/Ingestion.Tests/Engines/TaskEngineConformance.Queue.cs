using System.Text.Json;
using Ingestion.Sources;
using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

/// <summary>Coming in and being handed out.</summary>
public partial class TaskEngineConformance
{
    [Fact]
    public async Task An_accepted_task_can_be_read_back_whole_by_every_instance()
    {
        var engine = await OpenAsync();
        var spec = Spec(key: "k1", fingerprint: "f1", priority: 3, cost: 2.5) with
        {
            Source = SourceKind.File,
            Content = new()
            {
                FileKey = "ab/cdef", FileName = "manual ñ.pdf", MediaType = "application/pdf", Size = 123_456, Hash = "00ff",
            },
            Title = "Manual «7»",
            Description = "Two\nlines",
            Tags = ["pumps", "água"],
            Metadata = JsonElement.Parse("""{"year":2024,"nested":{"a":[1,null,"x"]}}"""),
            EmbeddingModel = "text-embedding-3-large",
            Warnings = ["The field titel is not known and was ignored; did you mean title?"],
        };
        var created = Assert.IsType<EnqueueResult.Created>(await engine.EnqueueAsync(spec, Stop)).Task;

        foreach (var task in new[] { created, await GetAsync(engine, spec.TaskId), await GetAsync(await OpenAsync(), spec.TaskId) })
        {
            Assert.Equal(TaskState.Pending, task.State);
            Assert.Equal(0, task.Percentage);
            Assert.Equal(0, task.Attempt);
            Assert.Equal(1, task.LastEvent);
            Assert.NotEmpty(task.Message);
            Assert.Null(task.StartedAt);
            Assert.Null(task.CompletedAt);
            Assert.Equal(spec.Tags, task.Spec.Tags);
            Assert.Equal(spec.Metadata.Value.GetRawText(), task.Spec.Metadata?.GetRawText());
            Assert.Equal(spec.Warnings, task.Spec.Warnings);
            Assert.Equal(spec, task.Spec with { Tags = spec.Tags, Metadata = spec.Metadata, Warnings = spec.Warnings });
        }
        var accepted = Assert.Single(await EventsAsync(engine, spec.TaskId));
        Assert.Equal("task_status", accepted.GetProperty("event_type").GetString());
        Assert.Equal(JsonValueKind.Null, accepted.GetProperty("previous_status").ValueKind);
        Assert.Equal("pending", accepted.GetProperty("current_status").GetString());
    }

    [Theory]
    [InlineData("acme")]
    [InlineData("Ñandú: «7» 文")]
    [InlineData("a\"b'c\\d:8:e")]
    public async Task A_worker_gets_all_that_was_asked_for_as_everybody_reads_it_whichever_instance_it_is_of(string tenant)
    {
        ITaskEngine[] engines = [await OpenAsync(), await OpenAsync()];
        foreach (var worker in engines)
        {
            var spec = Spec(tenant, key: $"k{Array.IndexOf(engines, worker)}", fingerprint: "f1", cost: 2.5) with
            {
                Content = new() { FileKey = "ab/cdef", FileName = "manual ñ.pdf", Size = 123_456, Hash = "00ff" },
                Title = "Manual «7»",
                Tags = ["pumps", "água"],
                Metadata = JsonElement.Parse("{ \"año\" : 2024,\n \"nested\": {\"a\": [1.50, null]} }"),
            };
            await EnqueueAsync(engines[0], spec);
            foreach (var attempt in (int[])[1, 2])
            {
                var lease = Assert.Single(await LeaseAsync(worker));
                var told = lease.Task.Spec;
                Assert.Equal(spec, told with { Tags = spec.Tags, Metadata = spec.Metadata, Warnings = spec.Warnings });
                Assert.Equal((attempt, spec.TaskId), (lease.Attempt, lease.TaskId));
                Assert.Equal(spec.Tags, told.Tags);
                var read = (await GetAsync(engines[1], spec.TaskId, tenant)).Spec;
                Assert.Equal(read.Metadata?.GetRawText(), told.Metadata?.GetRawText());
                await worker.FinishAsync(lease, attempt == 1 ? Released() : Completed(), Stop);
            }
            Assert.Equal(TaskState.Completed, (await GetAsync(engines[0], spec.TaskId, tenant)).State);
        }
    }

    [Fact]
    public async Task Inline_bytes_reach_the_worker_and_nobody_else()
    {
        var engine = await OpenAsync();
        var bytes = Enumerable.Range(0, 70_000).Select(i => (byte)(i * 7)).ToArray();
        var spec = Spec() with { Content = new() { Inline = bytes, FileName = "a.txt", Size = bytes.Length } };
        var created = Assert.IsType<EnqueueResult.Created>(await engine.EnqueueAsync(spec, Stop));
        Assert.Null(created.Task.Spec.Content.Inline);
        Assert.Null((await GetAsync(engine, spec.TaskId)).Spec.Content.Inline);

        var lease = Assert.Single(await LeaseAsync(engine));
        Assert.Equal(bytes, lease.Task.Spec.Content.Inline);
        Assert.Equal("a.txt", lease.Task.Spec.Content.FileName);
        Assert.Null(Assert.Single((await engine.ListAsync(new("acme"), Stop)).Tasks).Spec.Content.Inline);
    }

    [Fact]
    public async Task The_same_idempotency_key_and_fingerprint_give_the_first_task()
    {
        var engine = await OpenAsync();
        var first = await EnqueueAsync(engine, Spec(key: "upload-1", fingerprint: "aa"));
        var again = await (await OpenAsync()).EnqueueAsync(Spec(key: "upload-1", fingerprint: "aa"), Stop);
        Assert.Equal(first.TaskId, Assert.IsType<EnqueueResult.Existing>(again).Task.Spec.TaskId);
        Assert.Single(await LeaseAsync(engine, 10));
    }

    [Fact]
    public async Task The_same_idempotency_key_with_another_fingerprint_is_a_conflict()
    {
        var engine = await OpenAsync();
        var first = await EnqueueAsync(engine, Spec(key: "upload-1", fingerprint: "aa"));
        var other = await engine.EnqueueAsync(Spec(key: "upload-1", fingerprint: "bb"), Stop);
        Assert.Equal(first.TaskId, Assert.IsType<EnqueueResult.Conflict>(other).TaskId);
        Assert.Equal(1, (await engine.StatsAsync(Stop)).Waiting);
    }

    [Fact]
    public async Task An_idempotency_key_belongs_to_its_tenant()
    {
        var engine = await OpenAsync();
        await EnqueueAsync(engine, Spec("acme", key: "upload-1", fingerprint: "aa"));
        await EnqueueAsync(engine, Spec("globex", key: "upload-1", fingerprint: "aa"));
        Assert.Equal(2, (await LeaseAsync(engine, 10)).Count);
    }

    [Fact]
    public async Task A_hundred_parallel_uploads_with_one_key_are_one_task()
    {
        ITaskEngine[] engines = [await OpenAsync(), await OpenAsync()];
        var answers = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(i => Task.Run(() => engines[i % 2].EnqueueAsync(Spec(key: "upload-1", fingerprint: "aa"), Stop), Stop)));
        var created = Assert.Single(answers.OfType<EnqueueResult.Created>());
        Assert.Equal(99, answers.OfType<EnqueueResult.Existing>().Count(one => one.Task.Spec.TaskId == created.Task.Spec.TaskId));
        Assert.Single(await LeaseAsync(engines[0], 10));
    }

    [Fact]
    public async Task A_task_id_that_is_there_is_that_task_and_another_tenants_is_a_conflict()
    {
        var engine = await OpenAsync();
        var spec = await EnqueueAsync(engine, Spec());
        Assert.Equal(spec.TaskId, Assert.IsType<EnqueueResult.Existing>(await engine.EnqueueAsync(spec, Stop)).Task.Spec.TaskId);
        Assert.IsType<EnqueueResult.Conflict>(await engine.EnqueueAsync(spec with { TenantId = "globex" }, Stop));
        Assert.IsType<EnqueueResult.Conflict>(await engine.EnqueueAsync(spec with { Fingerprint = "other" }, Stop));
        Assert.Equal(1, (await engine.StatsAsync(Stop)).Waiting);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_has_room_again_when_a_worker_takes_one()
    {
        var engine = await OpenAsync(Options with { MaxQueueDepth = 3 }, Time);
        for (var i = 0; i < 3; i++) await EnqueueAsync(engine, Spec($"tenant-{i}", key: "k", fingerprint: "f"));
        var full = Assert.IsType<EnqueueResult.Full>(await engine.EnqueueAsync(Spec("tenant-9"), Stop));
        Assert.Equal(3, full.Limit);
        Assert.InRange(full.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Assert.IsType<EnqueueResult.Existing>(await engine.EnqueueAsync(Spec("tenant-0", key: "k", fingerprint: "f"), Stop));

        var lease = Assert.Single(await LeaseAsync(engine));
        await EnqueueAsync(engine, Spec("tenant-9"));
        Assert.IsType<EnqueueResult.Full>(await engine.EnqueueAsync(Spec("tenant-9"), Stop));

        // What was accepted is never refused later: it goes back although the queue is full.
        Assert.True(await engine.FinishAsync(lease, Released(), Stop));
        Assert.Equal(4, (await engine.StatsAsync(Stop)).Waiting);
        foreach (var one in await LeaseAsync(engine, 10)) Assert.True(await engine.FinishAsync(one, Completed(), Stop));
        Assert.Equal(0, (await engine.StatsAsync(Stop)).Waiting);
    }

    [Fact]
    public async Task One_tenants_full_queue_leaves_the_others_alone()
    {
        var engine = await OpenAsync(Options with { MaxTenantQueueDepth = 2 }, Time);
        await EnqueueAsync(engine, Spec("acme"));
        var delayed = Assert.Single(await LeaseAsync(engine));
        await engine.FinishAsync(delayed, RetryIn(5 * Tick), Stop);
        await EnqueueAsync(engine, Spec("acme"));
        Assert.Equal(2, Assert.IsType<EnqueueResult.Full>(await engine.EnqueueAsync(Spec("acme"), Stop)).Limit);
        await EnqueueAsync(engine, Spec("globex"));
        await engine.CancelAsync("acme", delayed.TaskId, Stop);
        await EnqueueAsync(engine, Spec("acme"));
    }

    [Fact]
    public async Task A_tenant_may_have_only_so_many_tasks_that_have_not_ended()
    {
        var engine = await OpenAsync(Options with { MaxTenantOpenTasks = 2 }, Time);
        await EnqueueAsync(engine, Spec("acme"));
        await EnqueueAsync(engine, Spec("acme"));
        var running = Assert.Single(await LeaseAsync(engine));
        var full = Assert.IsType<EnqueueResult.Full>(await engine.EnqueueAsync(Spec("acme"), Stop));
        Assert.Equal((2, FullKind.TenantTasks), (full.Limit, full.Kind));
        await EnqueueAsync(engine, Spec("globex"));

        Assert.True(await engine.FinishAsync(running, Released(), Stop));
        Assert.IsType<EnqueueResult.Full>(await engine.EnqueueAsync(Spec("acme"), Stop));
        running = (await LeaseAsync(engine, 10)).First(lease => lease.Task.Spec.TenantId == "acme");
        Assert.True(await engine.FinishAsync(running, Completed(), Stop));
        var last = await EnqueueAsync(engine, Spec("acme"));
        await engine.CancelAsync("acme", last.TaskId, Stop);
        await EnqueueAsync(engine, Spec("acme"));
        var retried = await engine.RetryAsync("acme", last.TaskId, Stop);
        Assert.Equal((RetryKind.Full, FullKind.TenantTasks), (retried.Kind, retried.Full?.Kind));
    }

    [Fact]
    public async Task Limits_may_differ_from_tenant_to_tenant()
    {
        var engine = await OpenAsync(
            Options with { TenantLimits = tenant => tenant == "acme" ? new(Waiting: 1, Open: 9) : new(Waiting: 2, Open: 9) }, Time);
        await EnqueueAsync(engine, Spec("acme"));
        var full = Assert.IsType<EnqueueResult.Full>(await engine.EnqueueAsync(Spec("acme"), Stop));
        Assert.Equal((1, FullKind.TenantQueue), (full.Limit, full.Kind));
        await EnqueueAsync(engine, Spec("globex"));
        await EnqueueAsync(engine, Spec("globex"));
        Assert.Equal(2, Assert.IsType<EnqueueResult.Full>(await engine.EnqueueAsync(Spec("globex"), Stop)).Limit);
    }

    [Fact]
    public async Task Tasks_of_one_tenant_run_in_the_order_they_came()
    {
        var engine = await OpenAsync();
        var specs = new List<string>();
        for (var i = 0; i < 20; i++) specs.Add((await EnqueueAsync(engine, Spec())).TaskId);
        Assert.Equal(specs, (await LeaseAsync(engine, 20)).Select(lease => lease.TaskId));
    }

    [Fact]
    public async Task A_lower_priority_number_runs_first()
    {
        var engine = await OpenAsync();
        var normal = await EnqueueAsync(engine, Spec());
        var later = await EnqueueAsync(engine, Spec(priority: 5));
        var first = await EnqueueAsync(engine, Spec(priority: -5));
        Assert.Equal([first.TaskId, normal.TaskId, later.TaskId], (await LeaseAsync(engine, 10)).Select(lease => lease.TaskId));
    }

    [Fact]
    public async Task A_tenant_with_one_task_does_not_wait_behind_one_with_hundreds()
    {
        var engine = await OpenAsync();
        for (var i = 0; i < 300; i++) await EnqueueAsync(engine, Spec("bulk"));
        await LeaseAsync(engine, 50);
        var lone = await EnqueueAsync(engine, Spec("lone"));
        Assert.Contains(lone.TaskId, (await LeaseAsync(engine, 2)).Select(lease => lease.TaskId));
    }

    [Fact]
    public async Task Tenants_that_wait_take_turns_and_big_tasks_use_more_of_them()
    {
        var engine = await OpenAsync();
        for (var i = 0; i < 30; i++) await EnqueueAsync(engine, Spec("big", cost: 3));
        for (var i = 0; i < 30; i++) await EnqueueAsync(engine, Spec("small", cost: 1));
        var tenants = (await LeaseAsync(engine, 20)).Select(lease => lease.Task.Spec.TenantId).ToList();
        Assert.Equal(5, tenants.Count(tenant => tenant == "big"));
    }

    [Fact]
    public async Task An_idle_tenant_saves_no_turns_up()
    {
        var engine = await OpenAsync();
        for (var i = 0; i < 100; i++) await EnqueueAsync(engine, Spec("busy"));
        await LeaseAsync(engine, 60);
        for (var i = 0; i < 40; i++) await EnqueueAsync(engine, Spec("late"));
        var tenants = (await LeaseAsync(engine, 20)).Select(lease => lease.Task.Spec.TenantId).ToList();
        Assert.InRange(tenants.Count(tenant => tenant == "late"), 9, 11);
    }

    [Fact]
    public async Task A_leased_task_has_a_new_attempt_and_is_not_handed_out_again()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.Equal(1, lease.Attempt);
        Assert.Equal("worker-1", lease.Worker);
        Assert.NotNull(lease.Task.StartedAt);
        Assert.Empty(await LeaseAsync(engine));
        Assert.Empty(await LeaseAsync(await OpenAsync()));
        Assert.Equal(new EngineStats(0, 1, 0, null), await engine.StatsAsync(Stop));
    }

    [Fact]
    public async Task A_waiting_worker_is_woken_by_a_task()
    {
        var engine = await OpenAsync();
        var waiting = engine.LeaseAsync("worker-1", 1, TimeSpan.FromDays(1), Stop);
        Assert.False(waiting.IsCompleted);
        var spec = await EnqueueAsync(engine, Spec());
        Assert.Equal(spec.TaskId, Assert.Single(await waiting.WaitAsync(TimeSpan.FromSeconds(20), Stop)).TaskId);
    }

    [Fact]
    public async Task A_waiting_worker_is_woken_by_another_instances_task()
    {
        var waiting = (await OpenAsync()).LeaseAsync("worker-1", 1, TimeSpan.FromDays(1), Stop);
        var spec = await EnqueueAsync(await OpenAsync(), Spec());
        Assert.Equal(spec.TaskId, Assert.Single(await waiting.WaitAsync(TimeSpan.FromSeconds(20), Stop)).TaskId);
    }

    [Fact]
    public async Task Many_waiting_workers_share_what_comes()
    {
        var engine = await OpenAsync();
        var waiting = Enumerable.Range(0, 8).Select(i => engine.LeaseAsync($"worker-{i}", 1, TimeSpan.FromDays(1), Stop)).ToList();
        var specs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EnqueueAsync(engine, Spec())));
        var leases = await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(20), Stop);
        Assert.Equal(specs.Select(spec => spec.TaskId).Order(), leases.Select(one => Assert.Single(one).TaskId).Order());
    }

    [Fact]
    public async Task A_worker_that_waits_in_vain_gets_nothing_and_one_that_is_stopped_stops()
    {
        var engine = await OpenAsync();
        var waiting = engine.LeaseAsync("worker-1", 1, 2 * Tick, Stop);
        await AdvanceUntilAsync(waiting);
        Assert.Empty(await waiting);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var stopped = engine.LeaseAsync("worker-1", 1, TimeSpan.FromDays(1), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
    }

    [Fact]
    public async Task Two_instances_with_many_workers_hand_out_each_task_once()
    {
        const int Tasks = 300;
        ITaskEngine[] engines = [await OpenAsync(), await OpenAsync()];
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => EnqueueAsync(engines[i % 2], Spec($"tenant-{i % 7}"))));
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var mine = new List<string>();
            while (await engines[worker % 2].LeaseAsync($"worker-{worker}", 1 + worker % 3, TimeSpan.Zero, Stop) is { Count: > 0 } leases)
            {
                foreach (var lease in leases)
                {
                    Assert.True(await engines[worker % 2].FinishAsync(lease, Completed(), Stop));
                    mine.Add(lease.TaskId);
                }
            }
            return mine;
        }, Stop)));
        Assert.Equal(Tasks, taken.Sum(one => one.Count));
        Assert.Equal(Tasks, taken.SelectMany(one => one).Distinct().Count());
        Assert.Equal(new EngineStats(0, 0, 0, null), await engines[0].StatsAsync(Stop));
    }
}
