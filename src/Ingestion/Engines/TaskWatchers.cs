using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>Spreads nudges to the watchers of this process. A watcher that falls behind is told once to look at everything.</summary>
internal sealed class TaskWatchers
{
    private const int Buffer = 1024;

    private readonly Lock _gate = new();
    private volatile Watcher[] _watchers = [];

    public void Nudge(string? taskId, bool isCancel = false)
    {
        foreach (var watcher in _watchers) watcher.Offer(new TaskNudge(taskId, isCancel));
    }

    public async IAsyncEnumerable<TaskNudge> WatchAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var watcher = new Watcher();
        lock (_gate) _watchers = [.. _watchers, watcher];
        try
        {
            // What changed before this watcher was there.
            yield return default;
            while (await watcher.WaitAsync(cancel))
            {
                while (watcher.TryTake(out var nudge)) yield return nudge;
            }
        }
        finally
        {
            lock (_gate) _watchers = [.. _watchers.Where(other => other != watcher)];
        }
    }

    private sealed class Watcher
    {
        private readonly Channel<TaskNudge> _nudges =
            Channel.CreateBounded<TaskNudge>(new BoundedChannelOptions(Buffer) { SingleReader = true });

        private int _missed;

        public void Offer(TaskNudge nudge)
        {
            if (_nudges.Writer.TryWrite(nudge)) return;
            Volatile.Write(ref _missed, 1);
            // The reader may have emptied the buffer between the two lines above; then it sleeps, and this wakes it.
            _nudges.Writer.TryWrite(default);
        }

        public ValueTask<bool> WaitAsync(CancellationToken cancel) => _nudges.Reader.WaitToReadAsync(cancel);

        public bool TryTake(out TaskNudge nudge)
        {
            if (Interlocked.Exchange(ref _missed, 0) == 1)
            {
                // Everything is to be looked at after this point, so what is buffered before it says nothing more.
                for (var left = _nudges.Reader.Count; left > 0 && _nudges.Reader.TryRead(out _); left--) { }
                nudge = default;
                return true;
            }
            return _nudges.Reader.TryRead(out nudge);
        }
    }
}
