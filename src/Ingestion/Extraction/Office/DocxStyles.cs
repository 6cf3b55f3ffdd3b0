namespace Ingestion.Extraction.Office;

/// <summary>What styles.xml says about structure and emphasis, each style with what it inherits by basedOn.</summary>
internal sealed class DocxStyles
{
    private const int MaxAncestors = 32;
    private readonly Dictionary<string, DocxStyle> _styles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DocxStyle> _resolved = new(StringComparer.Ordinal);
    private string? _defaultParagraph;

    /// <summary>The language of the document's defaults, BCP 47.</summary>
    public string? Language { get; private set; }

    public void Read(XmlPart xml)
    {
        if (!xml.ReadRoot()) return;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "style") ReadStyle(xml);
            else if (xml.Name == "docDefaults") ReadDefaults(xml);
        }
    }

    /// <summary>The style of that id, or the default paragraph style for none.</summary>
    public DocxStyle Paragraph(string? id) => Resolve(id ?? _defaultParagraph);

    public DocxStyle Character(string? id) => Resolve(id);

    private DocxStyle Resolve(string? id)
    {
        if (id is null) return DocxStyle.Plain;
        if (_resolved.TryGetValue(id, out var known)) return known;
        if (!_styles.TryGetValue(id, out var style)) return DocxStyle.Plain;
        var name = style.Name;
        var ancestor = style;
        for (var i = 0; i < MaxAncestors && ancestor.BasedOn is { } parent && _styles.TryGetValue(parent, out ancestor); i++)
            style = style.InheritFrom(ancestor);
        return _resolved[id] = style with { Name = name };
    }

    private void ReadDefaults(XmlPart xml)
    {
        if (xml.NextDescendant(xml.Depth, "lang")) Language = xml.Attribute("val");
    }

    private void ReadStyle(XmlPart xml)
    {
        string? id = null;
        var isParagraph = false;
        var isDefault = false;
        while (xml.NextAttribute())
        {
            switch (xml.Name)
            {
                case "styleId": id = xml.Value; break;
                case "type": isParagraph = xml.Value == "paragraph"; break;
                case "default": isDefault = xml.Value is "1" or "true" or "on"; break;
            }
        }
        if (id is null) return;

        var style = new DocxStyle { Id = id };
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "name": style = style with { Name = xml.Attribute("val") ?? "" }; break;
                case "basedOn": style = style with { BasedOn = xml.Attribute("val") }; break;
                case "pPr": style = ReadParagraphProperties(xml, style); break;
                case "rPr": style = style with { Run = RunFormat.Read(xml, styles: null) }; break;
            }
        }
        _styles.TryAdd(id, style);
        if (isDefault && isParagraph) _defaultParagraph = id;
    }

    private static DocxStyle ReadParagraphProperties(XmlPart xml, DocxStyle style)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "outlineLvl") style = style with { OutlineLevel = xml.IntAttribute("val") };
            else if (xml.Name == "numPr") style = style with { Numbering = NumberingReference.Read(xml) };
        }
        return style;
    }
}

/// <summary>One style. Null means: not said here, so inherited.</summary>
internal sealed record DocxStyle
{
    public static readonly DocxStyle Plain = new();

    public string Id { get; init; } = "";

    /// <summary>The canonical English name of built-in styles, whatever the language of the program.</summary>
    public string Name { get; init; } = "";

    public string? BasedOn { get; init; }

    /// <summary>0 is the outermost heading; 9 is body text.</summary>
    public int? OutlineLevel { get; init; }

    public NumberingReference Numbering { get; init; }
    public RunFormat Run { get; init; }

    public DocxStyle InheritFrom(DocxStyle parent) => this with
    {
        OutlineLevel = OutlineLevel ?? parent.OutlineLevel ?? parent.NamedHeadingLevel,
        Numbering = Numbering.InheritFrom(parent.Numbering),
        Run = Run.InheritFrom(parent.Run),
    };

    /// <summary>0–8 for a heading, else null.</summary>
    public int? HeadingLevel => (OutlineLevel ?? NamedHeadingLevel) is >= 0 and < 9 and var level ? level : null;

    public bool IsTitle => Name.Equals("title", StringComparison.OrdinalIgnoreCase);

    public bool IsQuote => Name.Equals("quote", StringComparison.OrdinalIgnoreCase)
        || Name.Equals("intense quote", StringComparison.OrdinalIgnoreCase);

    public bool IsCaption => Name.Equals("caption", StringComparison.OrdinalIgnoreCase);

    public bool IsCode => Name.ToUpperInvariant() is "SOURCE CODE" or "CODE" or "CODE BLOCK" or "HTML PREFORMATTED" or "MACRO"
        or "PREFORMATTED TEXT" or "VERBATIM";

    private int? NamedHeadingLevel => Name.Length == 9 && Name.StartsWith("heading ", StringComparison.OrdinalIgnoreCase)
        && Name[8] is >= '1' and <= '9' ? Name[8] - '1' : null;
}

/// <summary>A paragraph's place in a list: which list, and how deep from 0. Number 0 takes the paragraph out of its style's list.</summary>
internal readonly record struct NumberingReference(string? Number, int? Level)
{
    public static NumberingReference Read(XmlPart xml)
    {
        var found = default(NumberingReference);
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "numId") found = found with { Number = xml.Attribute("val") };
            else if (xml.Name == "ilvl") found = found with { Level = xml.IntAttribute("val") };
        }
        return found;
    }

    public NumberingReference InheritFrom(NumberingReference parent) => new(Number ?? parent.Number, Level ?? parent.Level);
}

/// <summary>A run's looks, as far as they carry meaning. Null means: not said here.</summary>
internal readonly record struct RunFormat(bool? Bold, bool? Italic, bool? Strike, bool? Hidden, bool? Monospaced, bool? Raised = null)
{
    private static readonly string[] MonospacedFonts =
        ["Courier", "Consolas", "Menlo", "Monaco", "Lucida Console", "Cascadia", "Fira Code", "Source Code", "Mono"];

    /// <param name="styles">Where the run's character style is looked up; null while the styles themselves are read.</param>
    public static RunFormat Read(XmlPart xml, DocxStyles? styles)
    {
        var format = default(RunFormat);
        var style = default(RunFormat);
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "rStyle" when styles is not null: style = styles.Character(xml.Attribute("val")).Run; break;
                case "b": format = format with { Bold = xml.IsOn() }; break;
                case "i": format = format with { Italic = xml.IsOn() }; break;
                case "strike" or "dstrike": format = format with { Strike = xml.IsOn() }; break;
                case "vanish": format = format with { Hidden = xml.IsOn() }; break;
                case "vertAlign": format = format with { Raised = xml.Attribute("val") == "superscript" }; break;
                case "rFonts": format = format with { Monospaced = IsMonospaced(xml.Attribute("ascii")) }; break;
            }
        }
        return format.InheritFrom(style);
    }

    public RunFormat InheritFrom(RunFormat parent) => new(
        Bold ?? parent.Bold, Italic ?? parent.Italic, Strike ?? parent.Strike, Hidden ?? parent.Hidden, Monospaced ?? parent.Monospaced,
        Raised ?? parent.Raised);

    public Emphasis Emphasis =>
        (Bold == true ? Emphasis.Bold : 0) | (Italic == true ? Emphasis.Italic : 0) | (Strike == true ? Emphasis.Strike : 0);

    public static bool? IsMonospaced(string? font)
    {
        if (font is null) return null;
        foreach (var name in MonospacedFonts)
            if (font.Contains(name, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
