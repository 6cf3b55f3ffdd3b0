namespace Ingestion.Extraction.Office;

/// <summary>Reads OpenDocument text blocks, wherever they stand: a text's body, cells, text boxes, notes.</summary>
internal sealed class OdfBody(OfficePackage package, OdfStyles styles, MarkdownWriter writer)
{
    private readonly List<string> _notes = [];
    private int _pictures;

    public OdfStyles Styles => styles;

    /// <summary>The first paragraph in the style of titles.</summary>
    public string? Title { get; set; }

    /// <summary>Writes a text document's body, block by block.</summary>
    public void Write(XmlPart xml)
    {
        var blocks = new List<OfficeBlock>();
        WriteBlocks(xml, blocks);
    }

    public void WriteNotes()
    {
        if (_pictures > 0) writer.Warn($"Pictures in the document: {_pictures}. Text inside pictures was not read.");
        for (var i = 0; i < _notes.Count; i++)
            if (_notes[i].Length > 0) writer.Paragraph($"[^{i + 1}]: {_notes[i]}", ElementKind.Footnote);
    }

    /// <summary>The page headers and footers inside the current element.</summary>
    public void ReadFurniture(XmlPart xml)
    {
        var blocks = new List<OfficeBlock>();
        var depth = xml.Depth;
        while (xml.NextDescendant(depth))
        {
            if (xml.Name is not ("header" or "footer" or "header-left" or "footer-left" or "header-first" or "footer-first")) continue;
            ReadBlocks(xml, blocks);
            writer.Furniture(OfficeBlock.Join(blocks));
            blocks.Clear();
        }
    }

    public void Warn(string sentence) => writer.Warn(sentence);

    /// <summary>Reads a note's body and returns its number.</summary>
    public int AddNote(XmlPart xml)
    {
        var number = _notes.Count;
        _notes.Add("");
        var blocks = new List<OfficeBlock>();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
            if (xml.Name == "note-body") ReadBlocks(xml, blocks);
        _notes[number] = OfficeBlock.Join(blocks);
        return number + 1;
    }

    /// <summary>Reads the blocks inside the current element.</summary>
    public void ReadBlocks(XmlPart xml, List<OfficeBlock> blocks)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth)) ReadBlock(xml, blocks);
    }

    public void ReadBlock(XmlPart xml, List<OfficeBlock> blocks)
    {
        switch (xml.Name)
        {
            case "p" or "h":
                new OdfParagraph(this).Read(xml, blocks, mark: null, level: 0);
                break;
            case "list":
                ReadList(xml, blocks, level: 1, outer: null);
                break;
            case "table":
                new OdfTable(this).Read(xml, blocks);
                break;
            case "object":
                ReadObject(xml.Attribute("href"), blocks);
                break;
            case "image":
                _pictures++;
                break;
            case "desc":
                if (PictureText.Of(xml.Text()) is { Length: > 0 } description) blocks.Add(new OfficeBlock(ElementKind.Caption, description));
                break;
            case "tracked-changes":
                if (xml.NextDescendant(xml.Depth, "deletion")) Warn("Text that was deleted while changes were tracked was left out.");
                break;
            case "annotation":
                Warn("Comments in the document were left out.");
                break;
            case var name when IsContainer(name):
                ReadBlocks(xml, blocks);
                break;
        }
    }

    /// <summary>Elements that only wrap blocks.</summary>
    public static bool IsContainer(string name) => name is "section" or "table-of-content" or "alphabetical-index" or "illustration-index"
        or "table-index" or "object-index" or "user-index" or "bibliography" or "index-body" or "index-title"
        or "numbered-paragraph" || IsShape(name);

    /// <summary>Drawn things that may hold text.</summary>
    public static bool IsShape(string name) => name is "frame" or "text-box" or "g" or "custom-shape" or "rect" or "ellipse" or "circle"
        or "polygon" or "polyline" or "path" or "line" or "connector" or "caption" or "regular-polygon";

    private void WriteBlocks(XmlPart xml, List<OfficeBlock> blocks)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name is "section" or "index-body" or "table-of-content")
            {
                WriteBlocks(xml, blocks);
                continue;
            }
            ReadBlock(xml, blocks);
            foreach (var block in blocks) block.Write(writer);
            blocks.Clear();
        }
    }

    private void ReadList(XmlPart xml, List<OfficeBlock> blocks, int level, OdfListStyle? outer)
    {
        var own = styles.List(xml.Attribute("style-name"));
        var list = own ?? outer;
        var continues = xml.Attribute("continue-numbering") == "true" || xml.Attribute("continue-list") is not null;
        if (level == 1 && !continues) list?.Restart();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name is not ("list-item" or "list-header")) continue;
            var isItem = xml.Name == "list-item";
            var start = xml.IntAttribute("start-value");
            string? mark = null;
            var first = true;
            var inItem = xml.Depth;
            while (xml.NextChild(inItem))
            {
                if (xml.Name == "list")
                {
                    ReadList(xml, blocks, level + 1, list);
                }
                else if (xml.Name is "p" or "h")
                {
                    if (first && isItem) mark = list is null ? "-" : list.Next(level, start);
                    new OdfParagraph(this).Read(xml, blocks, first && isItem ? mark : null, level);
                    first = false;
                }
                else
                {
                    ReadBlock(xml, blocks);
                }
            }
        }
    }

    /// <summary>An embedded formula or chart, which is a small document of its own in the package.</summary>
    private void ReadObject(string? address, List<OfficeBlock> blocks)
    {
        if (address is null) return;
        var part = $"{(address.StartsWith("./", StringComparison.Ordinal) ? address[2..] : address)}/content.xml";
        if (!package.Has(part))
        {
            writer.Warn("An embedded object was not read.");
            return;
        }
        package.TryRead(part, writer, xml =>
        {
            if (!xml.ReadRoot()) return;
            if (xml.Name == "math")
            {
                var formula = MathMl.Read(xml);
                if (formula.Length > 0) blocks.Add(new OfficeBlock(ElementKind.Formula, formula));
                return;
            }
            var depth = xml.Depth;
            while (xml.NextDescendant(depth))
                if (xml.Name == "table") new OdfTable(this).Read(xml, blocks);
        });
    }
}
