using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ingestion.Extraction.Office;

/// <summary>The types of record that are read; the file has hundreds of others.</summary>
internal enum RecordType
{
    Row = 0,
    Number = 2,
    Error = 3,
    Bool = 4,
    Real = 5,
    Text = 6,
    SharedTextIndex = 7,
    FormulaText = 8,
    FormulaReal = 9,
    FormulaBool = 10,
    FormulaError = 11,
    SharedString = 19,
    NumberFormat = 44,
    Format = 47,
    WorkbookProperties = 153,
    BundleSheet = 156,
    MergedCells = 176,
    BeginCellFormats = 617,
    EndCellFormats = 618,
}

/// <summary>One record of a binary workbook part; reused for all of them. What lies beyond its end reads as zero.</summary>
internal sealed class BinaryRecord
{
    /// <summary>A cell holds 32,767 characters; nothing that is read is much longer.</summary>
    private const int MaxLength = 1 << 20;

    private byte[] _data = new byte[256];
    private int _length;

    public RecordType Type { get; private set; }

    /// <summary>False at the end of the part.</summary>
    /// <exception cref="InvalidDataException">The part ends inside a record.</exception>
    public bool ReadNext(Stream stream)
    {
        var first = stream.ReadByte();
        if (first < 0) return false;
        Type = (RecordType)(first < 0x80 ? first : (first & 0x7F) | ((ReadByte(stream) & 0x7F) << 7));
        var length = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            var part = ReadByte(stream);
            length |= (part & 0x7F) << shift;
            if (part < 0x80) break;
        }
        _length = Math.Min(length, MaxLength);
        if (_length > _data.Length) _data = new byte[_length];
        stream.ReadExactly(_data, 0, _length);
        for (var rest = length - _length; rest > 0; rest--) ReadByte(stream);
        return true;
    }

    public byte Byte(int at) => at < _length ? _data[at] : (byte)0;
    public ushort UInt16(int at) => at + 2 <= _length ? BinaryPrimitives.ReadUInt16LittleEndian(_data.AsSpan(at)) : (ushort)0;
    public uint UInt32(int at) => at + 4 <= _length ? BinaryPrimitives.ReadUInt32LittleEndian(_data.AsSpan(at)) : 0;
    public double Double(int at) => at + 8 <= _length ? BinaryPrimitives.ReadDoubleLittleEndian(_data.AsSpan(at)) : 0;

    /// <summary>A length in characters, then UTF-16. A length that passes the record's end, or says "none", gives no text.</summary>
    public string Text(int at)
    {
        var length = UInt32(at);
        return length <= (_length - at - 4) / 2 ? new string(MemoryMarshal.Cast<byte, char>(_data.AsSpan(at + 4, (int)length * 2))) : "";
    }

    private static int ReadByte(Stream stream)
    {
        var value = stream.ReadByte();
        return value >= 0 ? value : throw new InvalidDataException("The part ends inside a record.");
    }
}
