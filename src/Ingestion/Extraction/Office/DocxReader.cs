namespace Ingestion.Extraction.Office;

/// <summary>Word documents (DOCX and its macro and template kinds, strict and transitional).</summary>
public sealed class DocxReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes { get; } =
    [
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        "application/vnd.ms-word.document.macroenabled.12",
        "application/vnd.ms-word.template.macroenabled.12",
    ];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel) =>
        Task.Run(() => OfficePackage.Reading(() => Read(content, cancel)), cancel);

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        using var package = OfficePackage.Open(content, cancel);
        var packageParts = package.RelationshipsOf("");
        var mainPart = packageParts.PartOfType("officeDocument") ?? "word/document.xml";
        using var main = package.Require(mainPart);

        var writer = new MarkdownWriter(content.Limits);
        var relationships = package.RelationshipsOf(mainPart);
        var styles = new DocxStyles();
        package.TryRead(relationships.PartOfType("styles"), writer, styles.Read, UnreadStyles.CutFrom);
        var numbering = new DocxNumbering();
        package.TryRead(relationships.PartOfType("numbering"), writer, numbering.Read);

        var body = new DocxBody(package, relationships, styles, numbering, writer);
        if (!main.ReadRoot() || main.Name != "document")
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The package is not a Word document. Send it under its own type, or open it in its program and save it as DOCX.");
        }
        if (main.NextDescendant(main.Depth, "body")) body.Write(main);
        body.WriteNotes();
        body.WriteFurniture();

        var properties = new CoreProperties();
        package.TryRead(packageParts.PartOfType("core-properties"), writer, xml =>
        {
            if (xml.ReadRoot()) properties = CoreProperties.Read(xml, xml.Depth);
        });
        return properties.Describe(writer.ToDocument(content.MediaType), body.Title, styles.Language);
    }
}
