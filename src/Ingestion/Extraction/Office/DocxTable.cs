namespace Ingestion.Extraction.Office;

/// <summary>One table of a Word document, spans resolved to a plain grid.</summary>
internal sealed class DocxTable(DocxBody body)
{
    /// <summary>Word's own limit of columns; a greater span is a lie.</summary>
    private const int MaxColumns = 63;

    /// <summary>Characters. A cell that holds more is a page that was laid out by a table.</summary>
    private const int LongestCell = 1_500;

    private readonly List<List<string>> _rows = [];
    private readonly List<List<OfficeBlock>> _cells = [];
    private readonly List<string> _above = [];
    private bool _isLayout;

    public void Read(XmlPart xml, List<OfficeBlock> blocks)
    {
        ReadRows(xml);
        // A table of one cell is a frame around text; headings and lists inside such frames would be lost in a table.
        if (_isLayout || _rows is [{ Count: 1 }]) _cells.ForEach(blocks.AddRange);
        else if (_rows.Count > 0) blocks.Add(OfficeBlock.Table(_rows));
    }

    private void ReadRows(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "tr") ReadRow(xml);
            else if (xml.Name is "sdt" or "sdtContent" or "customXml" or "ins" or "moveTo") ReadRows(xml);
        }
    }

    private void ReadRow(XmlPart xml)
    {
        var row = new List<string>();
        if (ReadCells(xml, row) && row.Count > 0) _rows.Add(row);
    }

    /// <summary>False for a row that a tracked change deleted.</summary>
    private bool ReadCells(XmlPart xml, List<string> row)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "trPr" when !ReadRowProperties(xml, row): return false;
                case "tc": ReadCell(xml, row); break;
                case "sdt" or "sdtContent" or "customXml": ReadCells(xml, row); break;
            }
        }
        return true;
    }

    private bool ReadRowProperties(XmlPart xml, List<string> row)
    {
        var kept = true;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "del")
            {
                kept = false;
                body.WarnOfDeleted();
            }
            else if (xml.Name == "gridBefore") row.AddRange(Enumerable.Repeat("", Math.Clamp(xml.IntAttribute("val") ?? 0, 0, MaxColumns)));
        }
        return kept;
    }

    private void ReadCell(XmlPart xml, List<string> row)
    {
        var span = 1;
        var continues = false;
        var blocks = new List<OfficeBlock>();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "tcPr") ReadCellProperties(xml, ref span, ref continues);
            else body.ReadBlock(xml, blocks);
        }
        _cells.Add(blocks);
        var text = OfficeBlock.Join(blocks);
        _isLayout |= text.Length > LongestCell;
        if (continues && text.Length == 0 && row.Count < _above.Count) text = SpannedText.Repeated(_above[row.Count]);
        for (var i = 0; i < span; i++)
        {
            while (_above.Count <= row.Count) _above.Add("");
            _above[row.Count] = text;
            row.Add(i == 0 ? text : SpannedText.Repeated(text));
        }
    }

    private static void ReadCellProperties(XmlPart xml, ref int span, ref bool continues)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "gridSpan") span = Math.Clamp(xml.IntAttribute("val") ?? 1, 1, MaxColumns);
            else if (xml.Name == "vMerge") continues = xml.Attribute("val") is not "restart";
        }
    }
}
