using System.Buffers;
using Ingestion.Chunking.Tokens;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Which pairs of pieces become one.</summary>
internal interface IMerges
{
    /// <summary>The lower, the earlier; -1 for a pair that stays two.</summary>
    int RankOf(int left, int right);

    /// <summary>The piece that the pair of that rank becomes.</summary>
    int PieceOf(int rank);
}

/// <summary>
/// Merges a word's pieces, always the pair of lowest rank and of those the leftmost, until none is left. Takes n log n for n pieces.
/// </summary>
internal static class PairMerge
{
    private const int Gone = -1;

    /// <summary>Leaves the merged pieces at the front.</summary>
    /// <returns>How many they are.</returns>
    public static int Merge<TMerges>(Span<int> pieces, ref TMerges merges) where TMerges : IMerges
    {
        var count = pieces.Length;
        if (count < 2) return count;
        var rented = ArrayPool<int>.Shared.Rent(2 * count);
        var next = rented.AsSpan(0, count);
        var previous = rented.AsSpan(count, count);
        using var pairs = new PairQueue(count);
        for (var i = 0; i < count; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            if (i + 1 < count && merges.RankOf(pieces[i], pieces[i + 1]) is >= 0 and var rank) pairs.Push(rank, i);
        }
        while (pairs.TryPop(out var rank, out var at))
        {
            if (pieces[at] == Gone || next[at] == count) continue;
            // What was queued may have changed since. It counts as long as it still becomes the same piece.
            var right = next[at];
            var now = merges.RankOf(pieces[at], pieces[right]);
            if (now < 0 || merges.PieceOf(now) != merges.PieceOf(rank)) continue;
            (pieces[at], pieces[right]) = (merges.PieceOf(rank), Gone);
            next[at] = next[right];
            if (next[at] < count)
            {
                previous[next[at]] = at;
                if (merges.RankOf(pieces[at], pieces[next[at]]) is >= 0 and var after) pairs.Push(after, at);
            }
            if (previous[at] >= 0 && merges.RankOf(pieces[previous[at]], pieces[at]) is >= 0 and var before)
                pairs.Push(before, previous[at]);
        }
        var kept = 0;
        for (var i = 0; i < count; i = next[i]) pieces[kept++] = pieces[i];
        ArrayPool<int>.Shared.Return(rented);
        return kept;
    }
}
