using System.Collections.Concurrent;

namespace Ingestion.Store;

/// <summary>
/// What a search needs of a collection's visible chunks, as of one change: where each version's chunks are, how long they are and, where
/// the memory allows, their vectors. It never changes, so that a search sees the old or the new version of a document, whole.
/// </summary>
internal sealed class CollectionSnapshot
{
    private const int RememberedFilters = 16;

    private readonly Segment[] _segments;
    private readonly ConcurrentDictionary<string, bool[]> _filters = new(StringComparer.Ordinal);

    /// <param name="segments">In order of their first chunk.</param>
    public CollectionSnapshot(long changes, long removals, int dimension, bool hasVectors, Segment[] segments)
    {
        Changes = changes;
        Removals = removals;
        Dimension = dimension;
        HasVectors = hasVectors;
        _segments = segments;
        long words = 0;
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = segments[i] with { Place = ChunkCount };
            ChunkCount += segments[i].Count;
            foreach (var length in segments[i].Words) words += length;
        }
        AverageWords = ChunkCount == 0 ? 0 : (float)words / ChunkCount;
    }

    public long Changes { get; }
    public long Removals { get; }
    public int Dimension { get; }
    public bool HasVectors { get; }
    public int ChunkCount { get; }
    public float AverageWords { get; }
    public ReadOnlySpan<Segment> Segments => _segments;

    /// <summary>The segment that has the chunk; -1 where the chunk is not visible.</summary>
    /// <param name="from">A segment at or before it.</param>
    public int IndexOfChunk(long chunk, int from)
    {
        // Postings come ascending: mostly it is the segment at hand or the next.
        if (from < _segments.Length && _segments[from].Has(chunk)) return from;
        int low = from, high = _segments.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            if (_segments[middle].Has(chunk)) return middle;
            if (_segments[middle].FirstChunk > chunk) high = middle - 1;
            else low = middle + 1;
        }
        return -1;
    }

    public ref readonly Segment AtPlace(int place) => ref _segments[IndexAtPlace(place)];

    public int IndexAtPlace(int place)
    {
        int low = 0, high = _segments.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >> 1;
            if (_segments[middle].Place > place) high = middle - 1;
            else low = middle;
        }
        return low;
    }

    /// <summary>For each segment whether the filter lets it through. Nothing changes within a snapshot: some are remembered.</summary>
    public bool[] Allowed(string filter, Func<HashSet<long>> matchingVersions)
    {
        if (_filters.TryGetValue(filter, out var allowed)) return allowed;
        var versions = matchingVersions();
        allowed = Array.ConvertAll(_segments, segment => versions.Contains(segment.Version));
        if (_filters.Count >= RememberedFilters) _filters.Clear();
        return _filters[filter] = allowed;
    }
}

/// <summary>The chunks of one visible version: ids from <see cref="FirstChunk"/> on, rows of a block from <see cref="Row"/> on.</summary>
/// <param name="Place">Of its first chunk among all of the snapshot.</param>
internal readonly record struct Segment(long Version, long Lineage, long FirstChunk, int Count, int Place, ChunkBlock Block, int Row)
{
    public ReadOnlySpan<int> Words => Block.Words.AsSpan(Row, Count);

    public bool Has(long chunk) => chunk >= FirstChunk && chunk < FirstChunk + Count;
}

/// <summary>Rows of chunks side by side in memory. Rows are only ever added, so that snapshots may share it.</summary>
internal sealed class ChunkBlock(int capacity, int dimension, bool vectors)
{
    private readonly float[] _vectors = vectors ? GC.AllocateUninitializedArray<float>(capacity * dimension) : [];

    public int[] Words { get; } = new int[capacity];
    public int Used { get; set; }
    public int Free => Words.Length - Used;
    public long Bytes => Words.Length * (long)sizeof(int) + _vectors.Length * (long)sizeof(float);

    /// <summary>Of length 1, or zero.</summary>
    public Span<float> Vector(int row) => _vectors.AsSpan(row * dimension, dimension);
}
