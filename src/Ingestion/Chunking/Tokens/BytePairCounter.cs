using System.Buffers;
using System.Text;

namespace Ingestion.Chunking.Tokens;

internal sealed class BytePairCounter<TPattern>(string encoding, Vocabulary vocabulary, string[] specialTokens) : TokenCounter
    where TPattern : struct, IPattern
{
    /// <summary>Pieces longer than this are rare, and not worth remembering. In UTF-16 units.</summary>
    private const int LongestRemembered = 64;

    private readonly PieceCache _cache = new();

    public override string Encoding => encoding;

    public override int CountUpTo(ReadOnlySpan<char> text, int limit)
    {
        var count = 0L;
        while (!text.IsEmpty)
        {
            var (special, length) = NextSpecialToken(text);
            count += CountPlain(text[..special], limit - count);
            if (length > 0) count++;
            if (count > limit) break;
            text = text[(special + length)..];
        }
        return (int)Math.Min(count, int.MaxValue);
    }

    private (int Start, int Length) NextSpecialToken(ReadOnlySpan<char> text)
    {
        for (var from = 0; ;)
        {
            var at = text[from..].IndexOf("<|");
            if (at < 0) return (text.Length, 0);
            from += at;
            foreach (var token in specialTokens)
            {
                if (text[from..].StartsWith(token, StringComparison.Ordinal)) return (from, token.Length);
            }
            from += 2;
        }
    }

    private long CountPlain(ReadOnlySpan<char> text, long limit)
    {
        // A token has at most so many bytes, and a UTF-16 unit has at least one.
        if (text.Length > limit * vocabulary.LongestToken) return limit + 1;
        var count = 0L;
        for (var start = 0; start < text.Length && count <= limit;)
        {
            var end = TPattern.End(text, start);
            count += end - start == 1 && text[start] < 0x80 ? 1 : CountPiece(text[start..end]);
            start = end;
        }
        return count;
    }

    private int CountPiece(ReadOnlySpan<char> piece)
    {
        if (piece.Length > LongestRemembered) return CountBytes(piece);
        if (_cache.TryGet(piece, out var count)) return count;
        count = CountBytes(piece);
        _cache.Add(piece, count);
        return count;
    }

    private int CountBytes(ReadOnlySpan<char> piece)
    {
        // What is no Unicode (a lone surrogate) becomes U+FFFD, as in tiktoken.
        byte[]? rented = null;
        var most = System.Text.Encoding.UTF8.GetMaxByteCount(piece.Length);
        Span<byte> bytes = most <= 512 ? stackalloc byte[512] : rented = ArrayPool<byte>.Shared.Rent(most);
        bytes = bytes[..System.Text.Encoding.UTF8.GetBytes(piece, bytes)];
        var count = BytePairMerge.Count(vocabulary, bytes);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return count;
    }
}
