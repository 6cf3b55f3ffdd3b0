using System.Globalization;

namespace Ingestion.Extraction.Office;

/// <summary>DrawingML text bodies and tables.</summary>
internal static class PptxText
{
    /// <summary>A text body as one line.</summary>
    /// <param name="plain">Without emphasis and links, as titles are.</param>
    public static string ReadLine(XmlPart xml, Relationships relationships, bool plain)
    {
        var blocks = new List<OfficeBlock>();
        ReadBlocks(xml, relationships, new bool?[PptxBullets.Levels], blocks, plain);
        return OfficeBlock.Join(blocks);
    }

    /// <param name="bulleted">By level, what the layout says; changed by what the body says itself.</param>
    public static void ReadBlocks(XmlPart xml, Relationships relationships, bool?[] bulleted, List<OfficeBlock> blocks, bool plain = false)
    {
        var counters = new int[PptxBullets.Levels];
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name == "lstStyle")
            {
                bulleted = (bool?[])bulleted.Clone();
                PptxBullets.ReadLevels(xml, bulleted);
            }
            else if (xml.Name == "p")
            {
                var paragraph = new Paragraph(relationships, plain);
                paragraph.Read(xml);
                Add(paragraph, bulleted, counters, blocks);
            }
        }
    }

    /// <summary>The rows of <c>a:tbl</c>, spans resolved.</summary>
    public static List<List<string>> ReadTable(XmlPart xml, Relationships relationships)
    {
        var rows = new List<List<string>>();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name != "tr") continue;
            var above = rows.Count > 0 ? rows[^1] : [];
            var row = new List<string>();
            var inRow = xml.Depth;
            while (xml.NextChild(inRow))
            {
                if (xml.Name != "tc") continue;
                var fromLeft = xml.Attribute("hMerge") is "1" or "true";
                var fromAbove = xml.Attribute("vMerge") is "1" or "true";
                if (fromAbove && row.Count < above.Count) row.Add(SpannedText.Repeated(above[row.Count]));
                else if (fromLeft && row.Count > 0) row.Add(SpannedText.Repeated(row[^1]));
                else row.Add(ReadCell(xml, relationships));
            }
            if (row.Count > 0) rows.Add(row);
        }
        return rows;
    }

    private static string ReadCell(XmlPart xml, Relationships relationships)
    {
        var text = "";
        var depth = xml.Depth;
        while (xml.NextChild(depth))
            if (xml.Name == "txBody") text = ReadLine(xml, relationships, plain: false);
        return text;
    }

    private static void Add(Paragraph paragraph, bool?[] bulleted, int[] counters, List<OfficeBlock> blocks)
    {
        var text = paragraph.Text;
        if (string.IsNullOrWhiteSpace(text)) return;
        var level = paragraph.Level;
        for (var deeper = level + 1; deeper < counters.Length; deeper++) counters[deeper] = 0;
        if (paragraph.Numbering is { } numbering)
        {
            counters[level] = counters[level] == 0 ? paragraph.StartAt : counters[level] + 1;
            blocks.Add(new OfficeBlock(ElementKind.ListItem, text, level + 1, Number(counters[level], numbering)));
            return;
        }
        counters[level] = 0;
        if (paragraph.Bulleted ?? bulleted[level] ?? false) blocks.Add(new OfficeBlock(ElementKind.ListItem, text, level + 1, "-"));
        else blocks.Add(new OfficeBlock(paragraph.IsFormula ? ElementKind.Formula : ElementKind.Paragraph, text));
    }

    private static string Number(int value, string scheme)
    {
        var text = scheme switch
        {
            _ when scheme.StartsWith("alphaLc", StringComparison.Ordinal) => ListNumbers.Letters(value, 'a'),
            _ when scheme.StartsWith("alphaUc", StringComparison.Ordinal) => ListNumbers.Letters(value, 'A'),
            _ when scheme.StartsWith("romanLc", StringComparison.Ordinal) => ListNumbers.Roman(value).ToLowerInvariant(),
            _ when scheme.StartsWith("romanUc", StringComparison.Ordinal) => ListNumbers.Roman(value),
            _ => value.ToString(CultureInfo.InvariantCulture),
        };
        return scheme.EndsWith("ParenBoth", StringComparison.Ordinal) ? $"({text})"
            : scheme.EndsWith("ParenR", StringComparison.Ordinal) ? text + ")"
            : text + ".";
    }

    private sealed class Paragraph(Relationships relationships, bool plain)
    {
        private readonly InlineMarkdown _inline = new();
        private bool _hasProse;
        private int _formulas;

        public int Level { get; private set; }
        public bool? Bulleted { get; private set; }
        public string? Numbering { get; private set; }
        public int StartAt { get; private set; } = 1;
        public string Text => field ??= ToText();
        public bool IsFormula => _formulas == 1 && !_hasProse;

        public void Read(XmlPart xml)
        {
            var depth = xml.Depth;
            while (xml.NextChild(depth))
            {
                switch (xml.Name)
                {
                    case "pPr": ReadProperties(xml); break;
                    case "r" or "fld": ReadRun(xml); break;
                    case "br": _inline.Append("\n"); break;
                    case "m": ReadFormula(xml); break;
                    case "AlternateContent": if (xml.NextDescendant(xml.Depth, "Choice")) Read(xml); break;
                }
            }
        }

        private string ToText()
        {
            // A formula's own block brings its dollar signs.
            var text = _inline.ToMarkdown();
            return IsFormula ? text.Trim().Trim('$') : text;
        }

        private void ReadProperties(XmlPart xml)
        {
            Level = Math.Clamp(xml.IntAttribute("lvl") ?? 0, 0, PptxBullets.Levels - 1);
            var depth = xml.Depth;
            while (xml.NextChild(depth))
            {
                switch (xml.Name)
                {
                    case "buNone": Bulleted = false; break;
                    case "buChar" or "buBlip": Bulleted = true; break;
                    case "buAutoNum":
                        Numbering = xml.Attribute("type") ?? "arabicPeriod";
                        StartAt = Math.Clamp(xml.IntAttribute("startAt") ?? 1, 1, short.MaxValue);
                        break;
                }
            }
        }

        private void ReadRun(XmlPart xml)
        {
            var emphasis = Emphasis.None;
            string? address = null;
            var depth = xml.Depth;
            while (xml.NextChild(depth))
            {
                if (xml.Name == "rPr")
                {
                    if (!plain) emphasis = ReadEmphasis(xml);
                    var inProperties = xml.Depth;
                    while (xml.NextChild(inProperties))
                        if (xml.Name == "hlinkClick" && !plain) address = relationships.Address(xml.RelationshipId());
                }
                else if (xml.Name == "t")
                {
                    var text = xml.Text().Replace('\v', '\n');
                    _hasProse |= !string.IsNullOrWhiteSpace(text);
                    var linked = address is not null && _inline.StartLink();
                    _inline.Append(text, emphasis);
                    if (linked) _inline.EndLink(address);
                }
            }
        }

        private static Emphasis ReadEmphasis(XmlPart xml)
        {
            var emphasis = Emphasis.None;
            while (xml.NextAttribute())
            {
                if (xml.Name == "b" && xml.Value is "1" or "true") emphasis |= Emphasis.Bold;
                else if (xml.Name == "i" && xml.Value is "1" or "true") emphasis |= Emphasis.Italic;
                else if (xml.Name == "strike" && xml.Value is "sngStrike" or "dblStrike") emphasis |= Emphasis.Strike;
            }
            return emphasis;
        }

        private void ReadFormula(XmlPart xml)
        {
            var depth = xml.Depth;
            while (xml.NextDescendant(depth, "oMath"))
            {
                var formula = Omml.Read(xml);
                if (formula.Length == 0) continue;
                _formulas++;
                _inline.Append($"${formula}$");
            }
        }
    }
}
