namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Pieces by their beginnings: a node for each, its children side by side in the order of their letters.</summary>
internal sealed class PieceTrie
{
    public const int Root = 0;
    public const int None = -1;

    private readonly char[] _letters;

    /// <summary>Node i's children are from <c>_firsts[i]</c> to before <c>_firsts[i + 1]</c>.</summary>
    private readonly int[] _firsts;

    private readonly int[] _ids;

    /// <param name="pieces">With their ids.</param>
    public PieceTrie(IReadOnlyDictionary<string, int> pieces)
    {
        var sorted = pieces.Keys.ToArray();
        Array.Sort(sorted, string.CompareOrdinal);
        List<char> letters = ['\0'];
        List<int> firsts = [];
        List<int> ids = [];
        // Nodes in the order of their depth; each is the pieces that begin alike.
        var nodes = new Queue<(int From, int To, int Depth)>();
        nodes.Enqueue((0, sorted.Length, 0));
        while (nodes.TryDequeue(out var node))
        {
            var (from, to, depth) = node;
            firsts.Add(letters.Count);
            var isPiece = from < to && sorted[from].Length == depth;
            ids.Add(isPiece ? pieces[sorted[from]] : None);
            for (var start = isPiece ? from + 1 : from; start < to;)
            {
                var letter = sorted[start][depth];
                var end = start + 1;
                while (end < to && sorted[end][depth] == letter) end++;
                letters.Add(letter);
                nodes.Enqueue((start, end, depth + 1));
                start = end;
            }
        }
        firsts.Add(letters.Count);
        (_letters, _firsts, _ids) = ([.. letters], [.. firsts], [.. ids]);
    }

    /// <summary>The node after a letter, or <see cref="None"/>.</summary>
    public int Next(int node, char letter)
    {
        var first = _firsts[node];
        var at = _letters.AsSpan(first, _firsts[node + 1] - first).BinarySearch(letter);
        return at < 0 ? None : first + at;
    }

    /// <summary>Of the piece that ends at a node, or <see cref="None"/>.</summary>
    public int IdAt(int node) => _ids[node];
}
