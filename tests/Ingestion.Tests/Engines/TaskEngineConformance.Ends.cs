using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

/// <summary>Cancelling, trying again, rescuing and removing.</summary>
public partial class TaskEngineConformance
{
    [Fact]
    public async Task Cancelling_a_queued_task_ends_it_at_once()
    {
        var engine = await OpenAsync();
        var spec = await EnqueueAsync(engine, Spec());
        var result = await engine.CancelAsync("acme", spec.TaskId, Stop);
        Assert.Equal((CancelKind.Cancelled, TaskState.Cancelled), (result.Kind, result.Task!.State));
        Assert.NotNull(result.Task.CompletedAt);
        Assert.Equal(["pending", "cancelled"], await StatesAsync(engine, spec.TaskId));
        Assert.Empty(await LeaseAsync(engine));
        Assert.Equal(new EngineStats(0, 0, 0, null), await engine.StatsAsync(Stop));
    }

    [Fact]
    public async Task Cancelling_twice_says_the_same_and_writes_once()
    {
        var engine = await OpenAsync();
        var spec = await EnqueueAsync(engine, Spec());
        await engine.CancelAsync("acme", spec.TaskId, Stop);
        Assert.Equal(CancelKind.Cancelled, (await engine.CancelAsync("acme", spec.TaskId, Stop)).Kind);
        Assert.Equal(["pending", "cancelled"], await StatesAsync(engine, spec.TaskId));
    }

    [Fact]
    public async Task Cancelling_a_delayed_or_a_parked_task_ends_it_for_good()
    {
        var engine = await OpenAsync();
        var delayed = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(delayed, RetryIn(5 * Tick), Stop);
        var parked = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(parked, ParkedFor(5 * Tick), Stop);
        foreach (var lease in new[] { delayed, parked })
        {
            var result = await engine.CancelAsync("acme", lease.TaskId, Stop);
            Assert.Equal((CancelKind.Cancelled, TaskState.Cancelled), (result.Kind, result.Task!.State));
        }
        Assert.False(await engine.ResumeAsync("acme", parked.TaskId, parked.Attempt, TaskChange.None, Stop));
        await AdvanceAsync(10 * Tick);
        Assert.Empty(await LeaseAsync(engine, 2));
        Assert.Equal(new EngineStats(0, 0, 0, null), await engine.StatsAsync(Stop));
    }

    [Fact]
    public async Task A_running_task_hears_of_its_cancel_by_every_reply_and_writes_nothing_more()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        var other = await OpenAsync();
        Assert.Equal(CancelKind.Requested, (await other.CancelAsync("acme", lease.TaskId, Stop)).Kind);
        var again = await other.CancelAsync("acme", lease.TaskId, Stop);
        Assert.Equal((CancelKind.Requested, true), (again.Kind, again.Task!.CancelRequested));
        Assert.False(again.Task.State.IsFinal());

