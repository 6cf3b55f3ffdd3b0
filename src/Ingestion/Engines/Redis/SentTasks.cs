using System.Diagnostics.CodeAnalysis;
using Ingestion.Tasks;

namespace Ingestion.Engines.Redis;

/// <summary>
/// What this instance sent of tasks that wait, with their bytes, for its own workers: so it need not travel back. Whatever is not here,
/// Redis has.
/// </summary>
/// <param name="most">Bytes that are kept. Full, it takes no more: what waits the longest is wanted first.</param>
internal sealed class SentTasks(long most, TimeProvider time)
{
    /// <summary>Bytes, about, that an entry takes beside its texts and its document's bytes.</summary>
    private const int EntrySize = 512;

    /// <summary>By then another instance has it, or many wait before it: it makes room for a new one.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _line = new();
    private readonly Dictionary<int, LinkedListNode<Entry>> _bySending = [];
    private long _kept;

    /// <param name="sending">Another for each task, and for each document that is sent as that task.</param>
    /// <param name="textBytes">Of all that the task has beside its document's bytes.</param>
    public void Add(int sending, TaskSpec spec, int textBytes)
    {
        // What it is part of may be gone before it is wanted.
        if (spec.Metadata is { } metadata) spec = spec with { Metadata = metadata.Clone() };
        var size = EntrySize + textBytes + (spec.Content.Inline?.Length ?? 0);
        lock (_gate)
        {
            while (_kept + size > most && _line.First is { } oldest && time.GetElapsedTime(oldest.Value.SentAt) >= Stale) Remove(oldest);
            if (_kept + size > most) return;
            _bySending.Add(sending, _line.AddLast(new Entry(sending, spec, size, time.GetTimestamp())));
            _kept += size;
        }
    }

    /// <summary>It is kept no longer.</summary>
    public bool TryTake(int sending, [NotNullWhen(true)] out TaskSpec? spec)
    {
        lock (_gate)
        {
            spec = null;
            if (!_bySending.TryGetValue(sending, out var node)) return false;
            spec = node.Value.Spec;
            Remove(node);
            return true;
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _line.Remove(node);
        _bySending.Remove(node.Value.Sending);
        _kept -= node.Value.Size;
    }

    private sealed record Entry(int Sending, TaskSpec Spec, int Size, long SentAt);
}
