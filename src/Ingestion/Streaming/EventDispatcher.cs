using Ingestion.Tasks;

namespace Ingestion.Streaming;

/// <summary>Brings the engine's hints to the feeds of this process, and makes and drops feeds as readers come and go.</summary>
public sealed class EventDispatcher(ITaskEngine engine, TimeProvider time, ILogger<EventDispatcher> log) : BackgroundService
{
    /// <summary>A hint that got lost on the way costs a reader this long at the most.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    /// <summary>By task id, as hints name it. Ids that other services choose may be two tenants': each tenant has a feed of its own.</summary>
    private readonly Dictionary<string, List<TaskFeed>> _feeds = [];

    public int Followers
    {
        get
        {
            lock (_lock) return _feeds.Values.Sum(feeds => feeds.Sum(feed => feed.Followers));
        }
    }

    /// <summary>Every event of the task after the cursor, then live, until the task's end. The caller has checked the tenant.</summary>
    /// <returns>Pages of events; an empty page now and then, so that the caller can show that it is alive.</returns>
    public async IAsyncEnumerable<IReadOnlyList<FeedEvent>> FollowAsync(
        string tenant, string taskId, long after, TimeSpan heartbeat, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var feed = Join(tenant, taskId);
        try
        {
            while (true)
            {
                var page = await feed.ReadAsync(after, cancel);
                if (page.Events.Count > 0)
                {
                    after = page.Events[^1].Id;
                    yield return WithoutPassedProgress(page.Events);
                    continue;
                }
                if (page.IsEnd) yield break;
                var waited = await Task.WhenAny(page.Changed, Task.Delay(heartbeat, time, cancel));
                cancel.ThrowIfCancellationRequested();
                if (waited != page.Changed) yield return [];
            }
        }
        finally
        {
            Leave(feed);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var safety = LookAgainLoopAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var nudge in engine.WatchAsync(stoppingToken)) Nudge(nudge.TaskId);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                log.LogWarning(fault, "The watch for events broke; starting it again");
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
        }
        await safety;
    }

    /// <summary>Of progress events in a row only the last says something.</summary>
    private static List<FeedEvent> WithoutPassedProgress(IReadOnlyList<FeedEvent> events)
    {
        var kept = new List<FeedEvent>(events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            if (!events[i].IsProgress || i + 1 == events.Count || !events[i + 1].IsProgress) kept.Add(events[i]);
        }
        return kept;
    }

    private async Task LookAgainLoopAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(LookAgain, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) Nudge(null);
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    private void Nudge(string? taskId)
    {
        TaskFeed[] feeds;
        lock (_lock)
        {
            if (taskId is null) feeds = [.. _feeds.Values.SelectMany(feeds => feeds)];
            else feeds = _feeds.TryGetValue(taskId, out var named) ? [.. named] : [];
        }
        foreach (var feed in feeds) feed.Nudge();
    }

    private TaskFeed Join(string tenant, string taskId)
    {
        lock (_lock)
        {
            if (!_feeds.TryGetValue(taskId, out var feeds)) _feeds.Add(taskId, feeds = []);
            var feed = feeds.Find(one => one.Tenant == tenant);
            if (feed is null) feeds.Add(feed = new TaskFeed(engine, tenant, taskId));
            feed.Followers++;
            // The end that the feed knows of may have been taken back by a retry.
            feed.Nudge();
            return feed;
        }
    }

    private void Leave(TaskFeed feed)
    {
        lock (_lock)
        {
            if (--feed.Followers > 0) return;
            var feeds = _feeds[feed.TaskId];
            feeds.Remove(feed);
            if (feeds.Count == 0) _feeds.Remove(feed.TaskId);
            feed.Dispose();
        }
    }
}
