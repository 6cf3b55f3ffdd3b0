using System.Buffers.Binary;

namespace Ingestion.Extraction.Ocr;

/// <summary>How large a picture says it is, read from its header before anything unpacks it.</summary>
internal static class PictureSize
{
    private const int MaxTiffPages = 10_000;

    /// <summary>Width times height of its largest page; null where its header is not one.</summary>
    public static long? Pixels(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 24 && bytes[1..4].SequenceEqual("PNG"u8))
            return (long)BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]) * BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]);
        if (bytes.Length > 4 && bytes[0] == 0xFF && bytes[1] == 0xD8) return OfJpeg(bytes);
        if (bytes.Length > 30 && bytes[8..12].SequenceEqual("WEBP"u8)) return OfWebP(bytes);
        if (bytes.StartsWith("II"u8) || bytes.StartsWith("MM"u8)) return OfTiff(bytes);
        return null;
    }

    private static long? OfJpeg(ReadOnlySpan<byte> bytes)
    {
        for (var at = 2; at + 9 < bytes.Length;)
        {
            if (bytes[at] != 0xFF) return null;
            var marker = bytes[at + 1];
            if (marker is 0xFF or 0x01 or >= 0xD0 and <= 0xD8)
            {
                at += marker == 0xFF ? 1 : 2;
                continue;
            }
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
                return (long)BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 5)..]) * BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 7)..]);
            at += 2 + Math.Max(2, (int)BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]));
        }
        return null;
    }

    private static long? OfWebP(ReadOnlySpan<byte> bytes)
    {
        if (bytes[12..16].SequenceEqual("VP8 "u8))
            return (long)(BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]) & 0x3FFF) * (BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]) & 0x3FFF);
        if (bytes[12..16].SequenceEqual("VP8L"u8))
        {
            var sizes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[21..]);
            return (long)((sizes & 0x3FFF) + 1) * ((sizes >> 14 & 0x3FFF) + 1);
        }
        return bytes[12..16].SequenceEqual("VP8X"u8)
            ? (long)((BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]) & 0xFFFFFF) + 1) * ((BinaryPrimitives.ReadUInt32LittleEndian(bytes[26..]) >> 8) + 1)
            : null;
    }

    private static long? OfTiff(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8) return null;
        var little = bytes[0] == 'I';
        long? largest = null;
        long at = Long(bytes[4..]);
        for (var page = 0; at > 0 && page < MaxTiffPages; page++)
        {
            if (at + 2 > bytes.Length) return largest;
            var fields = Short(bytes[(int)at..]);
            if (at + 2 + (12L * fields) + 4 > bytes.Length) return largest;
            long width = 0, height = 0;
            for (var field = 0; field < fields; field++)
            {
                var entry = bytes.Slice((int)at + 2 + (12 * field), 12);
                var value = Short(entry[2..]) == 3 ? Short(entry[8..]) : Long(entry[8..]);
                if (Short(entry) == 256) width = value;
                if (Short(entry) == 257) height = value;
            }
            largest = Math.Max(largest ?? 0, width * height);
            at = Long(bytes[((int)at + 2 + (12 * fields))..]);
        }
        return largest;

        ushort Short(ReadOnlySpan<byte> span) => little ? BinaryPrimitives.ReadUInt16LittleEndian(span) : BinaryPrimitives.ReadUInt16BigEndian(span);
        uint Long(ReadOnlySpan<byte> span) => little ? BinaryPrimitives.ReadUInt32LittleEndian(span) : BinaryPrimitives.ReadUInt32BigEndian(span);
    }
}
