using System.Buffers.Binary;

using System.Text;

namespace Ingestion.Extraction.Mail;

/// <summary>The properties of an Outlook item ([MS-OXMSG]), which lie as streams in a storage of a compound file.</summary>
internal sealed class MsgProperties
{
    private readonly CompoundFile _file;
    private readonly Dictionary<string, int> _streams = new(StringComparer.OrdinalIgnoreCase);
    private readonly byte[] _fixed;
    private readonly int _fixedStart;

    /// <param name="fixedStart">Where the table of short values starts: 32 in a mail, 24 in a mail within a mail, 8 in an attachment.</param>
    public MsgProperties(CompoundFile file, int storage, int fixedStart)
    {
        (_file, _fixedStart) = (file, fixedStart);
        var children = file.ChildrenOf(storage);
        foreach (var child in children) _streams.TryAdd(file.Entries[child].Name, child);
        Attachments = [.. children.Where(child => file.Entries[child].IsStorage && file.Entries[child].Name.StartsWith("__attach_", StringComparison.OrdinalIgnoreCase))
            .OrderBy(child => file.Entries[child].Name, StringComparer.Ordinal)];
        _fixed = _streams.TryGetValue("__properties_version1.0", out var table) ? file.ReadStream(table) : [];
    }

    public IReadOnlyList<int> Attachments { get; }

    /// <summary>Null where it is missing or empty.</summary>
    public string? Text(string tag)
    {
        if (Bytes(tag, "001F") is { Length: > 0 } wide) return Trimmed(Encoding.Unicode.GetString(wide));
        return Bytes(tag, "001E") is { Length: > 0 } narrow ? Trimmed(TextDecoding.Decode(narrow, CodePage).Text) : null;
    }

    public byte[]? Bytes(string tag, string type = "0102") =>
        _streams.TryGetValue($"__substg1.0_{tag}{type}", out var stream) && !_file.Entries[stream].IsStorage ? _file.ReadStream(stream) : null;

    /// <summary>The storage that a property is, such as a mail that is attached.</summary>
    public int? Storage(string tag) => _streams.TryGetValue($"__substg1.0_{tag}000D", out var storage) && _file.Entries[storage].IsStorage ? storage : null;

    public DateTimeOffset? Time(uint tag) =>
        Short(tag) is { } value && value > 0 && value < DateTime.MaxValue.ToFileTimeUtc() ? DateTimeOffset.FromFileTime(value).ToUniversalTime() : null;

    public string? CodePage => Short(0x3FDE0003) is { } page ? TextDecoding.ByCodePage((int)page)?.WebName : null;

    public long? Short(uint tag)
    {
        for (var at = _fixedStart; at + 16 <= _fixed.Length; at += 16)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(_fixed.AsSpan(at)) != tag) continue;
            return (tag & 0xFFFF) == 3 ? BinaryPrimitives.ReadInt32LittleEndian(_fixed.AsSpan(at + 8)) : BinaryPrimitives.ReadInt64LittleEndian(_fixed.AsSpan(at + 8));
        }
        return null;
    }

    private static string? Trimmed(string text) => text.Trim('\0', ' ') is { Length: > 0 } trimmed ? trimmed : null;
}
