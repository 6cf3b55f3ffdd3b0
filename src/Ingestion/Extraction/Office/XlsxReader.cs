namespace Ingestion.Extraction.Office;

/// <summary>Excel workbooks (XLSX and its macro and template kinds): each sheet a heading and its tables.</summary>
public sealed class XlsxReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes { get; } =
    [
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
        "application/vnd.ms-excel.sheet.macroenabled.12",
        "application/vnd.ms-excel.template.macroenabled.12",
    ];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel) =>
        Task.Run(() => OfficePackage.Reading(() => Read(content, cancel)), cancel);

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        using var package = OfficePackage.Open(content, cancel);
        var packageParts = package.RelationshipsOf("");
        var workbookPart = packageParts.PartOfType("officeDocument") ?? "xl/workbook.xml";
        var relationships = package.RelationshipsOf(workbookPart);
        var workbook = ReadWorkbook(package, workbookPart, relationships);

        var writer = new MarkdownWriter(content.Limits);
        package.TryRead(relationships.PartOfType("styles"), writer, workbook.Styles.Read);
        package.TryRead(relationships.PartOfType("sharedStrings"), writer, workbook.Strings.Read);
        var comments = new XlsxComments(package, writer, relationships.PartOfType("person"));
        for (var i = 0; i < workbook.Sheets.Count; i++)
        {
            var sheet = workbook.Sheets[i];
            if (sheet.Part is null || !package.Has(sheet.Part)) writer.Warn($"The sheet \"{sheet.Name}\" is missing from the file.");
            else new XlsxSheet(package, workbook, sheet.Part, writer, content.Limits).Write(sheet.Title, comments, cancel);
            content.Progress?.Invoke(new ReadProgress(i + 1, workbook.Sheets.Count, "sheet"));
        }

        var properties = new CoreProperties();
        package.TryRead(packageParts.PartOfType("core-properties"), writer, xml =>
        {
            if (xml.ReadRoot()) properties = CoreProperties.Read(xml, xml.Depth);
        });
        return properties.Describe(writer.ToDocument(content.MediaType));
    }

    private static XlsxWorkbook ReadWorkbook(OfficePackage package, string part, Relationships relationships)
    {
        using var xml = package.Require(part);
        if (!xml.ReadRoot() || xml.Name != "workbook")
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The package is not a workbook. Send it under its own type, or open it in its program and save it as XLSX.");
        }
        var workbook = new XlsxWorkbook();
        var depth = xml.Depth;
        while (xml.NextDescendant(depth))
        {
            if (xml.Name == "workbookPr") workbook.From1904 = xml.Attribute("date1904") is "1" or "true" or "on";
            else if (xml.Name == "sheet")
            {
                var hidden = xml.Attribute("state") is "hidden" or "veryHidden";
                workbook.Sheets.Add(new XlsxSheetEntry(xml.Attribute("name") ?? "", relationships.Part(xml.RelationshipId()), hidden));
            }
        }
        return workbook;
    }
}

/// <summary>What all sheets of a workbook share.</summary>
internal sealed class XlsxWorkbook
{
    public List<XlsxSheetEntry> Sheets { get; } = [];
    public XlsxStyles Styles { get; } = new();
    public XlsxStrings Strings { get; } = new();

    /// <summary>Dates count from 1904 instead of 1900.</summary>
    public bool From1904 { get; set; }
}

internal sealed record XlsxSheetEntry(string Name, string? Part, bool Hidden)
{
    public string Title => Hidden ? $"{Name} (hidden)" : Name;
}
