namespace Ingestion.Extraction.Office;

/// <summary>The pages of an OpenDocument presentation or drawing.</summary>
internal sealed class OdfSlides(OdfBody body, MarkdownWriter writer, DocumentContent content)
{
    private readonly List<OfficeBlock> _titles = [];
    private readonly List<OfficeBlock> _blocks = [];

    public void Write(XmlPart xml)
    {
        var number = 0;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name != "page") continue;
            writer.StartPage();
            number++;
            if (body.Styles.Find("drawing-page", xml.Attribute("style-name")).IsHidden)
                writer.Warn($"Slide {number} is hidden when the presentation is shown.");
            ReadShapes(xml);
            foreach (var block in _titles.Concat(_blocks)) block.Write(writer);
            _titles.Clear();
            _blocks.Clear();
            content.Progress?.Invoke(new ReadProgress(number, 0, "page"));
        }
    }

    private void ReadShapes(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "notes":
                    ReadNotes(xml);
                    break;
                case "annotation":
                    body.Warn("Comments in the document were left out.");
                    break;
                case "g":
                    ReadShapes(xml);
                    break;
                case var name when OdfBody.IsShape(name):
                    ReadShape(xml, xml.Attribute("class"));
                    break;
            }
        }
    }

    private void ReadShape(XmlPart xml, string? role)
    {
        switch (role)
        {
            case "title":
                var lines = new List<OfficeBlock>();
                body.ReadBlock(xml, lines);
                _titles.Add(new OfficeBlock(ElementKind.Heading, string.Join(' ', lines.Select(line => line.Text)), 1));
                break;
            case "footer" or "header" or "page-number" or "date-time":
                var furniture = new List<OfficeBlock>();
                body.ReadBlock(xml, furniture);
                writer.Furniture(OfficeBlock.Join(furniture));
                break;
            default:
                body.ReadBlock(xml, _blocks);
                break;
        }
    }

    private void ReadNotes(XmlPart xml)
    {
        var lines = new List<OfficeBlock>();
        body.ReadBlocks(xml, lines);
        var text = OfficeBlock.Join(lines, '\n');
        if (text.Length > 0) _blocks.Add(new OfficeBlock(ElementKind.Quote, "Notes: " + text));
    }
}
