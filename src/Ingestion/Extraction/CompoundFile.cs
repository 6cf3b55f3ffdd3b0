using System.Buffers.Binary;
using System.Text;

namespace Ingestion.Extraction;

/// <summary>The container of the old Office formats ([MS-CFB]): sectors chained by a table, and a tree of named streams.</summary>
public sealed class CompoundFile
{
    private const uint EndOfChain = 0xFFFFFFFE;

    private readonly Stream _stream;
    private readonly int _sectorSize;
    private readonly int _miniSize;
    private readonly uint _miniCutoff;
    private readonly uint[] _next;
    private readonly uint[] _miniNext;
    private byte[]? _miniStream;

    /// <exception cref="ExtractionException">Not a compound file, or a broken one.</exception>
    public CompoundFile(Stream stream)
    {
        _stream = stream;
        var header = new byte[512];
        stream.Position = 0;
        if (stream.ReadAtLeast(header, 512, throwOnEndOfStream: false) < 512 || !header.AsSpan().StartsWith(Signature)) throw Broken();
        int shift = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(30)),
            miniShift = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(32));
        if (shift is not (9 or 12) || miniShift is < 4 or > 9) throw Broken();
        _sectorSize = 1 << shift;
        _miniSize = 1 << miniShift;
        _miniCutoff = Word(header, 56);
        _next = ReadTable(header);
        _miniNext = Words(ReadChain(Word(header, 60), long.MaxValue));
        Entries = ReadDirectory(ReadChain(Word(header, 48), long.MaxValue));
    }

    public static ReadOnlySpan<byte> Signature => [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

    /// <summary>Whether the stream, which is left at position 0, starts as one.</summary>
    public static bool IsOne(Stream stream)
    {
        Span<byte> start = stackalloc byte[8];
        stream.Position = 0;
        var read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return start[..read].SequenceEqual(Signature);
    }

    /// <summary>All entries; the first is the root.</summary>
    public IReadOnlyList<CompoundEntry> Entries { get; }

    /// <summary>Null where the storage has no such stream.</summary>
    public byte[]? ReadStream(string name, int storage = 0)
    {
        foreach (var child in ChildrenOf(storage))
            if (!Entries[child].IsStorage && Entries[child].Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return ReadStream(child);
        return null;
    }

    public byte[] ReadStream(int entry)
    {
        var (start, size) = (Entries[entry].Start, Entries[entry].Size);
        if (size == 0) return [];
        return size < _miniCutoff ? ReadMiniChain(start, size) : ReadChain(start, size);
    }

    public IReadOnlyList<int> ChildrenOf(int storage)
    {
        var children = new List<int>();
        var seen = new HashSet<uint>();
        var open = new Stack<uint>();
        open.Push(Entries[storage].Child);
        while (open.TryPop(out var id))
        {
            if (id >= Entries.Count || !seen.Add(id)) continue;
            children.Add((int)id);
            open.Push(Entries[(int)id].Right);
            open.Push(Entries[(int)id].Left);
        }
        return children;
    }

    private uint[] ReadTable(byte[] header)
    {
        var sectors = new List<uint>();
        for (var i = 0; i < 109; i++) sectors.Add(Word(header, 76 + (i * 4)));
        var more = Word(header, 68);
        var steps = 0;
        while (more < EndOfChain && steps++ < SectorCount)
        {
            var words = Words(ReadSector(more));
            sectors.AddRange(words.AsSpan(0, words.Length - 1));
            more = words[^1];
        }
        var next = new List<uint>();
        foreach (var sector in sectors)
        {
            if (sector >= EndOfChain || sector >= SectorCount || next.Count > SectorCount) continue;
            next.AddRange(Words(ReadSector(sector)));
        }
        return [.. next];
    }

    private long SectorCount => Math.Max(0, (_stream.Length - 1) / _sectorSize);

    private byte[] ReadSector(uint sector)
    {
        var bytes = new byte[_sectorSize];
        FillSector(sector, bytes);
        return bytes;
    }

    // The last sector may be cut short; what is missing reads as zero.
    private void FillSector(uint sector, Span<byte> bytes)
    {
        var position = ((long)sector + 1) * _sectorSize;
        if (position >= _stream.Length) throw Broken();
        _stream.Position = position;
        _stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
    }

    private byte[] ReadChain(uint start, long size)
    {
        var bytes = new MemoryStream();
        var sector = new byte[_sectorSize];
        var steps = 0L;
        for (var at = start; at < EndOfChain && bytes.Length < size; at = at < _next.Length ? _next[at] : EndOfChain)
        {
            if (steps++ > SectorCount) throw Broken();
            sector.AsSpan().Clear();
            FillSector(at, sector);
            bytes.Write(sector, 0, (int)Math.Min(sector.Length, size - bytes.Length));
        }
        if (size != long.MaxValue && bytes.Length < size) throw Broken();
        return bytes.ToArray();
    }

    private byte[] ReadMiniChain(uint start, long size)
    {
        _miniStream ??= ReadChain(Entries[0].Start, Entries[0].Size);
        if (size > _miniStream.Length) throw Broken();
        var bytes = new byte[size];
        var at = start;
        for (var done = 0; done < bytes.Length; done += _miniSize)
        {
            var from = (long)at * _miniSize;
            var length = Math.Min(_miniSize, bytes.Length - done);
            if (at >= EndOfChain || from + length > _miniStream.Length) throw Broken();
            _miniStream.AsSpan((int)from, length).CopyTo(bytes.AsSpan(done));
            at = at < _miniNext.Length ? _miniNext[at] : EndOfChain;
        }
        return bytes;
    }

    private static List<CompoundEntry> ReadDirectory(byte[] directory)
    {
        var entries = new List<CompoundEntry>(directory.Length / 128);
        for (var at = 0; at + 128 <= directory.Length; at += 128)
        {
            var entry = directory.AsSpan(at, 128);
            var nameLength = Math.Clamp(BinaryPrimitives.ReadUInt16LittleEndian(entry[64..]) - 2, 0, 62);
            entries.Add(new CompoundEntry(
                Encoding.Unicode.GetString(entry[..nameLength]),
                IsStorage: entry[66] is 1 or 5,
                Left: Word(entry, 68), Right: Word(entry, 72), Child: Word(entry, 76),
                Start: Word(entry, 116), Size: Word(entry, 120)));
        }
        if (entries.Count == 0) throw Broken();
        return entries;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static uint[] Words(byte[] bytes)
    {
        var words = new uint[bytes.Length / 4];
        for (var i = 0; i < words.Length; i++) words[i] = Word(bytes, i * 4);
        return words;
    }

    private static ExtractionException Broken() => new(ExtractionFailure.Corrupt,
        "The file is a broken or cut-short Office container. Open it with its own program, save it again, and send that.");
}

/// <param name="Child">The root of the storage's tree of children; <paramref name="Left"/> and <paramref name="Right"/> are its
/// siblings.</param>
/// <param name="Start">First sector.</param>
/// <param name="Size">Bytes.</param>
public readonly record struct CompoundEntry(string Name, bool IsStorage, uint Left, uint Right, uint Child, uint Start, uint Size);
