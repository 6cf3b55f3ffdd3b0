namespace Ingestion.Extraction.Office;

/// <summary>What styles.xml says about numbers: the kind of each cell format.</summary>
internal sealed class XlsxStyles
{
    private readonly Dictionary<int, NumberKind> _codes = [];
    private readonly List<NumberKind> _formats = [];

    public NumberKind Kind(int format) => (uint)format < (uint)_formats.Count ? _formats[format] : NumberKind.Plain;

    public void Read(XmlPart xml)
    {
        if (!xml.ReadRoot()) return;
        var root = xml.Depth;
        while (xml.NextChild(root))
        {
            if (xml.Name is not ("numFmts" or "cellXfs")) continue;
            var isCodes = xml.Name == "numFmts";
            var depth = xml.Depth;
            while (xml.NextChild(depth))
            {
                var id = xml.IntAttribute("numFmtId") ?? 0;
                if (isCodes) _codes[id] = NumberFormat.Kind(xml.Attribute("formatCode") ?? "");
                else _formats.Add(_codes.TryGetValue(id, out var kind) ? kind : NumberFormat.BuiltIn(id));
            }
        }
    }
}
