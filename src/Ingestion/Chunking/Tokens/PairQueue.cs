using System.Buffers;

namespace Ingestion.Chunking.Tokens;

/// <summary>A binary heap of pairs to merge: the lowest rank first, and of equal ranks the leftmost.</summary>
internal sealed class PairQueue(int capacity) : IDisposable
{
    private long[] _heap = ArrayPool<long>.Shared.Rent(capacity);
    private int _count;

    public void Push(int rank, int at)
    {
        if (_count == _heap.Length) Grow();
        var item = (long)rank << 32 | (uint)at;
        var child = _count++;
        while (child > 0)
        {
            var parent = (child - 1) / 2;
            if (_heap[parent] <= item) break;
            _heap[child] = _heap[parent];
            child = parent;
        }
        _heap[child] = item;
    }

    public bool TryPop(out int rank, out int at)
    {
        if (_count == 0)
        {
            (rank, at) = (0, 0);
            return false;
        }
        (rank, at) = ((int)(_heap[0] >> 32), (int)_heap[0]);
        var item = _heap[--_count];
        var parent = 0;
        while (2 * parent + 1 < _count)
        {
            var child = 2 * parent + 1;
            if (child + 1 < _count && _heap[child + 1] < _heap[child]) child++;
            if (_heap[child] >= item) break;
            _heap[parent] = _heap[child];
            parent = child;
        }
        _heap[parent] = item;
        return true;
    }

    public void Dispose()
    {
        ArrayPool<long>.Shared.Return(_heap);
        _heap = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<long>.Shared.Rent(_heap.Length * 2);
        _heap.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<long>.Shared.Return(_heap);
        _heap = larger;
    }
}
