using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>Word, Excel and PowerPoint wrap an encrypted document in a compound file (OLE) instead of a zip.</summary>
internal static class CompoundFileCheck
{
    private static ReadOnlySpan<byte> Signature => [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    private static readonly byte[] EncryptedPackage = Encoding.Unicode.GetBytes("EncryptedPackage");

    /// <exception cref="ExtractionException">Encrypted; or Corrupt for another compound file, such as an old binary document.</exception>
    public static void RefuseCompoundFile(Stream bytes)
    {
        if (!IsCompoundFile(bytes)) return;
        if (Holds(bytes, EncryptedPackage)) throw OfficePackage.Encrypted();
        throw new ExtractionException(ExtractionFailure.Corrupt,
            "The file is in the old binary Office format, not the one that its type says. "
            + "Save it as DOCX, PPTX or XLSX, or send it under its own type.");
    }

    public static bool IsCompoundFile(Stream bytes)
    {
        Span<byte> start = stackalloc byte[8];
        bytes.Position = 0;
        var read = bytes.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        bytes.Position = 0;
        return read == start.Length && start.SequenceEqual(Signature);
    }

    private static bool Holds(Stream bytes, ReadOnlySpan<byte> wanted)
    {
        var buffer = new byte[64 * 1024];
        var kept = 0;
        int read;
        while ((read = bytes.Read(buffer, kept, buffer.Length - kept)) > 0)
        {
            var filled = buffer.AsSpan(0, kept + read);
            if (filled.IndexOf(wanted) >= 0) return true;
            kept = Math.Min(wanted.Length - 1, filled.Length);
            filled[^kept..].CopyTo(buffer);
        }
        return false;
    }
}
