using System.Buffers.Binary;

namespace Ingestion.Extraction.Mail;

/// <summary>The packing of rich text in Outlook items ([MS-OXRTFCP]): references into a ring of 4,096 bytes that starts with common RTF.</summary>
internal static class CompressedRtf
{
    private const uint Packed = 0x75465A4C, Plain = 0x414C454D;

    private static ReadOnlySpan<byte> Start => "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"u8
        + "{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"u8;

    /// <exception cref="ExtractionException">Broken, or larger than the limit on text.</exception>
    public static byte[] Unpack(byte[] packed, ExtractionLimits limits)
    {
        if (packed.Length < 16) throw Broken();
        var size = BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan(4));
        var kind = BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan(8));
        if (kind == Plain) return packed[16..];
        // A reference of two bytes stands for 17 at most.
        if (kind != Packed || size > packed.Length * 17L) throw Broken();
        if (size > limits.MaxTextLength) throw new ExtractionException(ExtractionFailure.TooLarge, $"The mail's text is longer than {limits.MaxTextLength} characters.");

        var ring = new byte[4096];
        Start.CopyTo(ring);
        var write = Start.Length;
        var unpacked = new MemoryStream();
        for (var at = 16; at < packed.Length;)
        {
            var flags = packed[at++];
            for (var bit = 0; bit < 8 && at < packed.Length; bit++, flags >>= 1)
            {
                if ((flags & 1) == 0)
                {
                    Put(packed[at++]);
                    continue;
                }
                if (at + 2 > packed.Length) return unpacked.ToArray();
                var reference = BinaryPrimitives.ReadUInt16BigEndian(packed.AsSpan(at));
                at += 2;
                var from = reference >> 4;
                if (from == (write & 0xFFF)) return unpacked.ToArray(); // The mark of the end.
                for (var i = 0; i < (reference & 0xF) + 2; i++) Put(ring[(from + i) & 0xFFF]);
            }
        }
        return unpacked.ToArray();

        void Put(byte value)
        {
            unpacked.WriteByte(value);
            ring[write++ & 0xFFF] = value;
        }
    }

    private static ExtractionException Broken() =>
        new(ExtractionFailure.Corrupt, "The mail's rich text is broken. Open it in its program, save it again, and send that.");
}
