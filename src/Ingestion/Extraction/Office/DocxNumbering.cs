using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>Counts the items of a Word document's lists (numbering.xml), which its text does not hold.</summary>
internal sealed class DocxNumbering
{
    private const int Levels = 9;
    private readonly Dictionary<string, AbstractList> _abstract = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ListInstance> _instances = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _styleLists = new(StringComparer.Ordinal);

    public void Read(XmlPart xml)
    {
        if (!xml.ReadRoot()) return;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "abstractNum") ReadAbstract(xml);
            else if (xml.Name == "num") ReadInstance(xml);
        }
    }

    /// <summary>The level that a list ties to a paragraph style, or null.</summary>
    public int? LevelOfStyle(string number, string styleId)
    {
        if (Find(number) is not { } found) return null;
        for (var i = 0; i < Levels; i++)
            if (found.List.Levels[i].StyleId == styleId) return i;
        return null;
    }

    /// <summary>
    /// Counts one more item and returns its mark as the document shows it, such as "2.1." or "b)"; "-" for a bullet, "" for no mark.
    /// Null where there is no such list.
    /// </summary>
    public string? Next(string number, int level)
    {
        if (Find(number) is not var (instance, list)) return null;
        level = Math.Clamp(level, 0, Levels - 1);
        var counters = list.Counters;
        if (!instance.Started[level])
        {
            instance.Started[level] = true;
            if (instance.StartOverrides[level] is { } start) counters[level] = start - 1;
        }
        var definition = instance.Definitions[level] ?? list.Levels[level];
        counters[level] = (counters[level] ?? definition.Start - 1) + 1;
        for (var deeper = level + 1; deeper < Levels; deeper++) counters[deeper] = null;
        return definition.Format switch
        {
            "bullet" => "-",
            _ => Mark(definition, instance, list, level),
        };
    }

    private static string Mark(ListLevel definition, ListInstance instance, AbstractList list, int level)
    {
        var text = definition.Text;
        var mark = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%' || i + 1 >= text.Length || text[i + 1] is < '1' or > '9')
            {
                mark.Append(text[i]);
                continue;
            }
            var shown = text[++i] - '1';
            if (shown > level) continue;
            var shownLevel = instance.Definitions[shown] ?? list.Levels[shown];
            var value = list.Counters[shown] ??= shownLevel.Start;
            mark.Append(NumberText(value, definition.LegalStyle && shownLevel.Format != "none" ? "decimal" : shownLevel.Format));
        }
        return mark.ToString().Trim();
    }

    private (ListInstance Instance, AbstractList List)? Find(string number)
    {
        if (!_instances.TryGetValue(number, out var instance) || !_abstract.TryGetValue(instance.AbstractId, out var list)) return null;
        if (list.NumberingStyle is not { } style || !_styleLists.TryGetValue(style, out var id)) return (instance, list);
        return (instance, _abstract.GetValueOrDefault(id) ?? list);
    }

    private void ReadAbstract(XmlPart xml)
    {
        if (xml.Attribute("abstractNumId") is not { } id) return;
        var list = new AbstractList();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "lvl": if (xml.IntAttribute("ilvl") is >= 0 and < Levels and var level) list.Levels[level] = ReadLevel(xml); break;
                case "numStyleLink": list.NumberingStyle = xml.Attribute("val"); break;
                case "styleLink": if (xml.Attribute("val") is { } style) _styleLists.TryAdd(style, id); break;
            }
        }
        _abstract.TryAdd(id, list);
    }

    private void ReadInstance(XmlPart xml)
    {
        if (xml.Attribute("numId") is not { } number) return;
        var instance = new ListInstance();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "abstractNumId") instance.AbstractId = xml.Attribute("val") ?? "";
            else if (xml.Name == "lvlOverride" && xml.IntAttribute("ilvl") is >= 0 and < Levels and var level)
                ReadOverride(xml, instance, level);
        }
        _instances.TryAdd(number, instance);
    }

    private static void ReadOverride(XmlPart xml, ListInstance instance, int level)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "startOverride") instance.StartOverrides[level] = xml.IntAttribute("val");
            else if (xml.Name == "lvl") instance.Definitions[level] = ReadLevel(xml);
        }
    }

    private static ListLevel ReadLevel(XmlPart xml)
    {
        var level = new ListLevel();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "start": level = level with { Start = xml.IntAttribute("val") ?? 1 }; break;
                case "numFmt": level = level with { Format = xml.Attribute("val") ?? "decimal" }; break;
                case "lvlText": level = level with { Text = xml.Attribute("val") ?? "" }; break;
                case "pStyle": level = level with { StyleId = xml.Attribute("val") }; break;
                case "isLgl": level = level with { LegalStyle = xml.IsOn() }; break;
            }
        }
        return level;
    }

    private static string NumberText(int value, string format) => format switch
    {
        "none" => "",
        "lowerLetter" => ListNumbers.Letters(value, 'a'),
        "upperLetter" => ListNumbers.Letters(value, 'A'),
        "lowerRoman" => ListNumbers.Roman(value).ToLowerInvariant(),
        "upperRoman" => ListNumbers.Roman(value),
        "decimalZero" => value.ToString("00", CultureInfo.InvariantCulture),
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private sealed class AbstractList
    {
        public ListLevel[] Levels { get; } = Enumerable.Repeat(new ListLevel(), DocxNumbering.Levels).ToArray();

        /// <summary>All instances of one definition go on counting where the last one stopped.</summary>
        public int?[] Counters { get; } = new int?[DocxNumbering.Levels];

        public string? NumberingStyle { get; set; }
    }

    private sealed class ListInstance
    {
        public string AbstractId { get; set; } = "";
        public int?[] StartOverrides { get; } = new int?[Levels];
        public ListLevel?[] Definitions { get; } = new ListLevel?[Levels];
        public bool[] Started { get; } = new bool[Levels];
    }

    private sealed record ListLevel
    {
        public int Start { get; init; } = 1;
        public string Format { get; init; } = "decimal";
        public string Text { get; init; } = "";
        public string? StyleId { get; init; }
        public bool LegalStyle { get; init; }
    }
}
