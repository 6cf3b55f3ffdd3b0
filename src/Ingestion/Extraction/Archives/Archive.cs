using System.IO.Compression;

namespace Ingestion.Extraction.Archives;

/// <summary>A ZIP whose entries are unpacked within the limits of entries and expansion, which count over all of them.</summary>
internal sealed class Archive : IDisposable
{
    private readonly ZipArchive _zip;
    private readonly DocumentContent _content;
    private long _unpacked;

    /// <exception cref="ExtractionException">Broken, or too many entries.</exception>
    public Archive(DocumentContent content)
    {
        _content = content;
        content.Bytes.Position = 0;
        try
        {
            _zip = new ZipArchive(content.Bytes, ZipArchiveMode.Read, leaveOpen: true);
            if (_zip.Entries.Count <= content.Limits.MaxArchiveEntries) return;
        }
        catch (InvalidDataException fault)
        {
            throw new ExtractionException(ExtractionFailure.Corrupt, "The archive is broken or cut short: it has no readable directory. Make it again and send that.", fault);
        }
        _zip.Dispose();
        throw new ExtractionException(ExtractionFailure.TooLarge,
            $"The archive has more than {content.Limits.MaxArchiveEntries} entries. Split it and send the parts.");
    }

    public IReadOnlyList<ZipArchiveEntry> Entries => _zip.Entries;

    public ZipArchiveEntry? Find(string name) =>
        _zip.GetEntry(name) ?? _zip.Entries.FirstOrDefault(entry => entry.FullName.TrimStart('/').Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <exception cref="ExtractionException">Encrypted, or the archive expands too far.</exception>
    /// <exception cref="InvalidDataException">The entry is broken.</exception>
    public async Task<byte[]> ReadAsync(ZipArchiveEntry entry, CancellationToken cancel)
    {
        if (entry.IsEncrypted)
            throw new ExtractionException(ExtractionFailure.Encrypted, $"\"{entry.FullName}\" is locked by a password. Pack it without one and send it again.");
        var bytes = new MemoryStream();
        await using var unpacked = await entry.OpenAsync(cancel);
        var buffer = new byte[64 * 1024];
        while (await unpacked.ReadAsync(buffer, cancel) is var read and > 0)
        {
            _unpacked += read;
            if (_unpacked > _content.Limits.ExpansionFloor && _unpacked > _content.Bytes.Length * _content.Limits.MaxExpansionRatio)
                throw new ExtractionException(ExtractionFailure.TooLarge,
                    $"The archive unpacks to more than {_content.Limits.MaxExpansionRatio} times its size, as a bomb does. Send its documents one by one.");
            bytes.Write(buffer, 0, read);
        }
        return bytes.ToArray();
    }

    public void Dispose() => _zip.Dispose();
}
