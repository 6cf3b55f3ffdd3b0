namespace Ingestion.Extraction.Office;

/// <summary>Which levels of a placeholder are bulleted, as layouts and masters say it; slides mostly leave it to them.</summary>
internal sealed class PptxBullets(OfficePackage package, MarkdownWriter writer)
{
    public const int Levels = 9;
    private readonly Dictionary<string, Layout> _layouts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, bool?[]> _masters = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What the layout says for a body placeholder; null where nobody says anything.</summary>
    public bool?[] Inherited(string? layoutPart, string placeholderIndex)
    {
        if (layoutPart is null) return new bool?[Levels];
        if (!_layouts.TryGetValue(layoutPart, out var layout)) _layouts[layoutPart] = layout = ReadLayout(layoutPart);
        return layout.Placeholders.GetValueOrDefault(placeholderIndex) ?? layout.Master;
    }

    /// <summary>Reads the bullets of <c>a:lvl1pPr</c>… inside the current element.</summary>
    public static void ReadLevels(XmlPart xml, bool?[] levels)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            var name = xml.Name;
            if (name.Length != 7 || !name.StartsWith("lvl", StringComparison.Ordinal) || name[3] is < '1' or > '9') continue;
            var level = name[3] - '1';
            var properties = xml.Depth;
            while (xml.NextChild(properties))
            {
                if (xml.Name is "buChar" or "buAutoNum" or "buBlip") levels[level] = true;
                else if (xml.Name == "buNone") levels[level] = false;
            }
        }
    }

    private Layout ReadLayout(string part)
    {
        var master = package.RelationshipsOf(part).PartOfType("slideMaster");
        var layout = new Layout(master is null ? new bool?[Levels] : MasterLevels(master));
        package.TryRead(part, writer, xml =>
        {
            if (!xml.ReadRoot()) return;
            var depth = xml.Depth;
            var index = "";
            while (xml.NextDescendant(depth))
            {
                if (xml.Name == "ph") index = xml.Attribute("idx") ?? "";
                if (xml.Name != "lstStyle" || index.Length == 0) continue;
                var levels = (bool?[])layout.Master.Clone();
                ReadLevels(xml, levels);
                layout.Placeholders.TryAdd(index, levels);
                index = "";
            }
        });
        return layout;
    }

    private bool?[] MasterLevels(string part)
    {
        if (_masters.TryGetValue(part, out var known)) return known;
        var levels = new bool?[Levels];
        package.TryRead(part, writer, xml =>
        {
            if (xml.ReadRoot() && xml.NextDescendant(xml.Depth, "bodyStyle")) ReadLevels(xml, levels);
        });
        return _masters[part] = levels;
    }

    private sealed record Layout(bool?[] Master)
    {
        public Dictionary<string, bool?[]> Placeholders { get; } = new(StringComparer.Ordinal);
    }
}
