namespace Ingestion.Extraction.Office;

/// <summary>OpenDocument texts, spreadsheets and presentations (ODT, ODS, ODP and their templates).</summary>
public sealed class OdfReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes { get; } =
    [
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.text-template",
        "application/vnd.oasis.opendocument.spreadsheet-template",
        "application/vnd.oasis.opendocument.presentation-template",
    ];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel) =>
        Task.Run(() => OfficePackage.Reading(() => Read(content, cancel)), cancel);

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        using var package = OfficePackage.Open(content, cancel);
        RefuseEncrypted(package);
        using var xml = package.Require("content.xml");
        if (!xml.ReadRoot() || xml.Name != "document-content")
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The package is not an OpenDocument file. Send it under its own type, or open it in its program and save a new copy.");
        }

        var writer = new MarkdownWriter(content.Limits);
        var styles = new OdfStyles();
        // Only texts name their headings and lists there; in presentations it is large and says nothing that is read here.
        var body = new OdfBody(package, styles, writer);
        if (content.MediaType.Contains("opendocument.text", StringComparison.Ordinal))
            package.TryRead("styles.xml", writer, part => ReadStyles(part, styles, body));

        var root = xml.Depth;
        while (xml.NextChild(root))
        {
            if (xml.Name == "automatic-styles") styles.Read(xml);
            else if (xml.Name == "body") ReadBody(xml, body, content, writer, cancel);
        }
        body.WriteNotes();

        var properties = new CoreProperties();
        package.TryRead("meta.xml", writer, meta =>
        {
            if (meta.ReadRoot() && meta.NextDescendant(meta.Depth, "meta")) properties = CoreProperties.Read(meta, meta.Depth);
        });
        return properties.Describe(writer.ToDocument(content.MediaType), body.Title);
    }

    private static void ReadBody(XmlPart xml, OdfBody body, DocumentContent content, MarkdownWriter writer, CancellationToken cancel)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "text": body.Write(xml); break;
                case "spreadsheet": new OdfSheets(body, writer, content).Write(xml, cancel); break;
                case "presentation" or "drawing": new OdfSlides(body, writer, content).Write(xml); break;
            }
        }
    }

    private static void ReadStyles(XmlPart xml, OdfStyles styles, OdfBody body)
    {
        if (!xml.ReadRoot()) return;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "styles") styles.Read(xml);
            else if (xml.Name == "master-styles") body.ReadFurniture(xml);
        }
    }

    private static void RefuseEncrypted(OfficePackage package)
    {
        using var manifest = package.Find("META-INF/manifest.xml");
        if (manifest is not null && manifest.ReadRoot() && manifest.NextDescendant(manifest.Depth, "encryption-data"))
            throw OfficePackage.Encrypted();
    }
}
