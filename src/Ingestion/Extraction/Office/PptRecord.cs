using System.Buffers.Binary;

namespace Ingestion.Extraction.Office;

/// <summary>A record of a PPT ([MS-PPT], [MS-ODRAW]): a header of eight bytes, then values or, in a container, records.</summary>
/// <param name="Instance">Tells records of one type apart.</param>
internal readonly record struct PptRecord(byte[] Stream, PptType Type, int Instance, bool IsContainer, int Start, int End)
{
    private const int HeaderLength = 8;

    public ReadOnlySpan<byte> Bytes => Stream.AsSpan(Start, End - Start);

    /// <summary>Records that run over the end of their container are cut at it.</summary>
    public IEnumerable<PptRecord> Children
    {
        get
        {
            for (var at = Start; IsContainer && at + HeaderLength <= End;)
            {
                var record = At(Stream, at, End)!.Value;
                yield return record;
                at = record.End;
            }
        }
    }

    public PptRecord? Child(PptType type)
    {
        foreach (var child in Children)
            if (child.Type == type) return child;
        return null;
    }

    /// <summary>Null where no whole header stands there.</summary>
    public static PptRecord? At(byte[] stream, long at, int end)
    {
        if (at < 0 || at + HeaderLength > end) return null;
        var header = stream.AsSpan((int)at, HeaderLength);
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header);
        var start = (int)at + HeaderLength;
        var length = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(header[4..]), (uint)(end - start));
        var type = (PptType)BinaryPrimitives.ReadUInt16LittleEndian(header[2..]);
        return new PptRecord(stream, type, version >> 4, (version & 0xF) == 0xF, start, start + (int)length);
    }

    /// <summary>0 where the record is too short.</summary>
    public uint Word(int at) => at + 4 <= Bytes.Length ? BinaryPrimitives.ReadUInt32LittleEndian(Bytes[at..]) : 0;

    /// <inheritdoc cref="Word"/>
    public ushort Short(int at) => at + 2 <= Bytes.Length ? BinaryPrimitives.ReadUInt16LittleEndian(Bytes[at..]) : (ushort)0;
}

/// <summary>The types of records that are read.</summary>
internal enum PptType : ushort
{
    Document = 0x03E8,
    Slide = 0x03EE,
    SlideAtom = 0x03EF,
    SlidePersist = 0x03F3,
    SlideShowInfo = 0x03F9,
    ObjectList = 0x0409,
    Drawing = 0x040C,
    Placeholder = 0x0BC3,
    OutlineTextReference = 0x0F9E,
    TextHeader = 0x0F9F,
    TextChars = 0x0FA0,
    TextStyle = 0x0FA1,
    TextBytes = 0x0FA8,
    Numbering = 0x0FAC,
    String = 0x0FBA,
    HyperlinkAtom = 0x0FD3,
    Hyperlink = 0x0FD7,
    HeadersFooters = 0x0FD9,
    TextInteraction = 0x0FDF,
    SlideList = 0x0FF0,
    Interaction = 0x0FF2,
    InteractionAtom = 0x0FF3,
    UserEdit = 0x0FF5,
    Comment = 0x2EE0,
    ProgramTags = 0x1388,
    ProgramTag = 0x138A,
    ProgramTagData = 0x138B,
    PersistDirectory = 0x1772,
    ShapeGroup = 0xF003,
    Shape = 0xF004,
    ShapeProperties = 0xF122,
    ShapeTextbox = 0xF00D,
    ShapeAnchor = 0xF00F,
    ShapeData = 0xF011,
    ShapeOptions = 0xF00B,
}
