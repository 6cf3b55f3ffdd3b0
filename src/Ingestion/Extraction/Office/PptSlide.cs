namespace Ingestion.Extraction.Office;

/// <summary>One slide of a PPT: its title first, then its shapes in their order, then the speaker's notes.</summary>
internal sealed class PptSlide(
    PptRecord slide, PptSlideEntry entry, Dictionary<uint, string> links, MarkdownWriter writer, ExtractionLimits limits, CancellationToken cancel)
{
    private const int MaxDepth = 64;
    private const byte PictureFrame = 75;

    private readonly List<OfficeBlock> _titles = [];
    private readonly List<OfficeBlock> _blocks = [];
    private int _pictures;
    private long _cells;

    private readonly record struct Area(int Left, int Top);

    public void Write(int number, PptRecord? notes)
    {
        if (slide.Child(PptType.SlideShowInfo) is { } info && (info.Short(10) & 4) != 0)
            writer.Warn($"Slide {number} is hidden when the presentation is shown.");
        Read(slide);
        foreach (var block in _titles.Concat(_blocks)) block.Write(writer);
        WriteFurniture();
        if (notes is { } page) WriteNotes(page);
        if (_pictures > 0) writer.Warn($"Pictures on slide {number}: {_pictures}. Text inside pictures was not read.");
        if (slide.Child(PptType.ProgramTags) is { } tags && Comments(tags)) writer.Warn($"Comments on slide {number} were left out.");
    }

    private void Read(PptRecord page)
    {
        if (page.Child(PptType.Drawing) is { } drawing) ReadShapes(drawing, 0);
    }

    private void ReadShapes(PptRecord container, int depth)
    {
        cancel.ThrowIfCancellationRequested();
        if (depth > MaxDepth)
        {
            writer.Warn($"Shapes that are grouped more than {MaxDepth} deep were left out.");
            return;
        }
        foreach (var child in container.Children)
        {
            if (child.Type == PptType.Shape) ReadShape(child);
            else if (child.Type == PptType.ShapeGroup && IsTable(child)) ReadTable(child);
            else if (child.IsContainer) ReadShapes(child, depth + 1);
        }
    }

    private void ReadShape(PptRecord shape)
    {
        if (shape.Children.Any(child => (ushort)child.Type == 0xF00A && child.Instance == PictureFrame)) _pictures++;
        if (shape.Child(PptType.ShapeTextbox) is not { } box) return;
        var text = TextOf(box);
        if (PlaceholderOf(shape) is 7 or 8 or 9 or 10) writer.Furniture(text.Line());
        else if (text.IsTitle) _titles.Add(new OfficeBlock(ElementKind.Heading, text.Line(), 1));
        else _blocks.AddRange(text.Blocks(IsNumbered(shape)));
    }

    private static byte PlaceholderOf(PptRecord shape) =>
        shape.Child(PptType.ShapeData)?.Child(PptType.Placeholder) is { Bytes.Length: > 4 } placeholder ? placeholder.Bytes[4] : (byte)0;

    /// <summary>A text stands in its shape, or in the list of slides where the shape only says which of those it is.</summary>
    private PptText TextOf(PptRecord box)
    {
        var text = new PptText(links);
        if (box.Child(PptType.OutlineTextReference) is { } reference)
        {
            var index = -1;
            foreach (var record in entry.Texts)
            {
                if (record.Type == PptType.TextHeader) index++;
                if (index == reference.Word(0)) text.Take(record);
            }
        }
        foreach (var record in box.Children) text.Take(record);
        return text;
    }

    /// <summary>Numbers instead of bullets are kept apart from the text, in a tag of the version that brought them.</summary>
    private static bool IsNumbered(PptRecord shape)
    {
        const uint HasBlip = 1 << 23, HasNumber = 1 << 24, HasScheme = 1 << 25;
        if (shape.Child(PptType.ShapeData)?.Child(PptType.ProgramTags)?.Child(PptType.ProgramTag)?.Child(PptType.ProgramTagData) is not { } data
            || PptRecord.At(data.Stream, data.Start, data.End) is not { Type: PptType.Numbering } numbering)
            return false;
        var mask = numbering.Word(0);
        var at = 4 + ((mask & HasBlip) != 0 ? 2 : 0);
        return (mask & HasNumber) != 0 ? numbering.Short(at) != 0 : (mask & HasScheme) != 0;
    }

    // A group with the property that makes it a table: its cells are shapes.
    private static bool IsTable(PptRecord group)
    {
        const int TableProperties = 0x039F;
        if (group.Child(PptType.Shape)?.Child(PptType.ShapeProperties) is not { } properties) return false;
        for (var i = 0; i < properties.Instance; i++)
            if ((properties.Short(i * 6) & 0x3FFF) == TableProperties) return (properties.Word((i * 6) + 2) & 1) != 0;
        return false;
    }

    private void ReadTable(PptRecord group)
    {
        var cells = new List<(Area From, Area To, string Text)>();
        foreach (var shape in group.Children.Where(child => child.Type == PptType.Shape))
        {
            if (shape.Child(PptType.ShapeTextbox) is not { } box || shape.Child(PptType.ShapeAnchor) is not { } anchor) continue;
            var text = OfficeBlock.Join([.. TextOf(box).Blocks(numbered: false)]);
            cells.Add((new Area((int)anchor.Word(0), (int)anchor.Word(4)), new Area((int)anchor.Word(8), (int)anchor.Word(12)), text));
        }
        var lefts = cells.Select(cell => cell.From.Left).Distinct().Order().ToList();
        var tops = cells.Select(cell => cell.From.Top).Distinct().Order().ToList();
        if ((_cells += (long)lefts.Count * tops.Count) > limits.MaxTableCells) throw ExtractionException.TooManyCells(limits);
        var rows = tops.ConvertAll(_ => Enumerable.Repeat("", lefts.Count).ToList());
        foreach (var (from, to, text) in cells)
        {
            // A label over several columns, or beside several rows, is said for each of them.
            for (var row = tops.BinarySearch(from.Top); row < tops.Count && tops[row] < Math.Max(to.Top, from.Top + 1); row++)
                for (var column = lefts.BinarySearch(from.Left); column < lefts.Count && lefts[column] < Math.Max(to.Left, from.Left + 1); column++)
                    rows[row][column] = text;
        }
        _blocks.Add(OfficeBlock.Table(rows));
    }

    private void WriteFurniture()
    {
        foreach (var text in slide.Child(PptType.HeadersFooters)?.Children.Where(child => child.Type == PptType.String) ?? [])
            writer.Furniture(PptText.Wide(text.Bytes));
    }

    private void WriteNotes(PptRecord page)
    {
        _titles.Clear();
        _blocks.Clear();
        var pictures = _pictures;
        Read(page);
        _pictures = pictures;
        var text = OfficeBlock.Join(_blocks, '\n');
        if (text.Length > 0) writer.Quote("Notes: " + text);
    }

    private static bool Comments(PptRecord tags) => tags.Children.Any(tag =>
        tag.Child(PptType.ProgramTagData) is { } data && PptRecord.At(data.Stream, data.Start, data.End) is { Type: PptType.Comment });
}
