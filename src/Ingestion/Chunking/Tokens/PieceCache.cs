using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ingestion.Chunking.Tokens;

/// <summary>
/// Remembers how many tokens a piece of text has. Readers take no lock; a writer that finds another at work goes on without remembering.
/// When it is full it starts again from nothing, so a hostile text cannot make it grow, nor spoil it for good.
/// </summary>
internal sealed class PieceCache
{
    private const int Slots = 1 << 17;
    private const int MostPieces = Slots / 2;
    private const int MostChars = MostPieces * 12;

    private readonly Lock _writing = new();
    private volatile Generation _current = new();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(ReadOnlySpan<char> piece, out int count)
    {
        var generation = _current;
        var hash = Hash(piece);
        for (var slot = hash >> 47; ; slot = (slot + 1) & (Slots - 1))
        {
            ref var entry = ref generation.Entries[slot];
            var tag = Volatile.Read(ref entry.Tag);
            if (tag == 0) break;
            if ((tag ^ hash) >> 32 == 0 && (int)(tag & 0xFFFF) == piece.Length
                && piece.SequenceEqual(MemoryMarshal.CreateReadOnlySpan(ref generation.Chars[entry.Start], piece.Length)))
            {
                count = (int)(tag >> 16 & 0xFFFF);
                return true;
            }
        }
        count = 0;
        return false;
    }

    public void Add(ReadOnlySpan<char> piece, int count)
    {
        if (!_writing.TryEnter()) return;
        try
        {
            var generation = _current;
            if (generation.Pieces == MostPieces || generation.Length + piece.Length > MostChars) _current = generation = new Generation();

            var hash = Hash(piece);
            var slot = hash >> 47;
            while (generation.Entries[slot].Tag != 0) slot = (slot + 1) & (Slots - 1);
            piece.CopyTo(generation.Chars.AsSpan(generation.Length));
            generation.Entries[slot].Start = generation.Length;
            // A reader that sees the tag sees what was written before it.
            Volatile.Write(ref generation.Entries[slot].Tag, hash >> 32 << 32 | (uint)count << 16 | (uint)piece.Length);
            generation.Length += piece.Length;
            generation.Pieces++;
        }
        finally
        {
            _writing.Exit();
        }
    }

    /// <summary>A piece is never empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(ReadOnlySpan<char> piece)
    {
        const ulong Factor = 0x9E3779B97F4A7C15;
        ref var bytes = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(piece));
        var length = piece.Length * sizeof(char);
        var hash = (ulong)length * Factor;
        if (length < 8)
        {
            ulong word = piece[0] | (ulong)piece[length / 4] << 16 | (ulong)piece[^1] << 32;
            hash ^= word;
        }
        else
        {
            // Whole words, and the last eight bytes once more.
            for (var at = 0; at < length - 8; at += 8)
            {
                hash = (hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, at))) * Factor;
                hash ^= hash >> 29;
            }
            hash ^= Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, length - 8));
        }
        hash *= 0xD6E8FEB86659FD93;
        hash ^= hash >> 32;
        return hash * Factor;
    }

    private sealed class Generation
    {
        public readonly Entry[] Entries = new Entry[Slots];
        public readonly char[] Chars = new char[MostChars];
        public int Length;
        public int Pieces;
    }

    private struct Entry
    {
        /// <summary>Upper half of the hash, tokens, length in UTF-16 units; 0 for an empty slot.</summary>
        public ulong Tag;

        public int Start;
    }
}
