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
        // A cross-reference stream names itself in the same dictionary; widths of glyphs (also /W) may be what they like.
        const int Near = 1_000;
        var from = 0;
        while (bytes[from..].IndexOf("/W"u8) is var found and >= 0)
        {
            var at = from + found;
            from = at + 2;
            if (!IsAbsurd(bytes[from..])) continue;
            var start = Math.Max(0, at - Near);
            if (bytes[start..Math.Min(bytes.Length, at + Near)].IndexOf("XRef"u8) >= 0) return true;
        }
        return false;
    }

    private static bool IsAbsurd(ReadOnlySpan<byte> array)
    {
        const int Longest = 4;
        var i = 0;
        while (i < array.Length && array[i] <= ' ') i++;
        if (i >= array.Length || array[i++] != '[') return false;
        for (var number = 0; number < 3; number++)
        {
            while (i < array.Length && array[i] <= ' ') i++;
            var digits = i;
            while (i < array.Length && array[i] is >= (byte)'0' and <= (byte)'9') i++;
            if (i - digits > Longest) return true;
            if (i < array.Length && array[i] is (byte)']') return false;
            if (i == digits || (i < array.Length && array[i] > ' ')) return true;
        }
        return false;
    }
}
