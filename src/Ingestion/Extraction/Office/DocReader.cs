using System.Buffers.Binary;

namespace Ingestion.Extraction.Office;

/// <summary>Word documents of 1997 to 2003 (DOC): paragraphs, headings, lists, tables, links and notes.</summary>
public sealed class DocReader : IDocumentReader
{
    private const int MagicNumber = 0xA5EC, Word97 = 0xC1;

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Doc];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.Run(() => Read(content, cancel), cancel);
    }

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        var file = new CompoundFile(content.Bytes);
        var document = file.ReadStream("WordDocument") ?? throw Broken("it has no text stream");
        if (document.Length < 512 || BinaryPrimitives.ReadUInt16LittleEndian(document) != MagicNumber)
            throw Broken("its text stream has no header");
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(document.AsSpan(10));
        if ((flags & 0x0100) != 0) throw OfficePackage.Encrypted();
        if (BinaryPrimitives.ReadUInt16LittleEndian(document.AsSpan(2)) < Word97)
            throw new ExtractionException(
                ExtractionFailure.Unsupported,
                "The document was saved by Word 95 or older. Open it in a newer Word, save it as .docx and send that.");
        var table = file.ReadStream((flags & 0x0200) != 0 ? "1Table" : "0Table") ?? throw Broken("it has no table stream");

        var writer = new MarkdownWriter(content.Limits);
        var text = new DocText(document, table);
        var body = new DocBody(writer, content.Limits);
        foreach (var part in text.Parts)
        {
            body.StartPart(part.Kind);
            foreach (var character in text.Characters(part.Start, part.End, cancel)) body.Take(character, text);
            body.EndPart();
        }
        if (body.Pictures > 0) writer.Warn($"Pictures and objects in the document: {body.Pictures}. They were not read.");
        return SummaryInformation.Of(file).Describe(writer.ToDocument(content.MediaType));
    }

    internal static ExtractionException Broken(string how) => new(ExtractionFailure.Corrupt,
        $"The Word document is broken: {how}. Open it in Word, save it as .docx, and send that.");
}
