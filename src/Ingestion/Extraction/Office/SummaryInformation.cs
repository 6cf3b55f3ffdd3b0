using System.Buffers.Binary;

namespace Ingestion.Extraction.Office;

/// <summary>What an old Office document says of itself: the property set in a stream of its compound file ([MS-OLEPS]).</summary>
internal static class SummaryInformation
{
    private const uint Title = 2, Author = 4, Created = 12, Modified = 13, CodePage = 1;
    private const ushort NarrowText = 30, WideText = 31, FileTime = 64, Short = 2;

    public static CoreProperties Of(CompoundFile file)
    {
        try
        {
            return file.ReadStream("\u0005SummaryInformation") is { Length: >= 48 } bytes ? Read(bytes) : new CoreProperties();
        }
        catch (ExtractionException)
        {
            // The document is worth reading without them.
            return new CoreProperties();
        }
    }

    private static CoreProperties Read(byte[] bytes)
    {
        var set = Word(bytes, 44);
        if (set + 8 > bytes.Length) return new CoreProperties();
        var properties = new Dictionary<uint, long>();
        var count = Math.Min(Word(bytes, set + 4), 256);
        for (var i = 0; i < count; i++) properties.TryAdd((uint)Word(bytes, set + 8 + (i * 8)), set + Word(bytes, set + 12 + (i * 8)));
        return new CoreProperties
        {
            Title = Text(bytes, properties, Title),
            Author = Text(bytes, properties, Author),
            Created = Time(bytes, properties, Created),
            Modified = Time(bytes, properties, Modified),
        };
    }

    private static string? Text(byte[] bytes, Dictionary<uint, long> properties, uint id)
    {
        if (!properties.TryGetValue(id, out var at)) return null;
        var wide = (ushort)Word(bytes, at) == WideText;
        if (!wide && (ushort)Word(bytes, at) != NarrowText) return null;
        var length = Word(bytes, at + 4) * (wide ? 2 : 1);
        if (length <= 0 || at + 8 + length > bytes.Length) return null;
        var text = bytes.AsSpan((int)at + 8, (int)length).ToArray();
        var page = properties.TryGetValue(CodePage, out var place) && (ushort)Word(bytes, place) == Short ? (ushort)Word(bytes, place + 4) : 1252;
        var encoding = wide ? System.Text.Encoding.Unicode : TextDecoding.ByCodePage(page) ?? TextDecoding.ByCodePage(1252)!;
        var value = MarkdownWriter.Clean(encoding.GetString(text)).Trim('\0', ' ', '\n');
        return value.Length == 0 ? null : value;
    }

    private static DateTimeOffset? Time(byte[] bytes, Dictionary<uint, long> properties, uint id)
    {
        if (!properties.TryGetValue(id, out var at) || (ushort)Word(bytes, at) != FileTime || at + 12 > bytes.Length) return null;
        var time = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)at + 4));
        return time > 0 && time < DateTime.MaxValue.ToFileTimeUtc() ? DateTimeOffset.FromFileTime(time).ToUniversalTime() : null;
    }

    private static long Word(byte[] bytes, long at) =>
        at >= 0 && at + 4 <= bytes.Length ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan((int)at)) : 0;
}
