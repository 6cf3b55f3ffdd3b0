using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>
/// SentencePiece's precompiled_charsmap: a double-array trie from what is written, in UTF-8, to what is read instead. It is applied as
/// Hugging Face's library applies it: to a whole grapheme of less than six bytes where any beginning of it stands in the trie, the
/// shortest one deciding, else to each character.
/// </summary>
internal sealed class CharacterMap
{
    private const int LongestGrapheme = 5;
    private const int Ascii = 0x80;

    private readonly uint[] _units;

    /// <summary>What is read, each ended by a zero.</summary>
    private readonly byte[] _replacements;

    /// <summary>By the character; null for what stays.</summary>
    private readonly string?[] _ofAscii = new string?[Ascii];

    private CharacterMap(uint[] units, byte[] replacements)
    {
        (_units, _replacements) = (units, replacements);
        for (var c = 0; c < Ascii; c++) _ofAscii[c] = Find([(byte)c]);
    }

    /// <summary>The trie's length in bytes, the trie, the replacements; numbers are little-endian.</summary>
    /// <exception cref="InvalidDataException">It is not whole.</exception>
    public static CharacterMap Parse(byte[] map)
    {
        var length = map.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(map) : 0;
        if (length == 0 || length % sizeof(uint) != 0 || length > map.Length - sizeof(uint))
            throw new InvalidDataException("has a tokenizer whose precompiled_charsmap is not whole");
        var units = MemoryMarshal.Cast<byte, uint>(map.AsSpan(sizeof(uint), (int)length)).ToArray();
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(units, units);
        return new CharacterMap(units, map[(sizeof(uint) + (int)length)..]);
    }

    /// <param name="text">Without lone surrogates.</param>
    public string Apply(string text)
    {
        var mapped = new StringBuilder(text.Length);
        Span<byte> bytes = stackalloc byte[LongestGrapheme];
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var first = rest[0];
            // Between two characters of ASCII graphemes end, but between the two of a line's end.
            if (first < Ascii && first != '\r' && (rest.Length == 1 || rest[1] < Ascii))
            {
                if (_ofAscii[first] is { } other) mapped.Append(other);
                else mapped.Append(first);
                rest = rest[1..];
                continue;
            }
            var grapheme = rest[..StringInfo.GetNextTextElementLength(rest)];
            rest = rest[grapheme.Length..];
            if (Encoding.UTF8.TryGetBytes(grapheme, bytes, out var count) && Find(bytes[..count]) is { } whole)
            {
                mapped.Append(whole);
                continue;
            }
            foreach (var rune in grapheme.EnumerateRunes())
            {
                if (Find(bytes[..rune.EncodeToUtf8(bytes)]) is { } one) mapped.Append(one);
                else mapped.Append(rune);
            }
        }
        return mapped.ToString();
    }

    /// <summary>What is read for the shortest beginning that the trie has; null for none.</summary>
    private string? Find(ReadOnlySpan<byte> written)
    {
        var at = Offset(_units[0]);
        foreach (var one in written)
        {
            if (one == 0) return null;
            at ^= one;
            if (at >= _units.Length || (_units[at] & 0x8000_00FF) != one) return null;
            var unit = _units[at];
            at ^= Offset(unit);
            if ((unit & 0x100) == 0 || at >= _units.Length) continue;
            var start = (int)Math.Min(_units[at] & 0x7FFF_FFFF, (uint)_replacements.Length);
            var from = _replacements.AsSpan(start);
            return Encoding.UTF8.GetString(from.IndexOf((byte)0) is >= 0 and var end ? from[..end] : from);
        }
        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
