using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Ingestion.Extraction;

public static partial class MediaTypes
{
    private static readonly SearchValues<byte> BinaryBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(b => (byte)b).Where(b => b is not (9 or 10 or 11 or 12 or 13 or 27 or 26))]);

    private static readonly (byte[] Magic, int At, string MediaType)[] Signatures =
    [
        ([0x89, (byte)'P', (byte)'N', (byte)'G'], 0, "image/png"),
        ([0xFF, 0xD8, 0xFF], 0, "image/jpeg"),
        ([.. "II*\0"u8], 0, "image/tiff"),
        ([.. "MM\0*"u8], 0, "image/tiff"),
        ([.. "GIF8"u8], 0, "image/gif"),
        ([.. "WEBPVP8"u8], 8, "image/webp"),
        ([.. "BM"u8], 0, "image/bmp"),
        ([.. "{\\rtf"u8], 0, Rtf),
        ([0x1F, 0x8B], 0, "application/gzip"),
        ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], 0, "application/x-7z-compressed"),
        ([.. "Rar!"u8, 0x1A, 0x07], 0, "application/vnd.rar"),
        ([0xFD, .. "7zXZ\0"u8], 0, "application/x-xz"),
        ([.. "BZh"u8], 0, "application/x-bzip2"),
        ([.. "ustar"u8], 257, "application/x-tar"),
        ([0x7F, .. "ELF"u8], 0, "application/x-executable"),
        ([.. "MZ"u8], 0, "application/x-executable"),
        ([.. "SQLite format 3\0"u8], 0, "application/vnd.sqlite3"),
        ([.. "OggS"u8], 0, "audio/ogg"),
        ([.. "ID3"u8], 0, "audio/mpeg"),
        ([.. "fLaC"u8], 0, "audio/flac"),
        ([.. "ftyp"u8], 4, "video/mp4"),
    ];

    /// <summary>Null for a text that could be of several formats.</summary>
    private static string? FromContent(ReadOnlySpan<byte> head, Stream bytes, string? claimed, ExtractionLimits limits)
    {
        if (head.StartsWith("PK\u0003\u0004"u8) || head.StartsWith("PK\u0005\u0006"u8)) return FromZip(head, bytes, limits);
        if (head.StartsWith(CompoundFile.Signature)) return FromCompoundFile(bytes);
        var binary = IsBinary(head);
        if (IsPdf(head, binary, claimed)) return Pdf;
        foreach (var (magic, at, mediaType) in Signatures)
        {
            // Two or three letters may begin a text as well.
            if (head.Length >= at + magic.Length && head[at..].StartsWith(magic) && (binary || magic.Length > 3 || magic[0] is < 9 or > 126 or 0x1F)) return mediaType;
        }
        return binary ? Unknown : FromText(Text(head), claimed);
    }

    private static bool IsPdf(ReadOnlySpan<byte> head, bool binary, string? claimed)
    {
        var at = head[..Math.Min(head.Length, 1024)].IndexOf("%PDF-"u8);
        // A text may speak of PDF in its first lines; a PDF may have a few foreign lines above it.
        return at == 0 || (at > 0 && (binary || claimed is Pdf || !IsText(claimed)) && head.Length > at + 5 && char.IsAsciiDigit((char)head[at + 5]));
    }

    private static string FromZip(ReadOnlySpan<byte> head, Stream bytes, ExtractionLimits limits)
    {
        // OpenDocument and EPUB say what they are in a first entry that is not compressed.
        var first = head.Length > 38 && head[30..].StartsWith("mimetype"u8) ? head[38..Math.Min(head.Length, 138)] : [];
        foreach (var type in (ReadOnlySpan<string>)[Epub, Odt, Ods, Odp])
            if (first.IndexOf(Encoding.ASCII.GetBytes(type)) >= 0) return type;

        var names = ZipDirectory.Read(bytes, limits).Names;
        if (Has(names, "xl/workbook.bin")) return Xlsb;
        if (Has(names, "[Content_Types].xml") || Has(names, "_rels/.rels"))
        {
            if (Has(names, "word/")) return Docx;
            if (Has(names, "ppt/")) return Pptx;
            if (Has(names, "xl/")) return Xlsx;
        }
        return Has(names, "META-INF/container.xml") ? Epub : Zip;

        static bool Has(IReadOnlyList<string> names, string start) =>
            names.Any(name => name.TrimStart('/').StartsWith(start, StringComparison.OrdinalIgnoreCase));
    }

    private static string FromCompoundFile(Stream bytes)
    {
        foreach (var entry in new CompoundFile(bytes).Entries)
        {
            switch (entry.Name)
            {
                case "EncryptedPackage" or "EncryptionInfo": return EncryptedOffice;
                case "WordDocument": return Doc;
                case "Workbook" or "Book": return Xls;
                case "PowerPoint Document": return Ppt;
                case "__properties_version1.0": return Msg;
            }
        }
        return Unknown;
    }

    private static bool IsBinary(ReadOnlySpan<byte> head)
    {
        if (TextDecoding.FromMark(head) is not null || TextDecoding.LooksLikeUtf16(head) is not null) return false;
        var control = 0;
        for (var rest = head; rest.IndexOfAny(BinaryBytes) is var at and >= 0; rest = rest[(at + 1)..])
        {
            if (rest[at] == 0 || ++control > Math.Max(8, head.Length / 50)) return true;
        }
        return false;
    }

    private static string Text(ReadOnlySpan<byte> head)
    {
        var encoding = TextDecoding.FromMark(head) ?? TextDecoding.LooksLikeUtf16(head) ?? Encoding.Latin1;
        var text = encoding.GetString(head).TrimStart('\uFEFF', ' ', '\t', '\r', '\n', '\f');
        return text.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? text[3..].TrimStart() : text;
    }

    private static string? FromText(string text, string? claimed)
    {
        if (text.StartsWith("WEBVTT", StringComparison.Ordinal)) return WebVtt;
        if (text.StartsWith("{\\rtf", StringComparison.Ordinal)) return Rtf;
        var markup = AfterCommentsAndDeclarations(text);
        // Templates of many languages start like a page; their name tells.
        if (claimed is not SourceCode && (Starts(markup, "<!doctype html") || Starts(markup, "<html"))) return Html;
        if (IsText(claimed)) return null;
        if (Starts(text, "<?xml")) return Xml;
        foreach (var tag in (ReadOnlySpan<string>)["<head", "<body", "<script", "<title", "<meta", "<table", "<div", "<p>", "<h1", "<h2", "<ul", "<br", "<font"])
            if (Starts(markup, tag)) return Html;
        if (LooksLikeJson(text)) return text.Contains("\"nbformat\"", StringComparison.Ordinal) ? Notebook : Json;
        if (LooksLikeMail(text)) return text.StartsWith("From ", StringComparison.Ordinal) ? Mailbox : Email;
        return null;
    }

    private static bool Starts(ReadOnlySpan<char> text, string start) => text.StartsWith(start, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> AfterCommentsAndDeclarations(ReadOnlySpan<char> text)
    {
        while (true)
        {
            var end = text.StartsWith("<!--") ? "-->" : text.StartsWith("<?xml") ? "?>" : null;
            if (end is null) return text;
            var at = text.IndexOf(end);
            if (at < 0) return [];
            text = text[(at + end.Length)..].TrimStart();
        }
    }

    private static bool LooksLikeJson(string text)
    {
        if (text.Length < 2 || text[0] is not ('{' or '[')) return false;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), isFinalBlock: false, default);
        var tokens = 0;
        try
        {
            while (tokens < 1000 && reader.Read()) tokens++;
        }
        catch (JsonException)
        {
            return false;
        }
        return tokens > 2;
    }

    private static bool LooksLikeMail(string text)
    {
        var headers = 0;
        foreach (var line in text.AsSpan(0, Math.Min(text.Length, 4096)).EnumerateLines())
        {
            if (line.IsEmpty) break;
            foreach (var name in (ReadOnlySpan<string>)["Received:", "Return-Path:", "Message-ID:", "MIME-Version:", "From:", "To:", "Subject:", "Date:", "Delivered-To:"])
                if (Starts(line, name)) headers++;
        }
        return headers >= 3;
    }
}
