using System.Buffers.Binary;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Takes the outlines from a compact font (CFF), in place: the library runs the program of every glyph when it loads the font, and a text
/// has no use for what they draw. A font that is not as it should be stays as it is.
/// </summary>
internal static class CompactOutlines
{
    private const byte EndChar = 14;
    private const int CharStrings = 17;

    public static void Remove(Span<byte> font)
    {
        // Header, names, then the dictionaries of the fonts, of which a document's font has one.
        if (font.Length < 4 || !TryIndex(font, font[2], out var names) || !TryIndex(font, names.End, out var fonts) || fonts.Count != 1)
            return;
        if (FindCharStrings(font[fonts.Data..fonts.End]) is not { } at || !TryIndex(font, at, out var glyphs)) return;
        if (glyphs.End - glyphs.Data < glyphs.Count) return;
        for (var i = 0; i <= glyphs.Count; i++)
        {
            var offset = font.Slice(glyphs.Offsets + (i * glyphs.OffsetSize), glyphs.OffsetSize);
            for (var (b, value) = (glyphs.OffsetSize - 1, i + 1); b >= 0; b--, value >>= 8) offset[b] = (byte)value;
        }
        font.Slice(glyphs.Data, glyphs.Count).Fill(EndChar);
    }

    private readonly record struct Index(int Count, int OffsetSize, int Offsets, int Data, int End);

    // A count, the size of an offset, offsets from the byte before the data, one more than there are items, then the data.
    private static bool TryIndex(ReadOnlySpan<byte> font, int at, out Index index)
    {
        index = default;
        if (at < 0 || at + 3 > font.Length) return false;
        var count = BinaryPrimitives.ReadUInt16BigEndian(font[at..]);
        var (size, offsets) = ((int)font[at + 2], at + 3);
        var data = offsets + ((count + 1) * size);
        if (count == 0 || size is < 1 or > 4 || data > font.Length) return false;
        var last = 0L;
        foreach (var b in font.Slice(data - size, size)) last = (last << 8) | b;
        if (last < 1 || data + last - 1 > font.Length) return false;
        index = new Index(count, size, offsets, data, (int)(data + last - 1));
        return true;
    }

    /// <summary>Where the glyphs' programs are, by the dictionary's operator for it; null where that does not say.</summary>
    private static int? FindCharStrings(ReadOnlySpan<byte> dictionary)
    {
        int? operand = null;
        for (var at = 0; at < dictionary.Length;)
        {
            var first = dictionary[at];
            var length = first switch { 12 or (>= 247 and <= 254) => 2, 28 => 3, 29 => 5, _ => 1 };
            if (at + length > dictionary.Length) return null;
            if (first == CharStrings) return operand;
            operand = first switch
            {
                28 => BinaryPrimitives.ReadInt16BigEndian(dictionary[(at + 1)..]),
                29 => BinaryPrimitives.ReadInt32BigEndian(dictionary[(at + 1)..]),
                >= 32 and <= 246 => first - 139,
                >= 247 and <= 250 => ((first - 247) * 256) + dictionary[at + 1] + 108,
                _ => null,
            };
            at += length;
            // A decimal number ends with the half byte of ones.
            if (first != 30) continue;
            while (at < dictionary.Length && (dictionary[at] & 0xF) != 0xF) at++;
            at++;
        }
        return null;
    }
}
