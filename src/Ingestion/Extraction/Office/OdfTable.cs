namespace Ingestion.Extraction.Office;

/// <summary>A table inside an OpenDocument text or slide, spans and repetitions resolved.</summary>
internal sealed class OdfTable(OdfBody body)
{
    /// <summary>Repetitions fill sheets up to their edges; a table in a text has no such edge.</summary>
    private const int MaxRepeat = 256;

    /// <summary>Characters. A cell that holds more is a page that was laid out by a table.</summary>
    private const int LongestCell = 1_500;

    private readonly List<List<string>> _rows = [];
    private readonly List<List<OfficeBlock>> _cells = [];

    /// <summary>For each column, how many rows below still belong to a cell above, and its label.</summary>
    private readonly List<(int Rows, string Label)> _down = [];
    private bool _isLayout;

    public void Read(XmlPart xml, List<OfficeBlock> blocks)
    {
        ReadRows(xml);
        if (_isLayout || _rows is [{ Count: 1 }]) _cells.ForEach(blocks.AddRange);
        else if (_rows.Count > 0) blocks.Add(OfficeBlock.Table(_rows));
    }

    private void ReadRows(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "table-row") ReadRow(xml);
            else if (xml.Name is "table-header-rows" or "table-rows" or "table-row-group") ReadRows(xml);
        }
    }

    private void ReadRow(XmlPart xml)
    {
        var row = new List<string>();
        var spanned = "";
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            var repeat = Math.Clamp(xml.IntAttribute("number-columns-repeated") ?? 1, 1, MaxRepeat);
            if (xml.Name == "covered-table-cell")
            {
                for (var i = 0; i < repeat; i++) row.Add(Covered(row.Count, spanned));
            }
            else if (xml.Name == "table-cell")
            {
                var down = Math.Clamp(xml.IntAttribute("number-rows-spanned") ?? 1, 1, ushort.MaxValue) - 1;
                var cell = new List<OfficeBlock>();
                body.ReadBlocks(xml, cell);
                _cells.Add(cell);
                var text = OfficeBlock.Join(cell);
                _isLayout |= text.Length > LongestCell;
                spanned = SpannedText.Repeated(text);
                for (var i = 0; i < repeat; i++)
                {
                    Keep(row.Count, down, spanned);
                    row.Add(text);
                }
            }
        }
        if (row.Count > 0) _rows.Add(row);
    }

    private string Covered(int column, string fromLeft)
    {
        if (column < _down.Count && _down[column] is { Rows: > 0 } above)
        {
            _down[column] = above with { Rows = above.Rows - 1 };
            return above.Label;
        }
        // The cells right of a cell that spans rows and columns are covered in the rows below, too.
        Keep(column, column > 0 && column <= _down.Count ? _down[column - 1].Rows : 0, fromLeft);
        return fromLeft;
    }

    private void Keep(int column, int rows, string label)
    {
        while (_down.Count <= column) _down.Add((0, ""));
        _down[column] = (rows, label);
    }
}
