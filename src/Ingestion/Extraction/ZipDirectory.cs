using System.Buffers.Binary;
using System.Text;

namespace Ingestion.Extraction;

/// <summary>A ZIP container's central directory, read without allocating what a hostile one asks for.</summary>
public sealed record ZipDirectory(IReadOnlyList<string> Names, bool Encrypted, bool CutShort)
{
    private const uint LocalHeader = 0x04034b50, CentralHeader = 0x02014b50, EndOfDirectory = 0x06054b50;

    /// <summary>Of a container without a readable directory (cut short), the names of the entries that stand at its start.</summary>
    /// <exception cref="ExtractionException">More entries than <see cref="ExtractionLimits.MaxArchiveEntries"/>.</exception>
    public static ZipDirectory Read(Stream stream, ExtractionLimits limits)
    {
        var tail = new byte[(int)Math.Min(stream.Length, 22 + ushort.MaxValue)];
        stream.Position = stream.Length - tail.Length;
        stream.ReadExactly(tail);
        for (var at = tail.Length - 22; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at)) != EndOfDirectory) continue;
            var size = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at + 12));
            var end = stream.Length - tail.Length + at;
            var start = end - size;
            // Zip64 keeps its own end record between the two; its directory starts where the 32-bit field cannot say.
            if (size == uint.MaxValue || start < 0) start = Zip64Start(stream, end) ?? -1;
            if (start >= 0) return ReadHeaders(stream, start, CentralHeader, limits);
        }
        return ReadHeaders(stream, 0, LocalHeader, limits) with { CutShort = true };
    }

    private static long? Zip64Start(Stream stream, long end)
    {
        if (end < 20) return null;
        var locator = new byte[20];
        stream.Position = end - 20;
        stream.ReadExactly(locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != 0x07064b50) return null;
        var record = BinaryPrimitives.ReadInt64LittleEndian(locator.AsSpan(8));
        if (record < 0 || record > stream.Length - 56) return null;
        var fields = new byte[56];
        stream.Position = record;
        stream.ReadExactly(fields);
        var start = BinaryPrimitives.ReadInt64LittleEndian(fields.AsSpan(48));
        return start >= 0 && start < stream.Length ? start : null;
    }

    private static ZipDirectory ReadHeaders(Stream stream, long start, uint signature, ExtractionLimits limits)
    {
        var (fixedPart, flags, nameLength) = signature == CentralHeader ? (46, 8, 28) : (30, 6, 26);
        var names = new List<string>();
        var encrypted = false;
        var header = new byte[46];
        var name = new byte[512];
        stream.Position = start;
        while (stream.ReadAtLeast(header.AsSpan(0, fixedPart), fixedPart, throwOnEndOfStream: false) == fixedPart
               && BinaryPrimitives.ReadUInt32LittleEndian(header) == signature)
        {
            if (names.Count >= limits.MaxArchiveEntries)
                throw new ExtractionException(ExtractionFailure.TooLarge,
                    $"The file is a container of more than {limits.MaxArchiveEntries} entries. Split it and send the parts.");
            var flagBits = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(flags));
            encrypted |= (flagBits & 1) != 0;
            int full = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(nameLength)), kept = Math.Min(full, name.Length);
            if (stream.ReadAtLeast(name.AsSpan(0, kept), kept, throwOnEndOfStream: false) < kept) break;
            names.Add(Encoding.UTF8.GetString(name, 0, kept));

            long skip = full - kept + BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(nameLength + 2));
            if (signature == CentralHeader) skip += BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(32));
            else if ((flagBits & 8) != 0) break; // The size stands after the data: what follows cannot be found without unpacking.
            else skip += BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(18));
            if (stream.Position + skip > stream.Length) break;
            stream.Position += skip;
        }
        return new ZipDirectory(names, encrypted, CutShort: false);
    }
}