        Assert.Equal([LeaseReply.CancelRequested], await engine.RenewAsync([lease], Stop));
        Assert.Equal(LeaseReply.CancelRequested, await engine.AppendAsync(lease, Progress(70), Stop));
        Assert.Equal(LeaseReply.CancelRequested, await engine.AppendAsync(lease, new() { Committing = true }, Stop));
        Assert.Equal(0, (await GetAsync(engine, lease.TaskId)).Percentage);
        Assert.True(await engine.FinishAsync(lease, Cancelled(), Stop));
        Assert.Equal(["pending", "cancelled"], await StatesAsync(engine, lease.TaskId));
        Assert.Equal(CancelKind.Cancelled, (await engine.CancelAsync("acme", lease.TaskId, Stop)).Kind);
    }

    [Fact]
    public async Task A_cancel_that_the_worker_had_not_heard_of_still_ends_what_it_hands_back()
    {
        var engine = await OpenAsync();
        foreach (var outcome in new[] { RetryIn(TimeSpan.Zero), Released(), ParkedFor(50 * Tick) })
        {
            var lease = await EnqueueAndLeaseAsync(engine);
            await engine.CancelAsync("acme", lease.TaskId, Stop);
            Assert.True(await engine.FinishAsync(lease, outcome, Stop));
            Assert.Equal(TaskState.Cancelled, (await GetAsync(engine, lease.TaskId)).State);
            Assert.Equal(["pending", "cancelled"], await StatesAsync(engine, lease.TaskId));
            Assert.Empty(await LeaseAsync(engine));
        }
        Assert.Equal(new EngineStats(0, 0, 0, null), await engine.StatsAsync(Stop));
    }

    [Fact]
    public async Task A_worker_that_was_faster_than_the_cancel_completes()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await engine.CancelAsync("acme", lease.TaskId, Stop);
        Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
        Assert.Equal(TaskState.Completed, (await GetAsync(engine, lease.TaskId)).State);
        var late = await engine.CancelAsync("acme", lease.TaskId, Stop);
        Assert.Equal((CancelKind.Finished, TaskState.Completed), (late.Kind, late.Task!.State));
    }

    [Fact]
    public async Task Past_the_point_of_no_return_a_cancel_is_too_late_until_the_lease_ends()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(lease, new() { Committing = true }, Stop));
        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(lease, Progress(90), Stop));
        Assert.Equal(CancelKind.Committing, (await engine.CancelAsync("acme", lease.TaskId, Stop)).Kind);
        Assert.Equal([LeaseReply.Held], await engine.RenewAsync([lease], Stop));

        await AdvanceAsync(LeaseTime + Tick);
        await engine.SweepAsync(Stop);
        Assert.Equal(CancelKind.Cancelled, (await engine.CancelAsync("acme", lease.TaskId, Stop)).Kind);
    }

    [Fact]
    public async Task Cancelling_an_unknown_task_leaves_no_trace()
    {
        var engine = await OpenAsync();
        var spec = Spec();
        Assert.Equal(new CancelResult(CancelKind.NotFound, null), await engine.CancelAsync("acme", spec.TaskId, Stop));
        var lease = await EnqueueAndLeaseAsync(engine, spec);
        Assert.Equal([LeaseReply.Held], await engine.RenewAsync([lease], Stop));
        Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
    }

    [Fact]
    public async Task A_cancelled_task_whose_worker_died_is_cancelled_and_not_tried_again()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await engine.CancelAsync("acme", lease.TaskId, Stop);
        await AdvanceAsync(LeaseTime - Tick);
        Assert.Equal([LeaseReply.CancelRequested], await engine.RenewAsync([lease], Stop));
        await AdvanceAsync(2 * Tick);
        var swept = await engine.SweepAsync(Stop);
        Assert.Equal((lease.TaskId, TaskState.Cancelled), (Assert.Single(swept.Ended).Spec.TaskId, swept.Ended[0].State));
        Assert.Empty(await LeaseAsync(engine));
        Assert.False(await engine.FinishAsync(lease, Completed(), Stop));
    }

    [Fact]
    public async Task A_failed_task_can_be_asked_for_again_with_all_it_had()
    {
        var engine = await OpenAsync();
        var first = await EnqueueAndLeaseAsync(engine);
        await engine.AppendAsync(first, Progress(40) with { Checkpoint = """{"stage":"chunked"}""" }, Stop);
        await engine.FinishAsync(first, RetryIn(TimeSpan.Zero), Stop);
        await engine.FinishAsync(Assert.Single(await LeaseAsync(engine)), Failed(), Stop);

        var result = await engine.RetryAsync("acme", first.TaskId, Stop);
        Assert.Equal((RetryKind.Queued, TaskState.Pending), (result.Kind, result.Task!.State));
        Assert.Null(result.Task.CompletedAt);
        Assert.Null(result.Task.Error);
        Assert.Equal(RetryKind.NotEnded, (await engine.RetryAsync("acme", first.TaskId, Stop)).Kind);
        Assert.Equal(1, (await engine.StatsAsync(Stop)).Waiting);

        var lease = Assert.Single(await LeaseAsync(engine));
        Assert.Equal(3, lease.Attempt);
        Assert.Equal((0, 0, 0), (lease.Task.Failures, lease.Task.Crashes, lease.Task.Released));
        Assert.Equal(("""{"stage":"chunked"}""", 40), (lease.Task.Checkpoint, lease.Task.Percentage));
        Assert.Equal("The pump starts."u8.ToArray(), lease.Task.Spec.Content.Inline);
        Assert.Equal(["pending", "pending", "failed", "pending"], await StatesAsync(engine, first.TaskId));
        Assert.True(await engine.FinishAsync(lease, Completed(), Stop));
        Assert.Equal(RetryKind.NotEnded, (await engine.RetryAsync("acme", first.TaskId, Stop)).Kind);
    }

    [Fact]
    public async Task A_task_that_failed_without_a_step_is_handed_out_again_without_its_error()
    {
        var engine = await OpenAsync();
        var first = await EnqueueAndLeaseAsync(engine);
        await AssertHandedOutAsItStandsAsync(engine, first);
        await engine.FinishAsync(first, Failed(), Stop);
        Assert.NotNull((await GetAsync(engine, first.TaskId)).Error);
        await engine.RetryAsync("acme", first.TaskId, Stop);

        var lease = Assert.Single(await LeaseAsync(engine));
        await AssertHandedOutAsItStandsAsync(engine, lease);
        Assert.Null(lease.Task.Error);
        Assert.Equal("The pump starts."u8.ToArray(), lease.Task.Spec.Content.Inline);
    }

    [Fact]
    public async Task A_task_that_was_asked_for_again_before_a_worker_had_it_is_handed_out_as_it_stands()
    {
        var engine = await OpenAsync();
        var spec = await EnqueueAsync(engine, Spec());
        await engine.CancelAsync("acme", spec.TaskId, Stop);
        await engine.RetryAsync("acme", spec.TaskId, Stop);
        var lease = Assert.Single(await LeaseAsync(engine));
        await AssertHandedOutAsItStandsAsync(engine, lease);
        Assert.Equal((1, "The pump starts."), (lease.Attempt, System.Text.Encoding.UTF8.GetString(lease.Task.Spec.Content.Inline!)));
    }

    private static async Task AssertHandedOutAsItStandsAsync(ITaskEngine engine, Lease lease)
    {
        var (task, there) = (lease.Task, await GetAsync(engine, lease.TaskId));
        Assert.Equal(
            (there.State, there.Message, there.Percentage, there.Attempt, there.LastEvent, there.UpdatedAt, there.StartedAt),
            (task.State, task.Message, task.Percentage, task.Attempt, task.LastEvent, task.UpdatedAt, task.StartedAt));
        Assert.Equal((there.Error, there.Checkpoint, there.Details?.GetRawText()), (task.Error, task.Checkpoint, task.Details?.GetRawText()));
        Assert.Equal(there.Warnings, task.Warnings);
    }

    [Fact]
    public async Task A_cancelled_task_can_be_asked_for_again_and_is_no_longer_cancelled()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        Assert.Equal(RetryKind.NotEnded, (await engine.RetryAsync("acme", lease.TaskId, Stop)).Kind);
        await engine.CancelAsync("acme", lease.TaskId, Stop);
        await engine.FinishAsync(lease, Cancelled(), Stop);
        Assert.Equal(RetryKind.Queued, (await engine.RetryAsync("acme", lease.TaskId, Stop)).Kind);
        var again = Assert.Single(await LeaseAsync(engine));
        Assert.False(again.Task.CancelRequested);
        Assert.Equal(LeaseReply.Held, await engine.AppendAsync(again, Progress(10), Stop));
        Assert.Equal(new RetryResult(RetryKind.NotFound, null), await engine.RetryAsync("acme", "no-such-task", Stop));
    }

    [Fact]
    public async Task A_full_queue_takes_no_ended_task_back()
    {
        var engine = await OpenAsync(Options with { MaxQueueDepth = 1 }, Time);
        var lease = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(lease, Failed(), Stop);
        await EnqueueAsync(engine, Spec());
        var result = await engine.RetryAsync("acme", lease.TaskId, Stop);
        Assert.Equal((RetryKind.Full, TaskState.Failed), (result.Kind, result.Task!.State));
        await LeaseAsync(engine);
        Assert.Equal(RetryKind.Queued, (await engine.RetryAsync("acme", lease.TaskId, Stop)).Kind);
    }

    [Fact]
    public async Task A_task_whose_worker_died_goes_to_another_and_counts_a_crash()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await engine.AppendAsync(lease, Status(TaskState.Pending, TaskState.Extracting) with { Checkpoint = "{}" }, Stop);
        await AdvanceAsync(LeaseTime - Tick);
        Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);
        await AdvanceAsync(2 * Tick);
        var swept = await engine.SweepAsync(Stop);
        Assert.Equal((1, 0, 0), (swept.Rescued, swept.Ended.Count, swept.Pruned.Count));
        Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);
        Assert.Equal(["pending", "extracting", "pending"], await StatesAsync(engine, lease.TaskId));
        var again = Assert.Single(await LeaseAsync(engine));
        Assert.Equal((2, 0, 1, 0), (again.Attempt, again.Task.Failures, again.Task.Crashes, again.Task.Released));
        Assert.Equal("{}", again.Task.Checkpoint);
    }

    [Fact]
    public async Task A_document_that_kills_its_workers_is_given_up_and_its_neighbours_are_served()
    {
        var engine = await OpenAsync();
        var poison = await EnqueueAsync(engine, Spec());
        var swept = default(SweepResult);
        for (var i = 0; i < TaskRules.MaxCrashes; i++)
        {
            Assert.Equal(poison.TaskId, Assert.Single(await LeaseAsync(engine)).TaskId);
            var neighbour = await EnqueueAndLeaseAsync(engine);
            Assert.True(await engine.FinishAsync(neighbour, Completed(), Stop));
            await AdvanceAsync(LeaseTime + Tick);
            swept = await engine.SweepAsync(Stop);
        }
        var ended = Assert.Single(swept!.Ended);
        Assert.Equal((poison.TaskId, TaskState.Failed, 3), (ended.Spec.TaskId, ended.State, ended.Crashes));
        Assert.Equal(TaskErrors.Internal, ended.Error?.Code);
        Assert.Equal("failed", (await StatesAsync(engine, poison.TaskId))[^1]);
        Assert.Empty(await LeaseAsync(engine));
        Assert.Equal(RetryKind.Queued, (await engine.RetryAsync("acme", poison.TaskId, Stop)).Kind);
        Assert.Equal(0, Assert.Single(await LeaseAsync(engine)).Task.Crashes);
    }

    [Fact]
    public async Task Many_lost_leases_are_all_rescued_once_by_whoever_sweeps()
    {
        ITaskEngine[] engines = [await OpenAsync(), await OpenAsync()];
        for (var i = 0; i < 150; i++) await EnqueueAsync(engines[0], Spec());
        await LeaseAsync(engines[0], 150);
        await AdvanceAsync(LeaseTime + Tick);
        var swept = await Task.WhenAll(engines.Select(engine => Task.Run(() => engine.SweepAsync(Stop), Stop)));
        Assert.Equal(150, swept.Sum(one => one.Rescued));
        Assert.All(await LeaseAsync(engines[1], 200), lease => Assert.Equal((2, 1), (lease.Attempt, lease.Task.Crashes)));
    }

    [Fact]
    public async Task What_ended_is_forgotten_after_its_time_and_nothing_else()
    {
        var engine = await OpenAsync();
        var done = await EnqueueAndLeaseAsync(engine, Spec(key: "k", fingerprint: "f"));
        await engine.FinishAsync(done, Completed(), Stop);
        var running = await EnqueueAndLeaseAsync(engine);
        var parked = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(parked, ParkedFor(null), Stop);
        var waiting = await EnqueueAsync(engine, Spec());

        await AdvanceAsync(Retention - 5 * Tick);
        await engine.RenewAsync([running], Stop);
        Assert.Empty((await engine.SweepAsync(Stop)).Pruned);
        Assert.IsType<EnqueueResult.Existing>(await engine.EnqueueAsync(Spec(key: "k", fingerprint: "f"), Stop));

        await AdvanceAsync(6 * Tick);
        Assert.Equal(done.TaskId, Assert.Single((await engine.SweepAsync(Stop)).Pruned).TaskId);
        Assert.Null(await engine.GetAsync("acme", done.TaskId, Stop));
        Assert.Empty(await engine.ReadEventsAsync("acme", done.TaskId, 0, 100, Stop));
        foreach (var id in new[] { running.TaskId, parked.TaskId, waiting.TaskId }) await GetAsync(engine, id);
        Assert.Equal(3, (await engine.ListAsync(new("acme"), Stop)).Total);
        Assert.IsType<EnqueueResult.Created>(await engine.EnqueueAsync(Spec(key: "k", fingerprint: "f"), Stop));
    }

    [Fact]
    public async Task A_task_that_was_asked_for_again_starts_its_time_anew()
    {
        var engine = await OpenAsync();
        var lease = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(lease, Failed(), Stop);
        await AdvanceAsync(Retention - Tick);
        await engine.RetryAsync("acme", lease.TaskId, Stop);
        await AdvanceAsync(2 * Tick);
        Assert.Empty((await engine.SweepAsync(Stop)).Pruned);
        await engine.FinishAsync(Assert.Single(await LeaseAsync(engine)), Completed(), Stop);
        await AdvanceAsync(Retention - 2 * Tick);
        Assert.Empty((await engine.SweepAsync(Stop)).Pruned);
    }
}
