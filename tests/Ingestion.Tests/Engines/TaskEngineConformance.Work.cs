using System.Text;
using System.Text.Json;
using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

/// <summary>What a worker does with its lease, and how it ends.</summary>
public partial class TaskEngineConformance
{
    [Fact]
    public async Task Steps_move_the_task_and_number_their_events_without_gaps()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(lease, Status(TaskState.Pending, TaskState.Processing), Stop));
        var details = JsonElement.Parse("""{"text_length":42,"page_count":1}""");
        var change = new TaskChange
        {
            Events =
            [
                new ProgressEvent(Time.GetUtcNow(), 30, TaskState.Extracting, "Read."),
                new MilestoneEvent(Time.GetUtcNow(), "text_extracted", "Text is out.", details),
                new StatusEvent(Time.GetUtcNow(), TaskState.Processing, TaskState.Chunking, "Chunking."),
            ],
            Checkpoint = """{"stage":"chunking"}""",
            Warnings = ["Page 3 has no text."],
        };
        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(lease, change, Stop));

        var task = await GetAsync(engine, lease.TaskId);
        Assert.Equal(TaskState.Chunking, task.State);
        Assert.Equal(30, task.Percentage);
        Assert.Equal("Chunking.", task.Message);
        Assert.Equal(details.GetRawText(), task.Details?.GetRawText());
        Assert.Equal(["Page 3 has no text."], task.Warnings);
        Assert.Equal("""{"stage":"chunking"}""", task.Checkpoint);
        Assert.Equal(5, task.LastEvent);
        Assert.Equal(
            ["task_status", "task_status", "task_progress", "processing_milestone", "task_status"],
            (await EventsAsync(engine, lease.TaskId)).Select(one => one.GetProperty("event_type").GetString()));

        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(lease, Progress(40), Stop));
        task = await GetAsync(engine, lease.TaskId);
        Assert.Null(task.Details);
        Assert.Equal("""{"stage":"chunking"}""", task.Checkpoint);
        Assert.Equal(["Page 3 has no text."], task.Warnings);
        Assert.Equal(TaskState.Chunking, task.State);
    }

    [Fact]
    public async Task The_percentage_never_falls_not_even_inside_an_event_or_on_another_attempt()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await engine.AppendAsync(lease, Progress(50), Stop);
        await engine.AppendAsync(lease, new() { Events = [.. Progress(20).Events, .. Progress(60).Events, .. Progress(55).Events] }, Stop);
        await engine.FinishAsync(lease, Released(), Stop);
        var second = Assert.Single(await LeaseAsync(engine));
        Assert.Equal(60, second.Task.Percentage);
        await engine.AppendAsync(second, Progress(5), Stop);
        await engine.AppendAsync(second, Progress(250), Stop);

        Assert.Equal(100, (await GetAsync(engine, lease.TaskId)).Percentage);
        var told = (await EventsAsync(engine, lease.TaskId)).Where(one => one.TryGetProperty("percentage", out _));
        Assert.Equal([50, 50, 60, 60, 60, 100], told.Select(one => one.GetProperty("percentage").GetInt32()));
    }

    [Fact]
    public async Task A_completed_task_keeps_its_result_and_nothing_of_its_troubles()
    {
        var engine = await OpenAsync();
        var first = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(first, RetryIn(TimeSpan.Zero), Stop);
        var lease = Assert.Single(await LeaseAsync(engine));
        Assert.True(await engine.FinishAsync(lease, Completed("""{"total_chunks":7}"""), Stop));

        var task = await GetAsync(engine, lease.TaskId);
        Assert.Equal(TaskState.Completed, task.State);
        Assert.Equal(100, task.Percentage);
        Assert.Equal("""{"total_chunks":7}""", task.Result?.GetRawText());
        Assert.NotNull(task.CompletedAt);
        Assert.Null(task.Error);
        Assert.Null(task.Checkpoint);
        Assert.Equal(1, task.Failures);
        Assert.Equal("completed", (await StatesAsync(engine, lease.TaskId))[^1]);
        Assert.Empty(await LeaseAsync(engine));
    }

    [Fact]
    public async Task A_failed_task_tells_why_in_the_same_write()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.True(await engine.FinishAsync(lease, Failed(), Stop));
        var task = await GetAsync(engine, lease.TaskId);
        Assert.Equal(TaskState.Failed, task.State);
        Assert.Equal(TaskErrors.Extraction, task.Error?.Code);
        Assert.NotNull(task.CompletedAt);
        var events = await EventsAsync(engine, lease.TaskId);
        Assert.Equal(TaskErrors.Extraction, events[^2].GetProperty("error_code").GetString());
        Assert.Equal("failed", events[^1].GetProperty("current_status").GetString());
        Assert.Empty(await LeaseAsync(engine));
    }

    [Fact]
    public async Task A_failure_worth_trying_again_waits_its_time_and_counts()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.True(await engine.FinishAsync(lease, RetryIn(5 * Tick), Stop));
        var task = await GetAsync(engine, lease.TaskId);
        Assert.Equal((TaskState.Pending, 1, TaskErrors.Embedding), (task.State, task.Failures, task.Error?.Code));
        Assert.Equal(1, (await engine.StatsAsync(Stop)).Waiting);

        await AdvanceAsync(3 * Tick);
        Assert.Empty(await LeaseAsync(engine));
        await AdvanceAsync(2 * Tick);
        var again = Assert.Single(await LeaseAsync(engine));
        Assert.Equal((2, 1, 0, 0), (again.Attempt, again.Task.Failures, again.Task.Crashes, again.Task.Released));
        Assert.NotNull(again.Task.Spec.Content.Inline);
        Assert.Equal(lease.Task.StartedAt, again.Task.StartedAt);
    }

    [Fact]
    public async Task A_waiting_worker_gets_a_delayed_task_when_it_is_due()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        var waiting = engine.LeaseAsync("worker-2", 1, 1000 * Tick, Stop);
        await engine.FinishAsync(lease, RetryIn(5 * Tick), Stop);
        for (var i = 0; i < 4; i++) await AdvanceAsync(Tick);
        Assert.False(waiting.IsCompleted);
        await AdvanceUntilAsync(waiting);
        Assert.Equal(2, Assert.Single(await waiting).Attempt);
    }

    [Fact]
    public async Task A_released_task_runs_next_and_costs_nothing()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        for (var i = 0; i < 5; i++) await EnqueueAsync(engine, Spec());
        Assert.True(await engine.FinishAsync(lease, Released(), Stop));
        var again = Assert.Single(await LeaseAsync(engine));
        Assert.Equal(lease.TaskId, again.TaskId);
        Assert.Equal((2, 0, 0, 1), (again.Attempt, again.Task.Failures, again.Task.Crashes, again.Task.Released));
    }

    [Fact]
    public async Task A_parked_task_waits_for_its_callback_and_goes_on_from_its_checkpoint()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.False(await engine.ResumeAsync("acme", lease.TaskId, lease.Attempt, TaskChange.None, Stop));
        Assert.True(await engine.FinishAsync(lease, ParkedFor(50 * Tick), Stop));
        Assert.Equal(TaskState.Embedding, (await GetAsync(engine, lease.TaskId)).State);
        Assert.Equal(new EngineStats(0, 0, 1, null), await engine.StatsAsync(Stop));
        Assert.Empty(await LeaseAsync(engine));

        Assert.False(await engine.ResumeAsync("globex", lease.TaskId, lease.Attempt, TaskChange.None, Stop));
        Assert.False(await engine.ResumeAsync("acme", lease.TaskId, lease.Attempt + 1, TaskChange.None, Stop));
        Assert.True(await (await OpenAsync()).ResumeAsync("acme", lease.TaskId, lease.Attempt, TaskChange.None, Stop));
        Assert.False(await engine.ResumeAsync("acme", lease.TaskId, lease.Attempt, TaskChange.None, Stop));
        var again = Assert.Single(await LeaseAsync(engine));
        Assert.Equal((2, 0, """{"stage":"embedding"}"""), (again.Attempt, again.Task.Failures, again.Task.Checkpoint));
    }

    [Fact]
    public async Task A_parked_task_runs_again_at_its_deadline_and_one_without_never_does()
    {
        var engine = await OpenAsync();
        var bounded = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(bounded, ParkedFor(5 * Tick), Stop);
        var endless = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(endless, ParkedFor(null), Stop);
        await AdvanceAsync(4 * Tick);
        Assert.Empty(await LeaseAsync(engine, 2));
        await AdvanceAsync(2 * Tick);
        Assert.Equal(bounded.TaskId, Assert.Single(await LeaseAsync(engine, 2)).TaskId);
        await AdvanceAsync(50 * Tick);
        Assert.Empty(await LeaseAsync(engine));
        Assert.True(await engine.ResumeAsync("acme", endless.TaskId, endless.Attempt, TaskChange.None, Stop));
    }

    [Fact]
    public async Task A_late_worker_changes_nothing()
    {
        var engine = await OpenAsync();
        var late = await EnqueueAndLeaseAsync(engine);
        await AdvanceAsync(LeaseTime + Tick);
        Assert.Equal(1, (await engine.SweepAsync(Stop)).Rescued);
        foreach (var holder in new[] { null, Assert.Single(await LeaseAsync(await OpenAsync())) })
        {
            var before = await GetAsync(engine, late.TaskId);
            Assert.Equal([LeaseReply.Lost], await engine.RenewAsync([late], Stop));
            Assert.Equal(LeaseReply.Lost, await engine.AppendAsync(late, Progress(99), Stop));
            Assert.False(await engine.FinishAsync(late, Completed(), Stop));
            Assert.False(await engine.FinishAsync(late, Released(), Stop));
            Assert.Equivalent(before, await GetAsync(engine, late.TaskId));
            if (holder is not null) Assert.True(await engine.FinishAsync(holder, Completed(), Stop));
        }
        Assert.False(await engine.FinishAsync(late, Failed(), Stop));
        Assert.Equal("completed", Assert.Single(await StatesAsync(engine, late.TaskId), state => state is "completed" or "failed"));
    }

    [Fact]
    public async Task A_lease_ends_once()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        var ends = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => engine.FinishAsync(lease, Completed(), Stop)));
        Assert.Single(ends, ended => ended);
        Assert.Equal(["pending", "completed"], await StatesAsync(engine, lease.TaskId));
        Assert.Equal(LeaseReply.Lost, await engine.AppendAsync(lease, Progress(10), Stop));
    }

    [Fact]
    public async Task Renewing_and_every_step_keep_a_lease_far_longer_than_its_time()
    {
        var engine = await OpenAsync();
        var renewed = await EnqueueAndLeaseAsync(engine);
        var stepped = await EnqueueAndLeaseAsync(engine);
        var silent = await EnqueueAndLeaseAsync(engine);
        for (var i = 0; i < 10; i++)
        {
            await AdvanceAsync(LeaseTime / 2);
            Assert.Equal([LeaseReply.Held], await engine.RenewAsync([renewed], Stop));
            Assert.Equal(LeaseReply.Held, await engine.AppendAsync(stepped, Progress(i), Stop));
            await engine.SweepAsync(Stop);
        }
        Assert.Equal([LeaseReply.Held, LeaseReply.Lost, LeaseReply.Held], await engine.RenewAsync([renewed, silent, stepped], Stop));
        Assert.True(await engine.FinishAsync(renewed, Completed(), Stop));
        Assert.True(await engine.FinishAsync(stepped, Completed(), Stop));
    }

    [Fact]
    public async Task A_lease_is_kept_while_every_core_is_busy()
    {
        var options = Options with { LeaseTime = TimeSpan.FromSeconds(4) };
        var engine = await OpenAsync(options, TimeProvider.System);
        using var keeper = new Ingestion.Workers.LeaseKeeper(
            engine, options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Ingestion.Workers.LeaseKeeper>.Instance);
        await keeper.StartAsync(Stop);
        using var hold = keeper.Hold(await EnqueueAndLeaseAsync(engine));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        bool IsEnough() => clock.Elapsed > 2 * options.LeaseTime;
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            new Thread(() =>
            {
                while (!IsEnough()) Thread.SpinWait(1_000);
            })
            { IsBackground = true }.Start();
        }
        while (!IsEnough())
        {
            Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);
            await Task.Delay(500, Stop);
        }
        Assert.True(await engine.FinishAsync(hold.Lease, Completed(), Stop));
        keeper.Release(hold);
        await keeper.StopAsync(Stop);
    }

    [Fact]
    public async Task An_outcome_and_its_events_must_agree()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await Assert.ThrowsAsync<ArgumentException>(() => engine.FinishAsync(lease, new() { Kind = OutcomeKind.Completed }, Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => engine.FinishAsync(lease, Failed() with { Kind = OutcomeKind.Released }, Stop));
        Assert.Equal([LeaseReply.Held], await engine.RenewAsync([lease], Stop));
    }

    [Fact]
    public async Task Events_are_read_from_where_a_client_left_off()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        for (var i = 1; i <= 9; i++) await engine.AppendAsync(lease, Progress(i), Stop);
        Assert.Equal([5, 6, 7], (await engine.ReadEventsAsync("acme", lease.TaskId, 4, 3, Stop)).Select(one => one.Id));
        Assert.Equal([10], (await engine.ReadEventsAsync("acme", lease.TaskId, 9, 100, Stop)).Select(one => one.Id));
        Assert.Empty(await engine.ReadEventsAsync("acme", lease.TaskId, 10, 100, Stop));
        Assert.Empty(await engine.ReadEventsAsync("acme", "no-such-task", 0, 100, Stop));
    }

    [Fact]
    public async Task Events_that_were_written_together_are_read_one_by_one()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        foreach (var sizes in (int[][])[[1, 2, 3], [4], [5, 6]])
            await engine.AppendAsync(lease, new() { Events = [.. sizes.SelectMany(size => Progress(size).Events)] }, Stop);
        await engine.FinishAsync(lease, Completed(), Stop);
        for (var after = 0; after <= 10; after++)
        {
            for (var most = 1; most <= 10; most++)
            {
                var read = await engine.ReadEventsAsync("acme", lease.TaskId, after, most, Stop);
                Assert.Equal(Enumerable.Range(after + 1, Math.Clamp(9 - after, 0, most)).Select(id => (long)id), read.Select(one => one.Id));
                foreach (var one in read.Where(one => one.Id is > 1 and < 8))
                    Assert.Equal(one.Id - 1, JsonElement.Parse(Encoding.UTF8.GetString(one.ToWire())).GetProperty("percentage").GetInt64());
            }
        }
    }

    [Fact]
    public async Task Nobody_reads_or_moves_another_tenants_task()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.Null(await engine.GetAsync("globex", lease.TaskId, Stop));
        Assert.Empty(await engine.ReadEventsAsync("globex", lease.TaskId, 0, 100, Stop));
        Assert.Equal((CancelKind.NotFound, null), Deconstruct(await engine.CancelAsync("globex", lease.TaskId, Stop)));
        Assert.Empty((await engine.ListAsync(new("globex"), Stop)).Tasks);
        await engine.FinishAsync(lease, Failed(), Stop);
        Assert.Equal(RetryKind.NotFound, (await engine.RetryAsync("globex", lease.TaskId, Stop)).Kind);
        Assert.Equal(TaskState.Failed, (await GetAsync(engine, lease.TaskId)).State);

        static (CancelKind, IngestionTask?) Deconstruct(CancelResult result) => (result.Kind, result.Task);
    }

    [Fact]
    public async Task A_list_is_newest_first_filtered_and_paged()
    {
        var engine = await OpenAsync();
        var ids = new List<string>();
        for (var i = 0; i < 25; i++)
        {
            ids.Add((await EnqueueAsync(engine, Spec() with { CollectionId = i % 5 == 0 ? "laws" : "manuals" })).TaskId);
            await EnqueueAsync(engine, Spec("globex"));
        }
        ids.Reverse();
        var first = await engine.ListAsync(new("acme", PageSize: 10), Stop);
        var third = await engine.ListAsync(new("acme", Page: 3, PageSize: 10), Stop);
        Assert.Equal((25, 25), (first.Total, third.Total));
        Assert.Equal(ids[..10], first.Tasks.Select(task => task.Spec.TaskId));
        Assert.Equal(ids[20..], third.Tasks.Select(task => task.Spec.TaskId));
        Assert.Empty((await engine.ListAsync(new("acme", Page: 4, PageSize: 10), Stop)).Tasks);

        var laws = await engine.ListAsync(new("acme", Collection: "laws"), Stop);
        Assert.Equal(5, laws.Total);
        Assert.All(laws.Tasks, task => Assert.Equal("laws", task.Spec.CollectionId));

        await engine.CancelAsync("acme", ids[7], Stop);
        var cancelled = await engine.ListAsync(new("acme", State: TaskState.Cancelled), Stop);
        Assert.Equal(ids[7], Assert.Single(cancelled.Tasks).Spec.TaskId);
        Assert.Equal(24, (await engine.ListAsync(new("acme", State: TaskState.Pending, PageSize: 1), Stop)).Total);
        Assert.Equal(0, (await engine.ListAsync(new("acme", "laws", TaskState.Failed), Stop)).Total);
    }

    [Fact]
    public async Task The_figures_say_how_many_wait_and_since_when()
    {
        var engine = await OpenAsync();
        Assert.Equal(new EngineStats(0, 0, 0, null), await engine.StatsAsync(Stop));
        var oldest = await EnqueueAndLeaseAsync(engine, Spec() with { CreatedAt = Time.GetUtcNow() - 3 * Tick });
        await EnqueueAsync(engine, Spec());
        Assert.Equal((1, 1), ((await engine.StatsAsync(Stop)).Waiting, (await engine.StatsAsync(Stop)).Running));
        await engine.FinishAsync(oldest, RetryIn(50 * Tick), Stop);
        var stats = await engine.StatsAsync(Stop);
        Assert.Equal((2, 0, 0), (stats.Waiting, stats.Running, stats.Parked));
        Assert.Equal(oldest.Task.Spec.CreatedAt.ToUnixTimeMilliseconds(), stats.OldestWaiting?.ToUnixTimeMilliseconds());
    }
}
