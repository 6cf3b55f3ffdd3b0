namespace Ingestion.Extraction.Office;

/// <summary>What is drawn on a sheet: charts, text boxes, diagrams.</summary>
internal sealed class XlsxDrawing(OfficePackage package, MarkdownWriter writer)
{
    private readonly List<ChartData> _charts = [];
    private readonly List<string> _texts = [];
    private int _pictures;

    public bool IsEmpty => _charts.Count == 0 && _texts.Count == 0;

    public void Read(string? part)
    {
        if (part is null) return;
        var relationships = package.RelationshipsOf(part);
        package.TryRead(part, writer, xml =>
        {
            if (!xml.ReadRoot()) return;
            var depth = xml.Depth;
            while (xml.NextDescendant(depth))
            {
                switch (xml.Name)
                {
                    case "chart":
                        package.TryRead(relationships.Part(xml.RelationshipId()), writer, chart => _charts.Add(ChartData.Read(chart)));
                        break;
                    case "pic":
                        _pictures++;
                        break;
                    case "cNvPr":
                        if (PictureText.Of(xml.Attribute("descr")) is { Length: > 0 } description) _texts.Add(description);
                        break;
                    case "relIds":
                        var data = relationships.Part(xml.RelationshipId("dm"));
                        package.TryRead(data, writer, diagram => _texts.AddRange(DrawingText.DiagramTexts(diagram)));
                        break;
                    case "txBody":
                        var text = DrawingText.PlainText(xml).Trim();
                        if (text.Length > 0) _texts.Add(text);
                        break;
                    case "Fallback":
                        xml.Skip();
                        break;
                }
            }
        });
    }

    public void Write()
    {
        foreach (var text in _texts) writer.Paragraph(text);
        if (_pictures > 0) writer.Warn($"Pictures in the workbook: {_pictures}. Text inside pictures was not read.");
        foreach (var chart in _charts)
        {
            if (chart.Title.Length > 0) writer.Paragraph(chart.Title, ElementKind.Caption);
            writer.Table(chart.Rows);
        }
    }
}
