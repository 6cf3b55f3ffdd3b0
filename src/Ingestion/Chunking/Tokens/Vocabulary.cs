using System.Buffers.Text;
using System.IO.Compression;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ingestion.Chunking.Tokens;

/// <summary>An encoding's tokens, from their bytes to their rank. The lower the rank, the earlier a pair is merged into it.</summary>
internal sealed class Vocabulary
{
    public const int None = int.MaxValue;

    private readonly byte[] _bytes;
    private readonly int[] _starts;
    private readonly int[] _slots;

    /// <param name="tokens">All tokens' bytes, one after another.</param>
    /// <param name="starts">Where each rank's bytes start, and at last where they all end.</param>
    private Vocabulary(byte[] tokens, int[] starts)
    {
        _bytes = tokens;
        _starts = starts;
        _slots = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)starts.Length * 2)];
        for (var rank = 0; rank < starts.Length - 1; rank++)
        {
            var token = tokens.AsSpan(starts[rank], starts[rank + 1] - starts[rank]);
            if (token.IsEmpty) continue;
            LongestToken = Math.Max(LongestToken, token.Length);
            var slot = Hash(token) & (uint)(_slots.Length - 1);
            while (_slots[slot] != 0) slot = (slot + 1) & (uint)(_slots.Length - 1);
            _slots[slot] = rank + 1;
        }
    }

    /// <summary>In bytes.</summary>
    public int LongestToken { get; }

    /// <summary>The resource is deflated text: a line with the number of tokens, then a token a line in Base64, in order of rank.</summary>
    public static Vocabulary Load(string assembly, string resource)
    {
        using var packed = Assembly.Load(assembly).GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The vocabulary '{resource}' is missing from {assembly}.");
        using var inflated = new MemoryStream((int)packed.Length * 3);
        using (var deflate = new DeflateStream(packed, CompressionMode.Decompress)) deflate.CopyTo(inflated);
        var text = inflated.GetBuffer().AsSpan(0, (int)inflated.Length);

        var starts = new List<int>(200_000);
        var tokens = new byte[text.Length];
        var length = 0;
        var line = text.IndexOf((byte)'\n') + 1;
        while (line < text.Length)
        {
            var end = text[line..].IndexOf((byte)'\n');
            end = end < 0 ? text.Length : line + end;
            starts.Add(length);
            Base64.DecodeFromUtf8(text[line..end].TrimEnd((byte)'\r'), tokens.AsSpan(length), out _, out var written);
            length += written;
            line = end + 1;
        }
        starts.Add(length);
        return new Vocabulary(tokens[..length], [.. starts]);
    }

    /// <summary>The token's rank, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Rank(ReadOnlySpan<byte> token)
    {
        var mask = (uint)(_slots.Length - 1);
        for (var slot = Hash(token) & mask; ; slot = (slot + 1) & mask)
        {
            var rank = _slots[slot] - 1;
            if (rank < 0) return None;
            var start = _starts[rank];
            if (_starts[rank + 1] - start == token.Length && token.SequenceEqual(_bytes.AsSpan(start, token.Length))) return rank;
        }
    }

    private static uint Hash(ReadOnlySpan<byte> token)
    {
        var hash = (ulong)token.Length * 0x9E3779B97F4A7C15;
        while (token.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(token)) * 0xD6E8FEB86659FD93;
            hash ^= hash >> 32;
            token = token[8..];
        }
        ulong rest = 0;
        foreach (var b in token) rest = rest << 8 | b;
        hash = (hash ^ rest) * 0xD6E8FEB86659FD93;
        return (uint)(hash >> 32);
    }
}
