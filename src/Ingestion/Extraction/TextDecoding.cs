using System.Buffers;
using System.Text;
using System.Text.Unicode;
using UtfUnknown;

namespace Ingestion.Extraction;

/// <summary>Bytes to text: byte order mark, then the declared charset, then UTF-8 if the bytes are valid UTF-8, then a guess.</summary>
public static class TextDecoding
{
    private const int SampleLength = 128 * 1024;

    static TextDecoding() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Reads the stream from its start to its end.</summary>
    /// <param name="inner">What the format itself says its charset is, such as an HTML <c>meta</c>; asked where nothing was declared.</param>
    /// <exception cref="ExtractionException">More bytes than <see cref="ExtractionLimits.MaxTextLength"/> characters could need.</exception>
    public static async Task<DecodedText> ReadAsync(DocumentContent content, CancellationToken cancel, Func<byte[], string?>? inner = null)
    {
        var bytes = await ReadBytesAsync(content, cancel);
        var decoded = Decode(bytes, content.Charset ?? inner?.Invoke(bytes), cancel);
        if (decoded.Text.Length > content.Limits.MaxTextLength) throw TooLong(content.Limits);
        return decoded;
    }

    /// <summary>The whole document as bytes, for formats that need them at once.</summary>
    /// <exception cref="ExtractionException">More bytes than <see cref="ExtractionLimits.MaxTextLength"/> characters could need.</exception>
    public static async Task<byte[]> ReadBytesAsync(DocumentContent content, CancellationToken cancel)
    {
        if (content.Bytes.Length > Math.Min(4L * content.Limits.MaxTextLength, Array.MaxLength)) throw TooLong(content.Limits);
        var bytes = new byte[(int)content.Bytes.Length];
        content.Bytes.Position = 0;
        for (var done = 0; done < bytes.Length;)
        {
            var read = await content.Bytes.ReadAsync(bytes.AsMemory(done, Math.Min(1 << 20, bytes.Length - done)), cancel);
            if (read == 0) return bytes[..done];
            done += read;
        }
        cancel.ThrowIfCancellationRequested();
        return bytes;
    }

    public static DecodedText Decode(byte[] bytes, string? charset, CancellationToken cancel = default)
    {
        var warnings = new List<string>();
        var encoding = FromMark(bytes) ?? FromDeclaration(bytes, charset, warnings) ?? Guess(bytes, warnings);
        cancel.ThrowIfCancellationRequested();
        var mark = encoding.Preamble;
        var text = encoding.GetString(bytes.AsSpan().StartsWith(mark) ? bytes.AsSpan(mark.Length) : bytes);

        var replaced = text.AsSpan().Count('\uFFFD');
        if (replaced > 0)
            warnings.Add($"{replaced} {(replaced == 1 ? "character" : "characters")} could not be read as {encoding.WebName} and stand as \uFFFD. Send the text as UTF-8, or declare its charset.");
        if (encoding.IsSingleByte && text.AsSpan().IndexOfAnyInRange('\u0080', '\u009F') >= 0)
            warnings.Add($"The text holds control characters when read as {encoding.WebName}, so it is probably in another charset. Send it as UTF-8, or declare its charset.");
        return new DecodedText(text, encoding.WebName, warnings);
    }

    /// <summary>Null where the bytes start with no byte order mark.</summary>
    public static Encoding? FromMark(ReadOnlySpan<byte> bytes)
    {
        foreach (var encoding in (ReadOnlySpan<Encoding>)[Encoding.UTF8, Encoding.UTF32, new UTF32Encoding(bigEndian: true, byteOrderMark: true), Encoding.Unicode, Encoding.BigEndianUnicode])
            if (bytes.StartsWith(encoding.Preamble)) return encoding;
        return null;
    }

    /// <summary>UTF-16 without a mark, told by the zero halves of its Latin letters, digits and spaces.</summary>
    public static Encoding? LooksLikeUtf16(ReadOnlySpan<byte> bytes)
    {
        var sample = bytes[..Math.Min(bytes.Length & ~1, 8192)];
        if (sample.Length < 16) return null;
        int even = 0, odd = 0;
        for (var i = 0; i < sample.Length; i += 2)
        {
            // Two zeros are no character of a text.
            if (sample[i] == 0 && sample[i + 1] == 0) return null;
            if (sample[i] == 0) even++;
            if (sample[i + 1] == 0) odd++;
        }
        var units = sample.Length / 2;
        if (odd > units / 5 && even <= units / 100) return Encoding.Unicode;
        return even > units / 5 && odd <= units / 100 ? Encoding.BigEndianUnicode : null;
    }

