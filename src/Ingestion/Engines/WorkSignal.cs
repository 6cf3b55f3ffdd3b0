using System.Threading.Channels;

namespace Ingestion.Engines;

/// <summary>Wakes those who wait for work in this process: as many as there is work for, not all for each task.</summary>
internal sealed class WorkSignal
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Channel<bool> _tokens = Channel.CreateUnbounded<bool>();
    private int _waiters;

    /// <summary>To be called before looking for work: what comes after that look is then not missed.</summary>
    public void Enter()
    {
        lock (_gate) _waiters++;
    }

    public void Leave()
    {
        lock (_gate) _waiters--;
    }

    public void Wake(int tasks)
    {
        lock (_gate)
        {
            var tokens = Math.Min(tasks, _waiters - _tokens.Reader.Count);
            for (var i = 0; i < tokens; i++) _tokens.Writer.TryWrite(true);
        }
    }

    /// <summary>Something changed that each waiter must see for itself.</summary>
    public void WakeAll() => Wake(int.MaxValue);

    /// <summary>Returns when woken, when the time is over or when cancelled; the caller looks for work in each case.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(longest < LongestWait ? longest : LongestWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        await ((Task)_tokens.Reader.ReadAsync(either.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
