using System.Globalization;

namespace Ingestion.Extraction.Office;

/// <summary>What OpenDocument styles say about structure and emphasis, from styles.xml and the automatic styles of content.xml.</summary>
internal sealed class OdfStyles
{
    private const int MaxAncestors = 32;
    private readonly Dictionary<(string Family, string Name), OdfStyle> _styles = [];
    private readonly Dictionary<string, OdfListStyle> _lists = new(StringComparer.Ordinal);

    /// <summary>How headings are numbered.</summary>
    public OdfListStyle Outline { get; } = new();

    /// <summary>The style with what it inherits.</summary>
    public OdfStyle Find(string family, string? name)
    {
        if (name is null || !_styles.TryGetValue((family, name), out var style)) return OdfStyle.Plain;
        var ancestor = style;
        for (var i = 0; i < MaxAncestors && ancestor.Parent is { } parent && _styles.TryGetValue((family, parent), out ancestor); i++)
            style = style.InheritFrom(ancestor);
        return style;
    }

    public OdfListStyle? List(string? name) => name is null ? null : _lists.GetValueOrDefault(name);

    /// <summary>Reads the styles inside the current element (office:styles, office:automatic-styles).</summary>
    public void Read(XmlPart xml)
    {
        var isAutomatic = xml.Name == "automatic-styles";
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "style": ReadStyle(xml, isAutomatic); break;
                case "list-style": ReadList(xml); break;
                case "outline-style": Outline.Read(xml); break;
            }
        }
    }

    private void ReadList(XmlPart xml)
    {
        if (xml.Attribute("name") is not { } name) return;
        var list = new OdfListStyle();
        list.Read(xml);
        _lists[name] = list;
    }

    private void ReadStyle(XmlPart xml, bool isAutomatic)
    {
        string name = "", family = "";
        var style = new OdfStyle();
        while (xml.NextAttribute())
        {
            switch (xml.Name)
            {
                case "name": name = xml.Value; break;
                case "family": family = xml.Value; break;
                case "parent-style-name": style = style with { Parent = xml.Value }; break;
                case "list-style-name": style = style with { ListStyle = xml.Value }; break;
            }
        }
        style = style with { NamedStyle = isAutomatic ? null : name };
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "text-properties":
                    var run = ReadRun(xml);
                    style = style with { Run = run, OwnRun = isAutomatic ? run : default };
                    break;
                case "paragraph-properties":
                    style = style with { IsNumbered = xml.Attribute("enable-numbering") is { } on ? on == "true" : null };
                    break;
                case "table-properties":
                    style = style with { IsHidden = xml.Attribute("display") == "false" };
                    break;
                case "drawing-page-properties":
                    style = style with { IsHidden = xml.Attribute("visibility") == "hidden" };
                    break;
            }
        }
        _styles[(family, name)] = style;
    }

    private static RunFormat ReadRun(XmlPart xml)
    {
        var run = default(RunFormat);
        while (xml.NextAttribute())
        {
            switch (xml.Name)
            {
                case "font-weight": run = run with { Bold = IsBold(xml.Value) }; break;
                case "font-style": run = run with { Italic = xml.Value is "italic" or "oblique" }; break;
                case "text-line-through-style" or "text-line-through-type": run = run with { Strike = xml.Value != "none" }; break;
                case "display": run = run with { Hidden = xml.Value == "none" }; break;
                case "font-name": run = run with { Monospaced = RunFormat.IsMonospaced(xml.Value) }; break;
            }
        }
        return run;
    }

    private static bool IsBold(string weight) =>
        weight == "bold" || (int.TryParse(weight, CultureInfo.InvariantCulture, out var number) && number >= 600);
}

/// <summary>One style; null means: not said here, so inherited.</summary>
internal sealed record OdfStyle
{
    public static readonly OdfStyle Plain = new();

    public string? Parent { get; init; }

    /// <summary>The nearest style that has a name of its own, such as "Heading_20_1"; automatic styles have none.</summary>
    public string? NamedStyle { get; init; }

    public string? ListStyle { get; init; }
    public RunFormat Run { get; init; }

    /// <summary>What an automatic style itself says: the emphasis that somebody gave to this very paragraph.</summary>
    public RunFormat OwnRun { get; init; }

    public bool? IsNumbered { get; init; }
    public bool IsHidden { get; init; }

    public OdfStyle InheritFrom(OdfStyle parent) => this with
    {
        Parent = parent.Parent,
        NamedStyle = NamedStyle ?? parent.NamedStyle,
        ListStyle = ListStyle ?? parent.ListStyle,
        Run = Run.InheritFrom(parent.Run),
        IsNumbered = IsNumbered ?? parent.IsNumbered,
    };
}

/// <summary>The marks of a list's levels, and how far it has counted.</summary>
internal sealed class OdfListStyle
{
    private const int Levels = 10;
    private readonly Level[] _levels = new Level[Levels];
    private readonly int?[] _counters = new int?[Levels];

    public void Read(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if ((xml.IntAttribute("level") ?? 0) is not (>= 1 and <= Levels and var number)) continue;
            var level = new Level { IsBullet = xml.Name is "list-level-style-bullet" or "list-level-style-image", Start = 1, Shown = 1 };
            while (xml.NextAttribute())
            {
                switch (xml.Name)
                {
                    case "num-format": level.Format = xml.Value; break;
                    case "num-prefix": level.Prefix = xml.Value; break;
                    case "num-suffix": level.Suffix = xml.Value; break;
                    case "start-value": level.Start = int.TryParse(xml.Value, out var start) ? start : 1; break;
                    case "display-levels": level.Shown = int.TryParse(xml.Value, out var shown) ? shown : 1; break;
                }
            }
            _levels[number - 1] = level;
        }
    }

    public void Restart() => Array.Clear(_counters);

    /// <summary>Counts one more item and returns its mark: "-" for a bullet, "" for none.</summary>
    /// <param name="level">From 1.</param>
    /// <param name="start">Where this item sets the count itself.</param>
    public string Next(int level, int? start = null)
    {
        var index = Math.Clamp(level, 1, Levels) - 1;
        var definition = _levels[index];
        _counters[index] = start ?? (_counters[index] is { } last ? last + 1 : definition.Start);
        Array.Clear(_counters, index + 1, Levels - index - 1);
        if (definition.IsBullet) return "-";
        if (string.IsNullOrEmpty(definition.Format)) return "";
        var mark = "";
        for (var i = Math.Max(0, index - Math.Max(definition.Shown, 1) + 1); i <= index; i++)
        {
            if (string.IsNullOrEmpty(_levels[i].Format)) continue;
            mark += (mark.Length > 0 ? "." : "") + Number(_counters[i] ??= _levels[i].Start, _levels[i].Format!);
        }
        return $"{definition.Prefix}{mark}{definition.Suffix}".Trim();
    }

    private static string Number(int value, string format) => format switch
    {
        "a" => ListNumbers.Letters(value, 'a'),
        "A" => ListNumbers.Letters(value, 'A'),
        "i" => ListNumbers.Roman(value).ToLowerInvariant(),
        "I" => ListNumbers.Roman(value),
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private struct Level
    {
        public bool IsBullet;
        public string? Format;
        public string? Prefix;
        public string? Suffix;
        public int Start;
        public int Shown;
    }
}
