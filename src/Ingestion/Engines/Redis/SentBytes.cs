using System.Diagnostics.CodeAnalysis;
using Ingestion.Tasks;

namespace Ingestion.Engines.Redis;

/// <summary>Bytes that this instance sent with tasks that wait, for its own workers: so they need not travel back. Whatever is not here,
/// Redis has.</summary>
/// <param name="most">Bytes that are kept; the oldest go first.</param>
internal sealed class SentBytes(long most)
{
    /// <summary>Bytes, about, that an entry takes beside its own.</summary>
    private const int EntrySize = 256;

    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _line = new();
    private readonly Dictionary<(string Tenant, string TaskId), LinkedListNode<Entry>> _byTask = [];
    private long _kept;

    public void Add(TaskSpec spec)
    {
        if (spec.Content.Inline is not { } bytes || bytes.Length + EntrySize > most) return;
        lock (_gate)
        {
            var task = (spec.TenantId, spec.TaskId);
            if (_byTask.ContainsKey(task)) return;
            _byTask.Add(task, _line.AddLast(new Entry(task, spec.Content.Hash, bytes)));
            _kept += bytes.Length + EntrySize;
            while (_kept > most) Remove(_line.First!);
        }
    }

    /// <summary>They are kept no longer. Those of another document that was sent under the same id are not given.</summary>
    public bool TryTake(TaskSpec spec, [NotNullWhen(true)] out byte[]? bytes)
    {
        lock (_gate)
        {
            bytes = _byTask.TryGetValue((spec.TenantId, spec.TaskId), out var node) && node.Value.Hash == spec.Content.Hash
                ? node.Value.Bytes
                : null;
            if (node is not null) Remove(node);
            return bytes is not null;
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _line.Remove(node);
        _byTask.Remove(node.Value.Task);
        _kept -= node.Value.Bytes.Length + EntrySize;
    }

    private readonly record struct Entry((string Tenant, string TaskId) Task, string? Hash, byte[] Bytes);
}