    /// <summary>Null for a charset that is not known. <c>latin1</c> and <c>ascii</c> mean windows-1252, as on the web.</summary>
    public static Encoding? ByName(string? charset)
    {
        var name = charset?.Trim().Trim('"', '\'').ToLowerInvariant();
        if (string.IsNullOrEmpty(name)) return null;
        name = name switch
        {
            "latin1" or "l1" or "iso-8859-1" or "iso8859-1" or "iso_8859-1" or "us-ascii" or "ascii" or "ansi" or "cp1252" => "windows-1252",
            "utf8" => "utf-8",
            "utf-7" => "",
            "gbk" or "gb2312" => "gb18030",
            "sjis" or "x-sjis" or "ms932" => "shift_jis",
            _ => name,
        };
        try
        {
            return Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return name.Contains('_', StringComparison.Ordinal) ? ByName(name.Replace('_', '-')) : null;
        }
    }

    /// <summary>Null for a Windows code page that is not known.</summary>
    public static Encoding? ByCodePage(int codePage)
    {
        try
        {
            return codePage is > 0 and < 65_536 ? Encoding.GetEncoding(codePage) : null;
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static Encoding? FromDeclaration(byte[] bytes, string? charset, List<string> warnings)
    {
        if (string.IsNullOrWhiteSpace(charset)) return null;
        if (ByName(charset) is not { } encoding)
        {
            warnings.Add($"The declared charset \"{(charset.Length > 40 ? charset[..40] : charset)}\" is not known, so the charset was guessed.");
            return null;
        }
        // Bytes that are valid UTF-8 beyond ASCII are UTF-8, whatever a header of old says; and a 16-bit charset needs 16-bit text.
        var mistaken = encoding.IsSingleByte
            ? !Ascii.IsValid(bytes) && Utf8.IsValid(bytes)
            : encoding.CodePage is 1200 or 1201 or 12000 or 12001 && LooksLikeUtf16(bytes) is null && Utf8.IsValid(bytes) && !bytes.AsSpan().Contains((byte)0);
        if (mistaken)
        {
            warnings.Add($"The text was declared as {encoding.WebName}, but it is UTF-8, and was read as that.");
            return Encoding.UTF8;
        }
        if (encoding.CodePage != Encoding.UTF8.CodePage || Utf8.IsValid(bytes)) return encoding;
        var guess = Guess(bytes, []);
        if (guess.CodePage == Encoding.UTF8.CodePage) return encoding;
        warnings.Add($"The text was declared as UTF-8, but it is not, and was read as {guess.WebName}.");
        return guess;
    }

    private static Encoding Guess(byte[] bytes, List<string> warnings)
    {
        if (LooksLikeUtf16(bytes) is { } wide) return wide;
        if (Utf8.IsValid(bytes) || IsDamagedUtf8(bytes)) return Encoding.UTF8;
        var sample = Sample(bytes);
        var best = CharsetDetector.DetectFromBytes(sample).Detected;
        var encoding = best is { Confidence: > 0.5f } ? ByName(best.EncodingName) : null;
        // The detector takes Western letters for those of its neighbours; the web's own default is the better guess then.
        if (encoding is null || encoding.CodePage is 28591 or 28605 or 28599 or 1254 or 850 or 437 or 20127 || encoding.CodePage == Encoding.UTF8.CodePage)
            encoding = Encoding.GetEncoding(1252);
        warnings.Add($"No charset was declared; the text was read as {encoding.WebName}, which is a guess.");
        return encoding;
    }

    // One broken byte must not turn a long UTF-8 text into another charset.
    private static bool IsDamagedUtf8(ReadOnlySpan<byte> bytes)
    {
        int good = 0, bad = 0;
        while (!bytes.IsEmpty)
        {
            var high = bytes.IndexOfAnyInRange((byte)0x80, (byte)0xFF);
            if (high < 0) break;
            bytes = bytes[high..];
            if (Rune.DecodeFromUtf8(bytes, out _, out var consumed) == OperationStatus.Done) good++;
            else bad++;
            bytes = bytes[consumed..];
        }
        return good > bad * 4;
    }

    private static byte[] Sample(byte[] bytes)
    {
        if (bytes.Length <= SampleLength) return bytes;
        var start = Math.Max(0, bytes.AsSpan().IndexOfAnyInRange((byte)0x80, (byte)0xFF) - 1024);
        return bytes.AsSpan(start, Math.Min(SampleLength, bytes.Length - start)).ToArray();
    }

    private static ExtractionException TooLong(ExtractionLimits limits) => new(ExtractionFailure.TooLarge,
        $"The document's text is longer than {limits.MaxTextLength} characters. Split it and send the parts.");
}

/// <param name="Charset">The name of the charset that it was read as.</param>
/// <param name="Warnings">What was guessed, replaced or looks wrong.</param>
public readonly record struct DecodedText(string Text, string Charset, IReadOnlyList<string> Warnings);
