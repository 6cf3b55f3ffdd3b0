using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Takes from fonts, in place, what says nothing about a text and what a damaged one makes the library read for minutes or into gigabytes:
/// the names of a TrueType font, the outlines of any font, and ranges of more characters than there are.
/// </summary>
internal static class FontPrograms
{
    /// <summary>Characters of one map, which has two bytes for each.</summary>
    private const int MaxMapped = 3 * 65_536;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789ABCDEFabcdef"u8);

    private static ReadOnlySpan<byte> White => " \t\r\n\f\0"u8;

    // What a Type 1 font's encrypted part holds at least.
    private static readonly byte[] NoOutlines = [(byte)'\n', .. Encrypted("\0\0\0\0dup /Private 1 dict dup begin "u8), .. "cleartomark"u8];

    public static void Bound(Span<byte> program)
    {
        if (program.StartsWith("\0\u0001\0\0"u8) || program.StartsWith("true"u8) || program.StartsWith("OTTO"u8)) EmptyTables(program);
        else if (program.StartsWith("%!"u8) || (program.Length > 8 && program[0] == 0x80)) RemoveOutlines(program);
        else if (program.StartsWith("\u0001\0\u0004"u8)) CompactOutlines.Remove(program);
        // A map may begin as any of them does.
        BoundRanges(program);
    }

    // Its version, how many tables it has, and for each a tag of four letters with three numbers: a sum, where it is and its length.
    private static void EmptyTables(Span<byte> font)
    {
        const int Header = 12, Entry = 16;
        if (font.Length < Header) return;
        var tables = BinaryPrimitives.ReadUInt16BigEndian(font[4..]);
        for (var at = Header; tables > 0 && at + Entry <= font.Length; at += Entry, tables--)
        {
            var table = font.Slice(at, Entry);
            if (table.StartsWith("name"u8)) "none"u8.CopyTo(table);
            else if (table.StartsWith("loca"u8)) Clear(font, BinaryPrimitives.ReadUInt32BigEndian(table[8..]), BinaryPrimitives.ReadUInt32BigEndian(table[12..]));
        }
    }

    // Where outlines begin and end: all at once, so that none has any.
    private static void Clear(Span<byte> font, uint start, uint length)
    {
        if (start < font.Length) font[(int)start..(int)Math.Min(font.Length, (long)start + length)].Clear();
    }

    // A program in clear text, with the encoding, and an encrypted rest. Some have the head of a file's segment before it.
    private static void RemoveOutlines(Span<byte> font)
    {
        const int SegmentHead = 6;
        if (font[0] == 0x80)
        {
            if (!font[SegmentHead..].StartsWith("%!"u8)) return;
            font[SegmentHead..].CopyTo(font);
            font[^SegmentHead..].Fill((byte)' ');
        }
        var end = font.IndexOf("eexec"u8);
        if (end < 0) return;
        var rest = font[(end + 5)..];
        rest.Fill((byte)' ');
        if (rest.Length >= NoOutlines.Length) NoOutlines.CopyTo(rest);
    }

    // In a map of character codes "<0000> <FFFFFFFF> target" becomes "<0000> <0000FFFF> target", and after so many characters "<0000> <0000>".
    private static void BoundRanges(Span<byte> map)
    {
        var left = MaxMapped;
        for (int found; (found = map.IndexOf("beginbfrange"u8)) >= 0;)
        {
            var begin = map[found..];
            map = map[(found + 12)..];
            var end = map.IndexOf("endbfrange"u8);
            if (end < 0 || map[..end].IndexOf("begin"u8) >= 0)
            {
                // Without its end the library would take what follows, other lists, for ranges. Under no known name it is passed over.
                begin[..12].Fill((byte)' ');
                continue;
            }
            var ranges = map[..end];
            while (TakeHex(ref ranges, out var low) && TakeHex(ref ranges, out var high))
            {
                const int Digits = 4;
                if (low.Length != high.Length || left <= 0 || !IsHex(low) || !IsHex(high))
                {
                    // One character: the same code twice.
                    var code = Math.Min(2, Math.Min(low.Length, high.Length));
                    SetTo(low, code);
                    SetTo(high, code);
                }
                else
                {
                    if (high.Length > Digits) low[..^Digits].CopyTo(high);
                    left -= Math.Max(1, Value(high) - Value(low));
                }
                ranges = ranges.TrimStart(White);
                if (ranges.StartsWith("["u8)) ranges = ranges[(ranges.IndexOf((byte)']') + 1)..];
                else if (!TakeHex(ref ranges, out _)) break;
            }
        }
    }

    // The next one, whatever stands before it: the library skips that, too.
    private static bool TakeHex(ref Span<byte> text, out Span<byte> digits)
    {
        digits = default;
        var start = text.IndexOf((byte)'<');
        if (start < 0) return false;
        text = text[(start + 1)..];
        var end = text.IndexOf((byte)'>');
        if (end < 0) return false;
        digits = text[..end];
        text = text[(end + 1)..];
        return true;
    }

    private static bool IsHex(ReadOnlySpan<byte> digits) => !digits.ContainsAnyExcept(HexDigits);

    private static void SetTo(Span<byte> digits, int zeros)
    {
        digits.Fill((byte)' ');
        digits[..zeros].Fill((byte)'0');
    }

    // Of the last digits, which is all that a range differs in.
    private static int Value(ReadOnlySpan<byte> digits) =>
        int.TryParse(digits[Math.Max(0, digits.Length - 4)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static byte[] Encrypted(ReadOnlySpan<byte> plain)
    {
        var key = 55_665;
        var bytes = new byte[plain.Length];
        for (var i = 0; i < plain.Length; i++)
        {
            bytes[i] = (byte)(plain[i] ^ (key >> 8));
            key = (((bytes[i] + key) * 52_845) + 22_719) & 0xFFFF;
        }
        return bytes;
    }
}
