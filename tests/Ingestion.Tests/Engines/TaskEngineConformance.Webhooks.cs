using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

/// <summary>Ends that somebody is to be told of.</summary>
public partial class TaskEngineConformance
{
    private TimeSpan Hold => 10 * Tick;

    [Fact]
    public async Task An_end_that_is_to_be_told_is_handed_out_once_until_it_is_closed()
    {
        var engine = await OpenAsync();
        var (outbox, other) = ((IWebhookOutbox)engine, (IWebhookOutbox)await OpenAsync());
        var lease = await EnqueueAndLeaseAsync(engine, Spec() with { Notify = true, CallbackUrl = "https://example.com/told" });
        Assert.Empty(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        await engine.FinishAsync(lease, Completed(), Stop);

        var taken = Assert.Single(await other.TakeWebhooksAsync(10, Hold, Stop));

        Assert.Equal((1, TaskState.Completed, "https://example.com/told"), (taken.Try, taken.Task.State, taken.Task.Spec.CallbackUrl));
        Assert.NotNull(taken.Task.Result);
        Assert.Empty(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        await other.CloseWebhookAsync(taken, null, null, Stop);
        await AdvanceAsync(Hold + Tick);
        Assert.Empty(await outbox.TakeWebhooksAsync(10, Hold, Stop));
    }

    [Fact]
    public async Task Every_kind_of_end_is_told_and_only_where_it_was_asked_for()
    {
        var engine = await OpenAsync();
        var outbox = (IWebhookOutbox)engine;
        var silent = await EnqueueAndLeaseAsync(engine);
        await engine.FinishAsync(silent, Completed(), Stop);
        var failed = await EnqueueAndLeaseAsync(engine, Spec() with { Notify = true });
        await engine.FinishAsync(failed, Failed(), Stop);
        var waiting = await EnqueueAsync(engine, Spec() with { Notify = true });
        await engine.CancelAsync(waiting.TenantId, waiting.TaskId, Stop);
        var released = await EnqueueAndLeaseAsync(engine, Spec() with { Notify = true });
        await engine.FinishAsync(released, Released(), Stop);

        var told = await outbox.TakeWebhooksAsync(10, Hold, Stop);

        Assert.Equal([TaskState.Failed, TaskState.Cancelled], told.Select(one => one.Task.State).Order());
    }

    [Fact]
    public async Task One_that_nobody_closed_comes_again_and_a_late_close_changes_nothing()
    {
        var engine = await OpenAsync();
        var outbox = (IWebhookOutbox)engine;
        var lease = await EnqueueAndLeaseAsync(engine, Spec() with { Notify = true });
        await engine.FinishAsync(lease, Completed(), Stop);
        var first = Assert.Single(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        await AdvanceAsync(Hold + Tick);

        var second = Assert.Single(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        Assert.Equal(2, second.Try);
        await outbox.CloseWebhookAsync(first, null, "too late", Stop);

        Assert.Empty((await GetAsync(engine, lease.TaskId)).Warnings);
        await AdvanceAsync(Hold + Tick);
        Assert.Equal(3, Assert.Single(await outbox.TakeWebhooksAsync(10, Hold, Stop)).Try);
    }

    [Fact]
    public async Task One_that_is_to_be_tried_again_comes_at_its_time_and_one_given_up_leaves_a_warning()
    {
        var engine = await OpenAsync();
        var outbox = (IWebhookOutbox)engine;
        var lease = await EnqueueAndLeaseAsync(engine, Spec() with { Notify = true });
        await engine.FinishAsync(lease, Completed(), Stop);
        var first = Assert.Single(await outbox.TakeWebhooksAsync(10, Hold, Stop));

        await outbox.CloseWebhookAsync(first, Time.GetUtcNow() + 3 * Tick, null, Stop);
        Assert.Empty(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        await AdvanceAsync(4 * Tick);
        var second = Assert.Single(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        await outbox.CloseWebhookAsync(second, null, "Nobody could be told.", Stop);

        Assert.Equal("Nobody could be told.", (await GetAsync(engine, lease.TaskId)).Warnings[^1]);
    }

    [Fact]
    public async Task A_task_that_is_asked_for_again_is_told_of_once_more_when_it_ends_once_more()
    {
        var engine = await OpenAsync();
        var outbox = (IWebhookOutbox)engine;
        var lease = await EnqueueAndLeaseAsync(engine, Spec() with { Notify = true });
        await engine.FinishAsync(lease, Failed(), Stop);
        var first = Assert.Single(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        await engine.RetryAsync("acme", lease.TaskId, Stop);
        await AdvanceAsync(Hold + Tick);
        Assert.Empty(await outbox.TakeWebhooksAsync(10, Hold, Stop));

        await engine.FinishAsync(Assert.Single(await LeaseAsync(engine)), Completed(), Stop);
        await outbox.CloseWebhookAsync(first, null, null, Stop);

        var second = Assert.Single(await outbox.TakeWebhooksAsync(10, Hold, Stop));
        Assert.Equal((1, TaskState.Completed), (second.Try, second.Task.State));
        Assert.True(second.Task.LastEvent > first.Task.LastEvent);
    }
}
