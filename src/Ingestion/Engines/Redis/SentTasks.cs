using System.Diagnostics.CodeAnalysis;
using System.Text;
using Ingestion.Tasks;

namespace Ingestion.Engines.Redis;

/// <summary>
/// What this instance sent of tasks that wait, with their bytes, for its own workers: so it need not travel back. Whatever is not here,
/// Redis has.
/// </summary>
/// <param name="most">
/// Bytes, about, that are kept. Full, it takes no more, as what waits the longest is wanted first; but what was not wanted for a while
/// makes room.
/// </param>
internal sealed class SentTasks(long most, TimeProvider time)
{
    /// <summary>Bytes, about, that an entry takes beside its texts and its document's bytes.</summary>
    private const int EntrySize = 512;

    /// <summary>Bytes, about, for each byte of JSON: as texts in memory, and as metadata, of which each part is noted.</summary>
    private const int TextSize = 2, MetadataSize = 8;

    /// <summary>By then another instance has it, or many wait before it.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _line = new();
    private readonly Dictionary<int, LinkedListNode<Entry>> _bySending = [];
    private long _kept;

    /// <param name="sending">Another for each task, and for each document that is sent as that task.</param>
    /// <param name="text">All that the task has beside its document's bytes, as Redis is sent it.</param>
    public void Add(int sending, TaskSpec spec, ReadOnlySpan<byte> text)
    {
        // As all others get it; and what it is part of may be gone before it is wanted.
        if (spec.Metadata is not null) spec = spec with { Metadata = TaskJson.ReadSpec(text).Metadata };
        var size = EntrySize + (long)text.Length * (spec.Metadata is null ? TextSize : MetadataSize) + (spec.Content.Inline?.Length ?? 0);
        lock (_gate)
        {
            while (_kept + size > most && _line.First is { } oldest && time.GetElapsedTime(oldest.Value.SentAt) >= Stale) Remove(oldest);
            if (_kept + size > most) return;
            _bySending.Add(sending, _line.AddLast(new Entry(sending, spec, size, time.GetTimestamp())));
            _kept += size;
        }
    }

    /// <summary>It is kept no longer. What was sent under the same number for another task, as by a process before this one, is not given.</summary>
    public bool TryTake(int sending, string taskId, ReadOnlySpan<byte> tenant, [NotNullWhen(true)] out TaskSpec? spec)
    {
        lock (_gate)
        {
            spec = null;
            if (!_bySending.TryGetValue(sending, out var node)) return false;
            if (node.Value.Spec.TaskId != taskId || !tenant.SequenceEqual(Encoding.UTF8.GetBytes(node.Value.Spec.TenantId))) return false;
            spec = node.Value.Spec;
            Remove(node);
            return true;
        }
    }

    /// <summary>It was not accepted.</summary>
    public void Forget(int sending)
    {
        lock (_gate)
        {
            if (_bySending.TryGetValue(sending, out var node)) Remove(node);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _line.Remove(node);
        _bySending.Remove(node.Value.Sending);
        _kept -= node.Value.Size;
    }

    private sealed record Entry(int Sending, TaskSpec Spec, long Size, long SentAt);
}
