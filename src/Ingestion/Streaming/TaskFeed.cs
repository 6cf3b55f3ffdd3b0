using Ingestion.Tasks;

namespace Ingestion.Streaming;

/// <summary>
/// The events of one task in this process, read once from the engine for all who follow it. Readers pull with a cursor of their own,
/// so a slow one holds nothing back and costs nothing: it finds the newest events here and older ones in the engine.
/// </summary>
public sealed class TaskFeed(ITaskEngine engine, string tenant, string taskId) : IDisposable
{
    /// <summary>Events kept here; a reader further behind reads from the engine.</summary>
    private const int Kept = 512;

    private const int ReadAtOnce = 256;

    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly Lock _lock = new();
    private readonly List<FeedEvent> _events = [];
    private TaskCompletionSource _changed = NewSignal();
    private int _stale = 1;

    public string Tenant => tenant;

    public string TaskId => taskId;

    internal int Followers { get; set; }

    public void Dispose() => _refreshing.Dispose();

    /// <summary>Something may have changed: whoever waits looks again.</summary>
    public void Nudge()
    {
        Volatile.Write(ref _stale, 1);
        Signal();
    }

    /// <summary>Events after the cursor, oldest first, at most a few hundred; empty where there is nothing new.</summary>
    public async Task<FeedPage> ReadAsync(long after, CancellationToken cancel)
    {
        Task changed;
        lock (_lock) changed = _changed.Task;
        await RefreshAsync(cancel);
        lock (_lock)
        {
            var last = _events.Count > 0 ? _events[^1] : null;
            if (last is null || last.Id <= after) return new([], changed, IsEnd: last is { IsEnd: true } && last.Id <= after);
            if (_events[0].Id <= after + 1)
            {
                var first = (int)(after + 1 - _events[0].Id);
                return new(_events.GetRange(first, Math.Min(ReadAtOnce, _events.Count - first)), changed, IsEnd: false);
            }
        }
        var old = await engine.ReadEventsAsync(tenant, taskId, after, ReadAtOnce, cancel);
        return new([.. old.Select(FeedEvent.Of)], changed, IsEnd: false);
    }

    private async Task RefreshAsync(CancellationToken cancel)
    {
        if (Volatile.Read(ref _stale) == 0) return;
        await _refreshing.WaitAsync(cancel);
        try
        {
            while (Interlocked.Exchange(ref _stale, 0) == 1)
            {
                try
                {
                    await ReadNewAsync(cancel);
                }
                catch
                {
                    Volatile.Write(ref _stale, 1);
                    throw;
                }
            }
        }
        finally
        {
            _refreshing.Release();
        }
    }

    private async Task ReadNewAsync(CancellationToken cancel)
    {
        while (true)
        {
            long after;
            lock (_lock) after = _events.Count > 0 ? _events[^1].Id : 0;
            var read = await engine.ReadEventsAsync(tenant, taskId, after, ReadAtOnce, cancel);
            if (read.Count == 0) return;
            lock (_lock)
            {
                _events.AddRange(read.Select(FeedEvent.Of));
                if (_events.Count > 2 * Kept) _events.RemoveRange(0, _events.Count - Kept);
            }
            if (read.Count < ReadAtOnce) return;
        }
    }

    private void Signal()
    {
        TaskCompletionSource old;
        lock (_lock)
        {
            old = _changed;
            _changed = NewSignal();
        }
        old.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <param name="Changed">Completes when there may be more than this.</param>
/// <param name="IsEnd">The cursor stands at the task's end: nothing follows, unless somebody retries the task.</param>
public sealed record FeedPage(IReadOnlyList<FeedEvent> Events, Task Changed, bool IsEnd);

/// <summary>An event ready for the wire, shared by all who follow its task.</summary>
/// <param name="IsProgress">May be left out for a reader that is behind and gets a later one.</param>
/// <param name="IsEnd">The task has ended.</param>
public sealed record FeedEvent(long Id, byte[] Wire, string Type, bool IsProgress, bool IsEnd)
{
    public static FeedEvent Of(StoredEvent stored)
    {
        var type = stored.Type;
        return new(stored.Id, stored.ToWire(), type, type == "task_progress", type == "task_status" && stored.EndsTask);
    }
}
