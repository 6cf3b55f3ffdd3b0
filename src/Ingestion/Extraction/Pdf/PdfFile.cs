using UglyToad.PdfPig;
using UglyToad.PdfPig.Exceptions;

namespace Ingestion.Extraction.Pdf;

/// <summary>Opens a PDF, and says why where that fails.</summary>
internal static class PdfFile
{
    public static async Task<byte[]> ReadBytesAsync(Stream stream, CancellationToken cancel)
    {
        if (stream.Length > Array.MaxLength)
            throw new ExtractionException(ExtractionFailure.TooLarge, "The PDF is larger than 2 GB. Split it and send the parts.");
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancel).ConfigureAwait(false);
        return bytes;
    }

    public static PdfDocument Open(byte[] bytes, PdfParsing parsing)
    {
        if (HasAbsurdFieldWidths(bytes))
        {
            throw new ExtractionException(
                ExtractionFailure.Corrupt, "The PDF's cross-reference table is not valid. Open it in a viewer and save it anew.");
        }
        try
        {
            var document = PdfDocument.Open(bytes, parsing);
            document.AddPageFactory<PdfPage, PdfPageFactory>();
            return document;
        }
        catch (PdfDocumentEncryptedException failure)
        {
            throw new ExtractionException(
                ExtractionFailure.Encrypted, "The PDF needs a password to open. Remove the password and send it again.", failure);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or ExtractionException))
        {
            var message = bytes.AsSpan(0, Math.Min(bytes.Length, 1024)).IndexOf("%PDF"u8) < 0
                ? "The file is not a PDF: its %PDF header is missing. Check what was sent."
                : "The PDF is broken or cut short and cannot be opened. Open it in a viewer and save it anew, or send it again.";
            throw new ExtractionException(ExtractionFailure.Corrupt, message, failure);
        }
    }

    /// <summary>
    /// The library takes the widths of a cross-reference stream (<c>/W [1 2 1]</c>, in bytes) on trust and puts a buffer of their sum
    /// on the stack: absurd ones, also negative and those with an exponent, kill the process.
    /// </summary>
    private static bool HasAbsurdFieldWidths(ReadOnlySpan<byte> bytes)
    {
        // A cross-reference stream says what it is in the dictionary in front of it; widths of glyphs (also /W) may be what they like.
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf("stream"u8);
            var dictionary = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 6)..];
            if (dictionary.IndexOf("XRef"u8) >= 0 && HasAbsurdArray(dictionary)) return true;
        }
        return false;
    }

    private static bool HasAbsurdArray(ReadOnlySpan<byte> dictionary)
    {
        for (int found; (found = dictionary.IndexOf("/W"u8)) >= 0;)
        {
            dictionary = dictionary[(found + 2)..];
            if (IsAbsurd(dictionary)) return true;
        }
        return false;
    }

    // Three numbers whose sum fits; an array of arrays is one of glyphs.
    private static bool IsAbsurd(ReadOnlySpan<byte> array)
    {
        const int Longest = 6;
        array = array.TrimStart(" \t\r\n\f\0"u8);
        if (!array.StartsWith("["u8)) return false;
        array = array[1..];
        for (var number = 0; number < 3; number++)
        {
            array = array.TrimStart(" \t\r\n\f\0"u8);
            if (array.IsEmpty || array[0] is (byte)'[' or (byte)']') return false;
            var digits = array.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits is 0 or > Longest) return true;
            if (digits < 0) return array.Length > Longest;
            if (array[digits] == '.') digits += 1 + Math.Max(0, array[(digits + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9'));
            array = array[digits..];
            if (!array.IsEmpty && array[0] is (byte)'e' or (byte)'E' or (byte)'-' or (byte)'+') return true;
        }
        return false;
    }
}
