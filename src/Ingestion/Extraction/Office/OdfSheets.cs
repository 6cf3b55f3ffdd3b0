namespace Ingestion.Extraction.Office;

/// <summary>The sheets of an OpenDocument spreadsheet.</summary>
internal sealed class OdfSheets(OdfBody body, MarkdownWriter writer, DocumentContent content)
{
    private readonly List<(int Column, string Text)> _row = [];
    private readonly List<CellRange> _merged = [];
    private readonly List<string> _comments = [];
    private readonly List<OfficeBlock> _drawn = [];
    private SheetGrid _grid = new(content.Limits);
    private int _rowNumber;

    public void Write(XmlPart xml, CancellationToken cancel)
    {
        var number = 0;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name != "table") continue;
            var name = xml.Attribute("name") ?? "";
            if (body.Styles.Find("table", xml.Attribute("style-name")).IsHidden) name += " (hidden)";
            _rowNumber = 0;
            ReadRows(xml);
            WriteSheet(name, cancel);
            content.Progress?.Invoke(new ReadProgress(++number, 0, "sheet"));
        }
    }

    private void WriteSheet(string name, CancellationToken cancel)
    {
        _grid.Merge(_merged);
        if (!_grid.IsEmpty || _drawn.Count > 0 || _comments.Count > 0)
        {
            writer.Heading(2, name);
            _grid.Write(writer, cancel);
            foreach (var block in _drawn) block.Write(writer);
            foreach (var comment in _comments) writer.Paragraph(comment);
        }
        _grid = new SheetGrid(content.Limits);
        _merged.Clear();
        _drawn.Clear();
        _comments.Clear();
    }

    private void ReadRows(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "table-row") ReadRow(xml);
            else if (xml.Name is "table-header-rows" or "table-rows" or "table-row-group") ReadRows(xml);
            else if (xml.Name == "shapes") body.ReadBlocks(xml, _drawn);
        }
    }

    private void ReadRow(XmlPart xml)
    {
        var repeat = Math.Clamp(xml.IntAttribute("number-rows-repeated") ?? 1, 1, CellReference.MaxRows);
        _row.Clear();
        var column = 0;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name is not ("table-cell" or "covered-table-cell")) continue;
            ReadCell(xml, ref column);
        }
        for (var i = 0; _row.Count > 0 && i < repeat; i++)
            foreach (var (at, text) in _row) _grid.Add(_rowNumber + i, at, text);
        _rowNumber = Math.Min(_rowNumber + repeat, CellReference.MaxRows);
    }

    private void ReadCell(XmlPart xml, ref int column)
    {
        var cell = new Cell(1, 1, 1);
        while (xml.NextAttribute())
        {
            switch (xml.Name)
            {
                case "number-columns-repeated": cell = cell with { Repeat = Number(xml.Value) }; break;
                case "number-columns-spanned": cell = cell with { Across = Number(xml.Value) }; break;
                case "number-rows-spanned": cell = cell with { Down = Number(xml.Value) }; break;
                case "value-type": cell = cell with { Type = xml.Value }; break;
                case "value": cell = cell with { Value = xml.Value }; break;
                case "date-value": cell = cell with { Date = xml.Value }; break;
            }
        }
        var shown = "";
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "annotation")
            {
                ReadComment(xml, column);
            }
            else if (xml.Name == "p")
            {
                var blocks = new List<OfficeBlock>();
                body.ReadBlock(xml, blocks);
                var line = OfficeBlock.Join(blocks);
                shown = shown.Length == 0 ? line : $"{shown} {line}";
            }
            else
            {
                body.ReadBlock(xml, _drawn);
            }
        }
        var text = cell.Text(shown);
        if (text.Length > 0)
        {
            for (var i = 0; i < cell.Repeat && column + i < CellReference.MaxColumns; i++) _row.Add((column + i, text));
            if (cell.Across > 1 || cell.Down > 1)
                _merged.Add(new CellRange(_rowNumber, column, _rowNumber + cell.Down - 1, column + cell.Across - 1));
        }
        column = Math.Min(column + cell.Repeat, CellReference.MaxColumns);
    }

    private void ReadComment(XmlPart xml, int column)
    {
        var author = "";
        var text = "";
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "creator") author = xml.Text().Trim();
            else if (xml.Name is "p" or "list") text = $"{text} {xml.Text()}";
        }
        if (string.IsNullOrWhiteSpace(text)) return;
        var about = CellReference.Name(_rowNumber, column) + (author.Length > 0 ? $", author: {author}" : "");
        _comments.Add($"[{about}]: {text.Trim()}");
    }

    private static int Number(string text) => int.TryParse(text, out var number) ? Math.Clamp(number, 1, CellReference.MaxRows) : 1;

    private readonly record struct Cell(int Repeat, int Across, int Down, string Type = "", string? Value = null, string? Date = null)
    {
        /// <summary>The value where its meaning is plain, else as the sheet shows it.</summary>
        public string Text(string shown) => Type switch
        {
            "date" when Date is not null => Date.Replace("T00:00:00", "", StringComparison.Ordinal).Replace('T', ' '),
            "float" when Value is not null => NumberFormat.Text(Value, NumberKind.Plain, from1904: false),
            // Programs other than office suites write values without the text that shows them.
            "percentage" or "currency" when shown.Length == 0 && Value is not null =>
                NumberFormat.Text(Value, Type == "percentage" ? NumberKind.Percent : NumberKind.Plain, from1904: false),
            _ => shown,
        };
    }
}
