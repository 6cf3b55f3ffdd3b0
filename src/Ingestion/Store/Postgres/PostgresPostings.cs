namespace Ingestion.Store.Postgres;

/// <summary>
/// What a collection's chunks have of a query's words, taken in as the server finds it: eight bytes for each word of each chunk. Scored here,
/// not there: BM25 in SQL takes three times as long.
/// </summary>
/// <param name="averageWords">Of a chunk.</param>
internal sealed class PostgresPostings(int words, double averageWords)
{
    private const double Saturation = 1.2;
    private const double LengthWeight = 0.75;

    private readonly List<(int Chunk, float Share)>[] _ofWord = [.. Enumerable.Range(0, words).Select(_ => new List<(int, float)>())];

    /// <summary>Of each version, by place: the chunk's number and 1; 0 where none was met.</summary>
    private readonly Dictionary<long, int[]> _numbers = [];
    private (long Version, int[]? Numbers) _last;
    private int _met;

    /// <summary>Of all chunks so far.</summary>
    public IReadOnlyCollection<long> Versions => _numbers.Keys;

    /// <summary>Chunks that have the word equally often.</summary>
    /// <param name="chunks">Version and place (31 bits).</param>
    /// <param name="lengths">Words of each.</param>
    public void Add(int word, int count, long[] chunks, int[] lengths)
    {
        var postings = _ofWord[word];
        postings.EnsureCapacity(postings.Count + chunks.Length);
        for (var i = 0; i < chunks.Length; i++)
        {
            var share = count / (count + Saturation * (1 - LengthWeight + LengthWeight * lengths[i] / averageWords));
            postings.Add((NumberOf(chunks[i] >> 31, (int)(chunks[i] & int.MaxValue)), (float)share));
        }
    }

    /// <summary>The best, each with the share of what a chunk would get that says nothing but the query's words.</summary>
    /// <param name="visible">Versions that count, in order.</param>
    /// <param name="chunks">Of the collection.</param>
    /// <param name="telling">Words that count even where no chunk has them.</param>
    /// <param name="allowed">Versions that may be answered; null: all.</param>
    public IEnumerable<(long Version, int Place, float Score)> Best(
        IReadOnlyList<long> visible, double chunks, int[] telling, IReadOnlySet<long>? allowed, int count)
    {
        var scores = new float[_met];
        var most = AddWords(scores, OfThese(visible), chunks, telling);
        // Of equal scores the earlier version wins, then the earlier place.
        var top = new TopRanked(count);
        var places = new List<(long Version, int Place)>();
        foreach (var version in visible)
        {
            if (allowed?.Contains(version) == false) continue;
            var numbers = _numbers[version];
            for (var place = 0; place < numbers.Length; place++)
            {
                if (numbers[place] == 0) continue;
                var score = (float)(scores[numbers[place] - 1] / most);
                if (score <= top.Floor) continue;
                top.Add(places.Count, score);
                places.Add((version, place));
            }
        }
        return top.ToList().Select(hit => (places[hit.Place].Version, places[hit.Place].Place, hit.Score));
    }

    /// <returns>What a chunk would get that says nothing but the words.</returns>
    private double AddWords(float[] scores, bool[] isVisible, double chunks, int[] telling)
    {
        var most = 0.0;
        for (var word = 0; word < words; word++)
        {
            var postings = _ofWord[word];
            var having = 0;
            foreach (var (chunk, _) in postings) having += isVisible[chunk] ? 1 : 0;
            if (having == 0 && !telling.Contains(word)) continue;
            var weight = Math.Log(1 + (chunks - having + 0.5) / (having + 0.5));
            most += weight;
            foreach (var (chunk, share) in postings) scores[chunk] += (float)(weight * share);
        }
        return most;
    }

    private bool[] OfThese(IReadOnlyList<long> versions)
    {
        var of = new bool[_met];
        foreach (var version in versions)
        {
            foreach (var number in _numbers[version])
            {
                if (number > 0) of[number - 1] = true;
            }
        }
        return of;
    }

    private int NumberOf(long version, int place)
    {
        // Those of one version come together.
        var numbers = _last.Version == version && _last.Numbers is { } same ? same : _numbers.GetValueOrDefault(version, []);
        if (numbers.Length <= place)
        {
            Array.Resize(ref numbers, Math.Max(place + 1, Math.Min(2 * numbers.Length, place + 4096)));
            _numbers[version] = numbers;
        }
        _last = (version, numbers);
        if (numbers[place] == 0) numbers[place] = ++_met;
        return numbers[place] - 1;
    }
}
