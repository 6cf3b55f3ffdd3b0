using System.Buffers;
using System.Numerics;

namespace Ingestion.Chunking.Rechunking;

/// <summary>What two versions of a text have in common, in order: the places of the older one that the newer one still has, and where.</summary>
internal sealed class TextAlignment
{
    /// <summary>Between them the texts are compared piece by piece.</summary>
    private static readonly SearchValues<char> PieceEnds = SearchValues.Create("\n.!?。！？");

    private readonly List<Common> _parts = [];

    public TextAlignment(string older, string newer)
    {
        var prefix = older.AsSpan().CommonPrefixLength(newer);
        var suffix = CommonSuffix(older.AsSpan(prefix), newer.AsSpan(prefix));
        Add(new Common(0, 0, prefix));
        foreach (var anchor in Anchors(older, newer, prefix, suffix)) Join(older, newer, anchor);
        Join(older, newer, new Common(older.Length - suffix, newer.Length - suffix, suffix));
    }

    /// <summary>Where the older text's slice <c>[start, end)</c> begins in the newer one; null where it is not whole in what they have in common.</summary>
    public int? Find(int start, int end)
    {
        int low = 0, high = _parts.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_parts[middle].Older <= start) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return null;
        var part = _parts[low - 1];
        return end <= part.Older + part.Length ? start - part.Older + part.Newer : null;
    }

    /// <summary>Adds a part with as much as its text and the last part's can be extended towards each other.</summary>
    private void Join(string older, string newer, Common next)
    {
        var last = _parts[^1];
        var from = (Older: last.Older + last.Length, Newer: last.Newer + last.Length);
        var forth = older.AsSpan(from.Older, next.Older - from.Older).CommonPrefixLength(newer.AsSpan(from.Newer, next.Newer - from.Newer));
        _parts[^1] = last = last with { Length = last.Length + forth };
        var gap = (Older: next.Older - last.Older - last.Length, Newer: next.Newer - last.Newer - last.Length);
        var back = CommonSuffix(older.AsSpan(next.Older - gap.Older, gap.Older), newer.AsSpan(next.Newer - gap.Newer, gap.Newer));
        Add(new Common(next.Older - back, next.Newer - back, next.Length + back));
    }

    private void Add(Common part)
    {
        if (_parts.Count > 0 && _parts[^1] is var last && last.Older + last.Length == part.Older && last.Newer + last.Length == part.Newer)
            _parts[^1] = last with { Length = last.Length + part.Length };
        else
            _parts.Add(part);
    }

    private static int CommonSuffix(ReadOnlySpan<char> older, ReadOnlySpan<char> newer)
    {
        var most = Math.Min(older.Length, newer.Length);
        var length = 0;
        while (length < most && older[^(length + 1)] == newer[^(length + 1)]) length++;
        return length;
    }

    /// <summary>Pieces that both texts have exactly once, as many as stand in the same order in both.</summary>
    private static List<Common> Anchors(string older, string newer, int prefix, int suffix)
    {
        var once = new Dictionary<ulong, (int Older, int OlderCount, int Newer, int NewerCount, int Length)>();
        foreach (var (start, length) in Pieces(older, prefix, older.Length - suffix))
        {
            var hash = Hash(older.AsSpan(start, length));
            var known = once.GetValueOrDefault(hash);
            once[hash] = (start, known.OlderCount + 1, 0, 0, length);
        }
        foreach (var (start, length) in Pieces(newer, prefix, newer.Length - suffix))
        {
            var hash = Hash(newer.AsSpan(start, length));
            if (once.TryGetValue(hash, out var known)) once[hash] = known with { Newer = start, NewerCount = known.NewerCount + 1 };
        }
        var both = once.Values
            .Where(piece => piece is { OlderCount: 1, NewerCount: 1 } && piece.Newer + piece.Length <= newer.Length - suffix
                && older.AsSpan(piece.Older, piece.Length).SequenceEqual(newer.AsSpan(piece.Newer, piece.Length)))
            .Select(piece => new Common(piece.Older, piece.Newer, piece.Length))
            .OrderBy(piece => piece.Older)
            .ToList();
        return LongestInOrder(both);
    }

    /// <summary>The same in every process, so that the same texts are always split the same way.</summary>
    private static ulong Hash(ReadOnlySpan<char> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text) hash = BitOperations.RotateLeft((hash ^ c) * 0x9E3779B97F4A7C15UL, 29);
        return hash;
    }

    private static IEnumerable<(int Start, int Length)> Pieces(string text, int start, int end)
    {
        while (start < end)
        {
            var found = text.AsSpan(start, end - start).IndexOfAny(PieceEnds);
            var length = found < 0 ? end - start : found + 1;
            yield return (start, length);
            start += length;
        }
    }

    /// <summary>The longest run of parts, ascending in the older text, that ascends in the newer one too.</summary>
    private static List<Common> LongestInOrder(List<Common> parts)
    {
        // For each length of a run, the part that such a run may end with and that comes first in the newer text.
        var ends = new List<int>();
        var before = new int[parts.Count];
        for (var i = 0; i < parts.Count; i++)
        {
            int low = 0, high = ends.Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (parts[ends[middle]].Newer < parts[i].Newer) low = middle + 1;
                else high = middle;
            }
            before[i] = low == 0 ? -1 : ends[low - 1];
            if (low == ends.Count) ends.Add(i);
            else ends[low] = i;
        }
        var run = new List<Common>(ends.Count);
        for (var i = ends.Count == 0 ? -1 : ends[^1]; i >= 0; i = before[i]) run.Add(parts[i]);
        run.Reverse();
        return run;
    }

    private readonly record struct Common(int Older, int Newer, int Length);
}
