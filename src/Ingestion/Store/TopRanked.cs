namespace Ingestion.Store;

/// <summary>The best few of many scored places, in bounded memory. Of equal scores the lower place wins.</summary>
internal sealed class TopRanked(int capacity)
{
    private readonly PriorityQueue<int, (float Score, int Place)> _kept = new(capacity + 1);

    /// <summary>A score that must be exceeded to be kept.</summary>
    public float Floor { get; private set; } = float.NegativeInfinity;

    public void Add(int place, float score)
    {
        if (score <= Floor) return;
        _kept.Enqueue(place, (score, -place));
        if (_kept.Count > capacity) _kept.Dequeue();
        if (_kept.Count == capacity && _kept.TryPeek(out _, out var worst)) Floor = worst.Score;
    }

    /// <summary>Best first.</summary>
    public List<Ranked> ToList()
    {
        var list = _kept.UnorderedItems.Select(item => new Ranked(item.Element, item.Priority.Score)).ToList();
        list.Sort();
        return list;
    }
}

/// <param name="Place">Of the chunk, in its <see cref="CollectionSnapshot"/>.</param>
internal readonly record struct Ranked(int Place, float Score) : IComparable<Ranked>
{
    /// <summary>Best first.</summary>
    public int CompareTo(Ranked other) => Score != other.Score ? other.Score.CompareTo(Score) : Place.CompareTo(other.Place);
}
