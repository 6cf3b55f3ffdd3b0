using System.Text.RegularExpressions;

namespace Ingestion.Extraction.Office;

/// <summary>One sheet: its cells, merged ranges and links, then what is drawn on it and said about it.</summary>
internal sealed partial class XlsxSheet(OfficePackage package, XlsxWorkbook workbook, string part, MarkdownWriter writer, ExtractionLimits limits)
{
    private readonly SheetGrid _grid = new(limits);
    private readonly List<CellRange> _merged = [];
    private readonly List<(CellRange Range, string Id)> _links = [];
    private int _formulasWithoutValue;

    public void Write(string title, XlsxComments comments, CancellationToken cancel)
    {
        package.TryRead(part, writer, ReadSheet);
        var relationships = package.RelationshipsOf(part);
        _grid.Merge(_merged);
        foreach (var (range, id) in _links)
            if (relationships.Address(id) is { } address) _grid.Link(range, address);

        var drawing = new XlsxDrawing(package, writer);
        drawing.Read(relationships.PartOfType("drawing"));
        var notes = comments.Of(relationships);
        if (_formulasWithoutValue > 0)
        {
            writer.Warn($"Formulas without a saved value in \"{title}\": {_formulasWithoutValue}. "
                + "Open the workbook in its program and save it, so that their results are stored.");
        }
        if (_grid.IsEmpty && drawing.IsEmpty && notes.Count == 0) return;
        writer.Heading(2, title);
        _grid.Write(writer, cancel);
        drawing.Write();
        foreach (var note in notes) writer.Paragraph(note);
    }

    private void ReadSheet(XmlPart xml)
    {
        if (!xml.ReadRoot()) return;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "sheetData": ReadRows(xml); break;
                case "mergeCells": ReadMerged(xml); break;
                case "hyperlinks": ReadLinks(xml); break;
                case "headerFooter": ReadFurniture(xml); break;
            }
        }
    }

    // Printed above and below the cells: three parts, with codes for page numbers, fonts and the like.
    private void ReadFurniture(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
            writer.Furniture(PrintCode().Replace(xml.Text(), " ").Replace("&&", "&", StringComparison.Ordinal));
    }

    [GeneratedRegex("""&(?:"[^"]*"|K[0-9A-F+\-]{1,7}|\d+|[A-JL-Z])""", RegexOptions.IgnoreCase)]
    private static partial Regex PrintCode();

    private void ReadRows(XmlPart xml)
    {
        var row = -1;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name != "row") continue;
            row = Math.Clamp(xml.IntAttribute("r") - 1 ?? row + 1, 0, CellReference.MaxRows - 1);
            var column = -1;
            var inRow = xml.Depth;
            while (xml.NextChild(inRow))
                if (xml.Name == "c") ReadCell(xml, row, ref column);
        }
    }

    private void ReadCell(XmlPart xml, int row, ref int column)
    {
        var type = CellType.Number;
        var format = 0;
        column++;
        while (xml.NextAttribute())
        {
            switch (xml.Name)
            {
                case "r": CellReference.TryColumn(xml.ShortValue(), ref column); break;
                case "s": _ = int.TryParse(xml.ShortValue(), out format); break;
                case "t": type = TypeOf(xml.ShortValue()); break;
            }
        }
        var hasValue = false;
        var isFormula = false;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "v":
                    hasValue = true;
                    AddValue(xml, row, column, type, format);
                    break;
                case "is":
                    hasValue = true;
                    _grid.Add(row, column, XlsxStrings.ReadText(xml));
                    break;
                case "f":
                    isFormula = true;
                    break;
            }
        }
        if (isFormula && !hasValue) _formulasWithoutValue++;
    }

    private void AddValue(XmlPart xml, int row, int column, CellType type, int format)
    {
        if (type == CellType.Text)
        {
            _grid.Add(row, column, xml.Text());
            return;
        }
        // Anything longer is neither a number nor the index of a string.
        if (!xml.TryShortText(out var value)) return;
        var kind = type == CellType.Number ? workbook.Styles.Kind(format) : NumberKind.Plain;
        if (type == CellType.SharedText) _grid.Add(row, column, int.TryParse(value, out var index) ? workbook.Strings[index] : "");
        else if (type == CellType.Bool) _grid.Add(row, column, value is "1" ? "TRUE" : "FALSE");
        else if (kind == NumberKind.Plain && value.Length <= NumberFormat.Digits) _grid.Add(row, column, value);
        else _grid.Add(row, column, NumberFormat.Text(value.ToString(), kind, workbook.From1904));
    }

    private static CellType TypeOf(ReadOnlySpan<char> name) => name switch
    {
        "s" => CellType.SharedText,
        "b" => CellType.Bool,
        "n" => CellType.Number,
        _ => CellType.Text,
    };

    private enum CellType
    {
        Number,
        SharedText,
        Bool,

        /// <summary>A string, an error or an ISO date: shown as it is stored.</summary>
        Text,
    }

    private void ReadMerged(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
            if (CellReference.Range(xml.Attribute("ref")) is { } range) _merged.Add(range);
    }

    private void ReadLinks(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
            if (CellReference.Range(xml.Attribute("ref")) is { } range && xml.RelationshipId() is { } id) _links.Add((range, id));
    }
}
