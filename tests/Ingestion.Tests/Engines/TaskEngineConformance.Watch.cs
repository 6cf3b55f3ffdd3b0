using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

/// <summary>Hints to those who follow.</summary>
public partial class TaskEngineConformance
{
    [Fact]
    public async Task A_watcher_hears_of_every_change_of_a_task()
    {
        var engine = await OpenAsync();
        await using var watch = engine.WatchAsync(Stop).GetAsyncEnumerator(Stop);
        Assert.True(await watch.MoveNextAsync());
        Assert.Null(watch.Current.TaskId);

        var spec = await EnqueueAsync(engine, Spec());
        await HearsAsync(watch, spec.TaskId);
        var lease = Assert.Single(await LeaseAsync(engine));
        await HearsAsync(watch, spec.TaskId);
        await engine.AppendAsync(lease, Progress(10), Stop);
        await HearsAsync(watch, spec.TaskId);
        await engine.CancelAsync("acme", spec.TaskId, Stop);
        await HearsAsync(watch, spec.TaskId);
        await engine.FinishAsync(lease, Cancelled(), Stop);
        await HearsAsync(watch, spec.TaskId);
        await engine.RetryAsync("acme", spec.TaskId, Stop);
        await HearsAsync(watch, spec.TaskId);
        await LeaseAsync(engine);
        await HearsAsync(watch, spec.TaskId);
        await AdvanceAsync(LeaseTime + Tick);
        await engine.SweepAsync(Stop);
        await HearsAsync(watch, spec.TaskId);
    }

    [Fact]
    public async Task A_watcher_hears_of_what_another_instance_does()
    {
        await using var watch = (await OpenAsync()).WatchAsync(Stop).GetAsyncEnumerator(Stop);
        Assert.True(await watch.MoveNextAsync());
        var other = await OpenAsync();
        var spec = await EnqueueAsync(other, Spec());
        await HearsAsync(watch, spec.TaskId);
        var lease = Assert.Single(await LeaseAsync(other));
        await HearsAsync(watch, spec.TaskId);
        await other.FinishAsync(lease, Completed(), Stop);
        await HearsAsync(watch, spec.TaskId);
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_holds_nobody_up_and_is_told_that_it_missed_something()
    {
        var engine = await OpenAsync();
        await using var asleep = engine.WatchAsync(Stop).GetAsyncEnumerator(Stop);
        Assert.True(await asleep.MoveNextAsync());
        var lease = await EnqueueAndLeaseAsync(engine);
        for (var i = 0; i < 60; i++)
        {
            var steps = Enumerable.Range(0, 50).Select(_ => engine.AppendAsync(lease, Progress(10), Stop));
            Assert.All(await Task.WhenAll(steps).WaitAsync(TimeSpan.FromSeconds(20), Stop), reply => Assert.Equal(LeaseReply.Held, reply));
        }
        var heard = 0;
        do
        {
            Assert.True(await asleep.MoveNextAsync());
            heard++;
        }
        while (asleep.Current.TaskId is not null);
        Assert.InRange(heard, 1, 2500);
    }

    [Fact]
    public async Task Two_watchers_hear_the_same_and_one_that_left_takes_nothing_with_it()
    {
        var engine = await OpenAsync();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var leaving = engine.WatchAsync(leave.Token).GetAsyncEnumerator(leave.Token);
        await using var staying = engine.WatchAsync(Stop).GetAsyncEnumerator(Stop);
        Assert.True(await leaving.MoveNextAsync());
        Assert.True(await staying.MoveNextAsync());
        var first = await EnqueueAsync(engine, Spec());
        await HearsAsync(leaving, first.TaskId);
        await HearsAsync(staying, first.TaskId);

        var pending = leaving.MoveNextAsync();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await pending) pending = leaving.MoveNextAsync();
        });
        await leaving.DisposeAsync();
        await HearsAsync(staying, (await EnqueueAsync(engine, Spec())).TaskId);
    }

    /// <summary>Reads on until a nudge says that the task, or anything, has changed.</summary>
    private static async Task HearsAsync(IAsyncEnumerator<TaskNudge> watch, string taskId)
    {
        do
        {
            Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Stop));
        }
        while (watch.Current.TaskId is { } other && other != taskId);
    }
}
