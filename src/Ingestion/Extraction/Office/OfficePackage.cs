using System.Xml;
using Ingestion.Extraction.Archives;

namespace Ingestion.Extraction.Office;

/// <summary>
/// A zip of XML parts (OOXML, OpenDocument), opened with the limits that hostile input needs:
/// number of entries, expansion, XML depth, no DTD.
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

    private readonly Archive _archive;
    private readonly int _maxDepth;

    private OfficePackage(Archive archive, int maxDepth) => (_archive, _maxDepth) = (archive, maxDepth);

    /// <exception cref="ExtractionException">Encrypted, Corrupt, TooLarge.</exception>
    public static OfficePackage Open(DocumentContent content, CancellationToken cancel)
    {
        if (CompoundFile.IsOne(content.Bytes)) throw InCompoundFile(content.Bytes);
        return new OfficePackage(new Archive(content, cancel), content.Limits.MaxXmlDepth);
    }

    /// <summary>Word, Excel and PowerPoint wrap an encrypted document in a compound file instead of a zip.</summary>
    private static ExtractionException InCompoundFile(Stream bytes) =>
        new CompoundFile(bytes).Entries.Any(entry => entry.Name == "EncryptedPackage")
            ? Encrypted()
            : new ExtractionException(ExtractionFailure.Corrupt,
                "The file is in the old binary Office format, not the one that its type says. "
                + "Save it as DOCX, PPTX or XLSX, or send it under its own type.");

    public bool Has(string part) => _archive.Find(part) is not null;

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
    public Stream? OpenPart(string part) => _archive.Find(part) is { } entry ? _archive.Open(entry) : null;

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
}
