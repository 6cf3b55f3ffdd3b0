using System.IO.Compression;

namespace Ingestion.Extraction.Archives;

/// <summary>
/// A ZIP whose entries are unpacked within the limits of entries and expansion, which count over all of them.
/// Names are without a leading slash and are found in any case.
/// </summary>
internal sealed class Archive : IDisposable
{
    private readonly ZipArchive _zip;
    private readonly ExpansionGuard _guard;
    private readonly Dictionary<string, ZipArchiveEntry> _byName = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ExtractionException">Broken, or too many entries.</exception>
    public Archive(DocumentContent content, CancellationToken cancel)
    {
        var limits = content.Limits;
        content.Bytes.Position = 0;
        ZipArchive? zip = null;
        try
        {
            zip = new ZipArchive(content.Bytes, ZipArchiveMode.Read, leaveOpen: true);
            if (zip.Entries.Count > limits.MaxArchiveEntries)
            {
                throw new ExtractionException(ExtractionFailure.TooLarge,
                    $"The file is a package of {zip.Entries.Count} parts; {limits.MaxArchiveEntries} is the most that is read. "
                    + "Split it and send the parts.");
            }
            foreach (var entry in zip.Entries) _byName.TryAdd(entry.FullName.Replace('\\', '/').TrimStart('/'), entry);
        }
        catch (Exception fault)
        {
            zip?.Dispose();
            if (fault is not (InvalidDataException or IOException or ArgumentException or NotSupportedException)) throw;
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The file is broken or cut short: its zip directory cannot be read. "
                + "Send it again, or open it in its program and save a new copy.", fault);
        }
        _zip = zip;
        _guard = new ExpansionGuard(limits, content.Bytes.Length, cancel);
    }

    public IReadOnlyList<ZipArchiveEntry> Entries => _zip.Entries;

    public ZipArchiveEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <exception cref="ExtractionException">Encrypted; while it is read, also that the archive expands too far.</exception>
    /// <exception cref="InvalidDataException">The entry is broken.</exception>
    public Stream Open(ZipArchiveEntry entry) => entry.IsEncrypted
        ? throw new ExtractionException(ExtractionFailure.Encrypted,
            $"\"{entry.FullName}\" is protected by a password. Save it without one and send it again.")
        : _guard.Watch(entry.Open());

    /// <inheritdoc cref="Open"/>
    public async Task<byte[]> ReadAsync(ZipArchiveEntry entry, CancellationToken cancel)
    {
        var bytes = new MemoryStream();
        await using var unpacked = Open(entry);
        await unpacked.CopyToAsync(bytes, 64 * 1024, cancel);
        return bytes.ToArray();
    }

    public void Dispose() => _zip.Dispose();
}
