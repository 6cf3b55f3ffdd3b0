using System.Diagnostics.CodeAnalysis;

namespace Ingestion.Sqlite;

/// <summary>
/// A bounded queue with one taker. Nobody spins: on a busy machine that takes the processor from those who have something to do.
/// </summary>
internal sealed class WriteQueue<T>(int capacity) where T : class
{
    private readonly object _gate = new();
    private readonly Queue<T> _items = new();
    private bool _takerWaits;
    private bool _closed;

    /// <summary>Waits for room. False once the queue is closed.</summary>
    public bool TryAdd(T item)
    {
        lock (_gate)
        {
            while (_items.Count >= capacity && !_closed) Monitor.Wait(_gate);
            if (_closed) return false;
            _items.Enqueue(item);
            if (_takerWaits) Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Waits for an item. False once the queue is closed and empty.</summary>
    public bool Take([NotNullWhen(true)] out T? item)
    {
        lock (_gate)
        {
            while (_items.Count == 0 && !_closed)
            {
                _takerWaits = true;
                Monitor.Wait(_gate);
                _takerWaits = false;
            }
            return TryTake(out item);
        }
    }

    public bool TryTake([NotNullWhen(true)] out T? item)
    {
        lock (_gate)
        {
            if (_items.Count == capacity) Monitor.PulseAll(_gate);
            return _items.TryDequeue(out item);
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}
