namespace Ingestion.Extraction.Office;

/// <summary>One slide: its title first, then its shapes in their order, then the speaker's notes.</summary>
internal sealed class PptxSlide(OfficePackage package, string part, PptxBullets bullets, MarkdownWriter writer)
{
    private readonly Relationships _relationships = package.RelationshipsOf(part);
    private readonly List<OfficeBlock> _blocks = [];
    private int _pictures;

    public void Write(int number)
    {
        package.TryRead(part, writer, xml =>
        {
            if (!xml.ReadRoot()) return;
            if (xml.Attribute("show") is "0" or "false") writer.Warn($"Slide {number} is hidden when the presentation is shown.");
            if (xml.NextDescendant(xml.Depth, "spTree")) ReadShapes(xml);
        });
        ReadNotes();
        foreach (var block in _blocks.Where(block => block.Kind == ElementKind.Heading)) block.Write(writer);
        foreach (var block in _blocks.Where(block => block.Kind != ElementKind.Heading)) block.Write(writer);
        if (_relationships.PartOfType("comments") is not null) writer.Warn($"Comments on slide {number} were left out.");
        if (_pictures > 0) writer.Warn($"Pictures on slide {number}: {_pictures}. Text inside pictures was not read.");
    }

    private void ReadShapes(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "sp": ReadShape(xml); break;
                case "grpSp": ReadShapes(xml); break;
                case "graphicFrame": ReadGraphic(xml); break;
                case "pic": ReadPicture(xml); break;
                case "AlternateContent": if (xml.NextDescendant(xml.Depth, "Choice")) ReadShapes(xml); break;
            }
        }
    }

    private void ReadPicture(XmlPart xml)
    {
        _pictures++;
        var depth = xml.Depth;
        if (!xml.NextDescendant(depth, "cNvPr")) return;
        var description = PictureText.Of(xml.Attribute("descr"));
        if (description.Length > 0) _blocks.Add(new OfficeBlock(ElementKind.Caption, description));
    }

    private void ReadShape(XmlPart xml)
    {
        var placeholder = default(Placeholder);
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "nvSpPr") placeholder = Placeholder.Read(xml);
            else if (xml.Name == "txBody") ReadText(xml, placeholder);
        }
    }

    private void ReadText(XmlPart xml, Placeholder placeholder)
    {
        switch (placeholder.Type)
        {
            case "title" or "ctrTitle" or "vertTitle":
                _blocks.Add(new OfficeBlock(ElementKind.Heading, PptxText.ReadLine(xml, _relationships, plain: true), 1));
                return;
            case "dt" or "ftr" or "sldNum" or "hdr":
                writer.Furniture(PptxText.ReadLine(xml, _relationships, plain: true));
                return;
        }
        var levels = placeholder.HasBody
            ? bullets.Inherited(_relationships.PartOfType("slideLayout"), placeholder.Index)
            : new bool?[PptxBullets.Levels];
        PptxText.ReadBlocks(xml, _relationships, levels, _blocks);
    }

    private void ReadGraphic(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextDescendant(depth))
        {
            switch (xml.Name)
            {
                case "tbl":
                    _blocks.Add(OfficeBlock.Table(PptxText.ReadTable(xml, _relationships)));
                    break;
                case "chart":
                    ReadChart(xml.RelationshipId());
                    break;
                case "relIds":
                    ReadDiagram(xml.RelationshipId("dm"));
                    break;
                case "oleObj":
                    writer.Warn("An embedded object was not read.");
                    break;
                case "Fallback":
                    xml.Skip();
                    break;
            }
        }
    }

    private void ReadChart(string? relationship) => package.TryRead(_relationships.Part(relationship), writer, xml =>
    {
        var chart = ChartData.Read(xml);
        if (chart.Title.Length > 0) _blocks.Add(new OfficeBlock(ElementKind.Caption, chart.Title));
        if (chart.Rows.Count > 0) _blocks.Add(OfficeBlock.Table(chart.Rows));
    });

    private void ReadDiagram(string? relationship) => package.TryRead(_relationships.Part(relationship), writer, xml =>
        _blocks.AddRange(DrawingText.DiagramTexts(xml).Select(text => new OfficeBlock(ElementKind.ListItem, text, 1, "-"))));

    private void ReadNotes()
    {
        if (_relationships.PartOfType("notesSlide") is not { } notes) return;
        package.TryRead(notes, writer, xml =>
        {
            if (!xml.ReadRoot()) return;
            var relationships = package.RelationshipsOf(notes);
            var lines = new List<OfficeBlock>();
            var placeholder = default(Placeholder);
            var depth = xml.Depth;
            while (xml.NextDescendant(depth))
            {
                if (xml.Name == "nvSpPr") placeholder = Placeholder.Read(xml);
                else if (xml.Name == "txBody" && placeholder.Type is not ("dt" or "ftr" or "sldNum" or "hdr" or "sldImg"))
                    PptxText.ReadBlocks(xml, relationships, new bool?[PptxBullets.Levels], lines);
            }
            var text = OfficeBlock.Join(lines, '\n');
            if (text.Length > 0) _blocks.Add(new OfficeBlock(ElementKind.Quote, "Notes: " + text));
        });
    }

    /// <summary>A shape's part in its layout; no type and no index for a free shape.</summary>
    private readonly record struct Placeholder(string Type, string Index)
    {
        /// <summary>Text that takes its bullets from the layout.</summary>
        public bool HasBody => Type is "body" or "obj" or "";

        public static Placeholder Read(XmlPart xml) => xml.NextDescendant(xml.Depth, "ph")
            ? new Placeholder(xml.Attribute("type") ?? "", xml.Attribute("idx") ?? "")
            : new Placeholder("none", "");
    }
}
