using System.IO.Compression;
using System.Xml;

namespace Ingestion.Extraction.Office;

/// <summary>
/// A zip of XML parts (OOXML, OpenDocument), opened with the limits that hostile input needs:
/// number of entries, expansion, XML depth, no DTD.
/// Part names are without a leading slash and are found in any case.
/// </summary>
internal sealed class OfficePackage : IDisposable
{
    private static readonly XmlReaderSettings XmlSettings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        // What XML forbids is removed by MarkdownWriter; a stray control character is no reason to refuse a document.
        CheckCharacters = false,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        CloseInput = true,
    };

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _parts;
    private readonly ExpansionGuard _guard;
    private readonly int _maxDepth;

    private OfficePackage(ZipArchive archive, Dictionary<string, ZipArchiveEntry> parts, ExpansionGuard guard, int maxDepth)
    {
        _archive = archive;
        _parts = parts;
        _guard = guard;
        _maxDepth = maxDepth;
    }

    /// <exception cref="ExtractionException">Encrypted, Corrupt, TooLarge.</exception>
    public static OfficePackage Open(DocumentContent content, CancellationToken cancel)
    {
        CompoundFileCheck.RefuseCompoundFile(content.Bytes);
        ZipArchive? archive = null;
        try
        {
            archive = new ZipArchive(content.Bytes, ZipArchiveMode.Read, leaveOpen: true);
            var limits = content.Limits;
            if (archive.Entries.Count > limits.MaxArchiveEntries)
            {
                throw new ExtractionException(ExtractionFailure.TooLarge,
                    $"The file is a package of {archive.Entries.Count} parts; {limits.MaxArchiveEntries} is the most that is read. "
                    + "Save a smaller document.");
            }
            var parts = new Dictionary<string, ZipArchiveEntry>(archive.Entries.Count, StringComparer.OrdinalIgnoreCase);
            foreach (var entry in archive.Entries) parts.TryAdd(entry.FullName.Replace('\\', '/').TrimStart('/'), entry);
            return new OfficePackage(archive, parts, new ExpansionGuard(limits, content.Bytes.Length, cancel), limits.MaxXmlDepth);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException or NotSupportedException)
        {
            archive?.Dispose();
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The file is broken or cut short: its zip directory cannot be read. "
                + "Send it again, or open it in its program and save a new copy.", e);
        }
        catch
        {
            archive?.Dispose();
            throw;
        }
    }

    public bool Has(string part) => _parts.ContainsKey(part);

    /// <exception cref="ExtractionException">Corrupt where the package has no such part.</exception>
    public XmlPart Require(string part) => Find(part) ?? throw new ExtractionException(ExtractionFailure.Corrupt,
        $"The document lacks its part \"{part}\", so it is broken or of another kind. Open it in its program and save a new copy.");

    /// <summary>Null where the package has no such part.</summary>
    /// <param name="filter">What the bytes pass before they are parsed.</param>
    public XmlPart? Find(string part, Func<Stream, Stream>? filter = null)
    {
        var bytes = OpenPart(part);
        return bytes is null ? null : new XmlPart(XmlReader.Create(filter is null ? bytes : filter(bytes), XmlSettings), _maxDepth);
    }

    /// <summary>A part's bytes, under the same limits; null where the package has no such part.</summary>
    public Stream? OpenPart(string part)
    {
        if (!_parts.TryGetValue(part, out var entry)) return null;
        return entry.IsEncrypted ? throw Encrypted() : _guard.Watch(entry.Open());
    }

    /// <summary>Reads a part that the document can do without: where it is broken, the rest is still worth having.</summary>
    public void TryRead(string? part, MarkdownWriter writer, Action<XmlPart> read, Func<Stream, Stream>? filter = null)
    {
        try
        {
            if (part is null) return;
            using var xml = Find(part, filter);
            if (xml is not null) read(xml);
        }
        catch (Exception e) when (e is XmlException or InvalidDataException)
        {
            writer.Warn($"The part \"{part}\" is broken and was left out as far as it could not be read.");
        }
    }

    /// <summary>The relationships of a part; of the package itself for the empty name.</summary>
    public Relationships RelationshipsOf(string part)
    {
        var slash = part.LastIndexOf('/') + 1;
        var folder = part[..slash];
        using var xml = Find($"{folder}_rels/{part[slash..]}.rels");
        return xml is null ? Relationships.None : Relationships.Read(xml, folder);
    }

    /// <summary>Turns what zip and XML readers throw into the failure that it means.</summary>
    public static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (XmlException e)
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                $"The document's XML is broken ({e.Message}) Open it in its program and save a new copy.", e);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "A part of the document cannot be unpacked, so the file is broken or cut short. Send it again, or save a new copy.", e);
        }
    }

    public static ExtractionException Encrypted() => new(ExtractionFailure.Encrypted,
        "The document is protected by a password. Open it in its program, remove the password, save it and send it again.");

    public void Dispose() => _archive.Dispose();

    /// <summary>Counts what is unpacked, over all parts, and is where a cancelled reading stops.</summary>
    private sealed class ExpansionGuard(ExtractionLimits limits, long packedLength, CancellationToken cancel)
    {
        private long _unpacked;

        public Stream Watch(Stream part) => new WatchedStream(part, this);

        private void Count(int bytes)
        {
            cancel.ThrowIfCancellationRequested();
            _unpacked += bytes;
            if (_unpacked <= limits.ExpansionFloor || _unpacked <= packedLength * limits.MaxExpansionRatio) return;
            throw new ExtractionException(ExtractionFailure.TooLarge,
                $"The document unpacks to more than {limits.MaxExpansionRatio} times its size, as a zip bomb does. "
                + "Save it in smaller parts.");
        }

        private sealed class WatchedStream(Stream part, ExpansionGuard guard) : Stream
        {
            public override bool CanRead => true;
            public override bool CanSeek => false;
            public override bool CanWrite => false;
            public override long Length => throw new NotSupportedException();
            public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

            public override int Read(Span<byte> buffer)
            {
                var read = part.Read(buffer);
                guard.Count(read);
                return read;
            }

            public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
            public override void Flush() { }
            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
            public override void SetLength(long value) => throw new NotSupportedException();
            public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            protected override void Dispose(bool disposing)
            {
                if (disposing) part.Dispose();
                base.Dispose(disposing);
            }
        }
    }
}
