using System.Buffers;

namespace Ingestion.Chunking.Tokens;

/// <summary>Merges a piece's bytes, always the pair of lowest rank and of those the leftmost, until none is a token.</summary>
internal static class BytePairMerge
{
    /// <summary>Below this many bytes, looking at every pair each time beats keeping them in order.</summary>
    private const int Short = 128;

    public static int Count(Vocabulary vocabulary, ReadOnlySpan<byte> piece)
    {
        if (piece.Length <= 1 || vocabulary.Rank(piece) != Vocabulary.None) return Math.Min(piece.Length, 1);
        return piece.Length <= Short ? CountShort(vocabulary, piece) : CountLong(vocabulary, piece);
    }

    private static int CountShort(Vocabulary vocabulary, ReadOnlySpan<byte> piece)
    {
        // Part i is [starts[i], starts[i + 1]); ranks[i] is that of parts i and i + 1 together.
        Span<byte> starts = stackalloc byte[Short + 1];
        Span<int> ranks = stackalloc int[Short];
        var parts = piece.Length;
        for (var i = 0; i <= parts; i++) starts[i] = (byte)i;
        for (var i = 0; i < parts - 1; i++) ranks[i] = vocabulary.Rank(piece.Slice(i, 2));

        while (parts > 1)
        {
            var lowest = Vocabulary.None;
            var at = 0;
            for (var i = 0; i < parts - 1; i++)
            {
                if (ranks[i] < lowest) (lowest, at) = (ranks[i], i);
            }
            if (lowest == Vocabulary.None) break;

            starts[(at + 2)..(parts + 1)].CopyTo(starts[(at + 1)..]);
            ranks[(at + 1)..(parts - 1)].CopyTo(ranks[at..]);
            parts--;
            if (at < parts - 1) ranks[at] = vocabulary.Rank(piece[starts[at]..starts[at + 2]]);
            if (at > 0) ranks[at - 1] = vocabulary.Rank(piece[starts[at - 1]..starts[at + 1]]);
        }
        return parts;
    }

    private static int CountLong(Vocabulary vocabulary, ReadOnlySpan<byte> piece)
    {
        // Parts are a linked list by their first byte's place; the queue orders pairs by rank, then place, and may hold stale ones.
        var length = piece.Length;
        var rented = ArrayPool<int>.Shared.Rent(3 * (length + 1));
        var next = rented.AsSpan(0, length + 1);
        var previous = rented.AsSpan(length + 1, length + 1);
        var ranks = rented.AsSpan(2 * (length + 1), length);
        var pairs = new PairQueue(length);
        for (var i = 0; i <= length; i++) (next[i], previous[i]) = (i + 1, i - 1);
        for (var i = 0; i < length; i++)
        {
            ranks[i] = i < length - 1 ? vocabulary.Rank(piece.Slice(i, 2)) : Vocabulary.None;
            if (ranks[i] != Vocabulary.None) pairs.Push(ranks[i], i);
        }

        var parts = length;
        while (pairs.TryPop(out var rank, out var at))
        {
            if (ranks[at] != rank) continue;
            var gone = next[at];
            next[at] = next[gone];
            if (next[at] < length) previous[next[at]] = at;
            ranks[gone] = Vocabulary.None;
            parts--;
            Rate(at, piece, next, ranks);
            if (at > 0) Rate(previous[at], piece, next, ranks);
        }
        pairs.Dispose();
        ArrayPool<int>.Shared.Return(rented);
        return parts;

        void Rate(int part, ReadOnlySpan<byte> piece, ReadOnlySpan<int> next, Span<int> ranks)
        {
            var following = next[part];
            var rank = following < length ? vocabulary.Rank(piece[part..next[following]]) : Vocabulary.None;
            ranks[part] = rank;
            if (rank != Vocabulary.None) pairs.Push(rank, part);
        }
    }
}
