namespace Ingestion.Store.Postgres;

/// <summary>
/// What a collection's chunks have of a query's words, taken in as the server finds it: eight bytes for each word of each chunk until the
/// word is weighed, then four for each chunk. Scored here, not there: BM25 in SQL takes three times as long.
/// </summary>
/// <param name="chunks">Of the collection.</param>
/// <param name="averageWords">Of a chunk.</param>
internal sealed class PostgresPostings(double chunks, double averageWords)
{
    private const double Saturation = 1.2;
    private const double LengthWeight = 0.75;

    private readonly Dictionary<int, List<(int Chunk, float Share)>> _ofWord = [];

    /// <summary>Of each version, by place: the chunk's number and 1; 0 where none was met.</summary>
    private readonly Dictionary<long, int[]> _numbers = [];
    private readonly HashSet<long> _known = [];
    private readonly List<long> _visible = [];
    private (long Version, int[]? Numbers) _last;
    private int _met;

    /// <summary>By the chunks' numbers; and what a chunk would get that says nothing but the query's words.</summary>
    private float[] _scores = [];
    private double _most;

    /// <summary>Versions of which nobody has said whether they are visible.</summary>
    public long[] Unknown => [.. _numbers.Keys.Where(version => !_known.Contains(version))];

    /// <summary>Chunks that have the word equally often.</summary>
    /// <param name="found">Version and place (31 bits).</param>
    /// <param name="lengths">Words of each.</param>
    public void Add(int word, int count, long[] found, int[] lengths)
    {
        if (!_ofWord.TryGetValue(word, out var postings)) _ofWord.Add(word, postings = []);
        postings.EnsureCapacity(postings.Count + found.Length);
        for (var i = 0; i < found.Length; i++)
        {
            var share = count / (count + Saturation * (1 - LengthWeight + LengthWeight * lengths[i] / averageWords));
            postings.Add((NumberOf(found[i] >> 31, (int)(found[i] & int.MaxValue)), (float)share));
        }
    }

    /// <summary>Adds to each chunk's score what these words are worth in it, and forgets where they are.</summary>
    /// <param name="visible">Those of the <see cref="Unknown"/> that count.</param>
    /// <param name="telling">Words that count even where no chunk has them.</param>
    public void Weigh(IEnumerable<int> words, IEnumerable<long> visible, int[] telling)
    {
        _known.UnionWith(_numbers.Keys);
        _visible.AddRange(visible);
        Array.Resize(ref _scores, _met);
        var isVisible = new bool[_met];
        foreach (var number in _visible.SelectMany(version => _numbers[version]))
        {
            if (number > 0) isVisible[number - 1] = true;
        }
        foreach (var word in words)
        {
            _ofWord.Remove(word, out var postings);
            postings ??= [];
            var having = 0;
            foreach (var (chunk, _) in postings) having += isVisible[chunk] ? 1 : 0;
            if (having == 0 && !telling.Contains(word)) continue;
            var weight = Math.Log(1 + (chunks - having + 0.5) / (having + 0.5));
            _most += weight;
            foreach (var (chunk, share) in postings) _scores[chunk] += (float)(weight * share);
        }
    }

    /// <summary>The best of what was weighed, each with the share of what a chunk would get that says nothing but the query's words.</summary>
    /// <param name="allowed">Versions that may be answered; null: all.</param>
    public IEnumerable<(long Version, int Place, float Score)> Best(IReadOnlySet<long>? allowed, int count)
    {
        // Of equal scores the earlier version wins, then the earlier place.
        var top = new TopRanked(count);
        var places = new List<(long Version, int Place)>();
        foreach (var version in _visible.Where(version => allowed?.Contains(version) != false).Order())
        {
            var numbers = _numbers[version];
            for (var place = 0; place < numbers.Length; place++)
            {
                if (numbers[place] == 0) continue;
                var score = (float)(_scores[numbers[place] - 1] / _most);
                if (score <= top.Floor) continue;
                top.Add(places.Count, score);
                places.Add((version, place));
            }
        }
        return top.ToList().Select(hit => (places[hit.Place].Version, places[hit.Place].Place, hit.Score));
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
