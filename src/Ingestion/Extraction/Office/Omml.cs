using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>Office's equations (OMML) as LaTeX.</summary>
internal static class Omml
{
    /// <summary>The equation of the current element, without dollar signs.</summary>
    public static string Read(XmlPart xml) => Content(xml).Trim();

    private static string Content(XmlPart xml)
    {
        var text = new StringBuilder();
        var depth = xml.Depth;
        while (xml.NextChild(depth)) Append(xml, text);
        return text.ToString();
    }

    private static void Append(XmlPart xml, StringBuilder text)
    {
        switch (xml.Name)
        {
            case "r":
                AppendRun(xml, text);
                break;
            case "f" or "sSup" or "sSub" or "sSubSup" or "sPre" or "rad" or "d" or "nary" or "func" or "limLow" or "limUpp"
                or "acc" or "bar" or "groupChr" or "eqArr":
                AppendStructure(xml.Name, Parts.Read(xml), text);
                break;
            case "m":
                AppendMatrix(xml, text);
                break;
            case "del" or "moveFrom":
                break;
            case var name when name.EndsWith("Pr", StringComparison.Ordinal):
                break;
            default:
                text.Append(Content(xml));
                break;
        }
    }

    private static void AppendRun(XmlPart xml, StringBuilder text)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
            if (xml.Name == "t") text.Append(LatexSymbols.Translate(xml.Text()));
    }

    private static void AppendStructure(string name, Parts parts, StringBuilder text)
    {
        switch (name)
        {
            case "f":
                AppendFraction(parts, text);
                break;
            case "sSup":
                text.Append(Grouped(parts.Base)).Append("^{").Append(parts.Sup).Append('}');
                break;
            case "sSub":
                text.Append(Grouped(parts.Base)).Append("_{").Append(parts.Sub).Append('}');
                break;
            case "sSubSup":
                text.Append(Grouped(parts.Base)).Append("_{").Append(parts.Sub).Append("}^{").Append(parts.Sup).Append('}');
                break;
            case "sPre":
                text.Append("{}_{").Append(parts.Sub).Append("}^{").Append(parts.Sup).Append('}').Append(parts.Base);
                break;
            case "rad":
                text.Append("\\sqrt");
                if (parts.Degree.Trim().Length > 0) text.Append('[').Append(parts.Degree).Append(']');
                text.Append('{').Append(parts.Base).Append('}');
                break;
            case "d":
                text.Append("\\left").Append(Fence(parts.Begin ?? "(")).AppendJoin(Fence(parts.Separator ?? "|"), parts.Bases)
                    .Append("\\right").Append(Fence(parts.End ?? ")"));
                break;
            case "nary":
                text.Append(LatexSymbols.Translate(parts.Character ?? "∫").Trim());
                if (parts.Sub.Length > 0) text.Append("_{").Append(parts.Sub).Append('}');
                if (parts.Sup.Length > 0) text.Append("^{").Append(parts.Sup).Append('}');
                text.Append('{').Append(parts.Base).Append('}');
                break;
            case "func":
                text.Append(LatexSymbols.Function(parts.Function)).Append('{').Append(parts.Base).Append('}');
                break;
            case "limLow":
                text.Append(LatexSymbols.Function(parts.Base)).Append("_{").Append(parts.Limit).Append('}');
                break;
            case "limUpp":
                text.Append(LatexSymbols.Function(parts.Base)).Append("^{").Append(parts.Limit).Append('}');
                break;
            case "acc":
                text.Append(LatexSymbols.Accent(parts.Character ?? "\u0302")).Append('{').Append(parts.Base).Append('}');
                break;
            case "bar":
                text.Append(parts.Position == "top" ? "\\overline{" : "\\underline{").Append(parts.Base).Append('}');
                break;
            case "groupChr":
                text.Append(parts.Position == "top" ? "\\overbrace{" : "\\underbrace{").Append(parts.Base).Append('}');
                break;
            case "eqArr":
                text.Append("\\begin{array}{c}").AppendJoin(" \\\\ ", parts.Bases).Append("\\end{array}");
                break;
        }
    }

    private static void AppendFraction(Parts parts, StringBuilder text)
    {
        if (parts.Type == "lin")
        {
            text.Append(parts.Numerator).Append('/').Append(parts.Denominator);
            return;
        }
        text.Append(parts.Type == "noBar" ? "\\genfrac{}{}{0pt}{}{" : "\\frac{")
            .Append(parts.Numerator).Append("}{").Append(parts.Denominator).Append('}');
    }

    private static void AppendMatrix(XmlPart xml, StringBuilder text)
    {
        text.Append("\\begin{matrix}");
        var first = true;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (xml.Name != "mr") continue;
            if (!first) text.Append(" \\\\ ");
            first = false;
            text.AppendJoin(" & ", Parts.Read(xml).Bases);
        }
        text.Append("\\end{matrix}");
    }

    /// <summary>What a script hangs on: more than one sign needs braces.</summary>
    private static string Grouped(string text) => text.Length > 1 ? $"{{{text}}}" : text;

    private static string Fence(string sign) => sign switch
    {
        "" => ".",
        "{" => "\\{",
        "}" => "\\}",
        _ => LatexSymbols.Translate(sign).Trim(),
    };

    /// <summary>The named parts and properties that a structure has, whichever structure it is.</summary>
    private sealed class Parts
    {
        public List<string> Bases { get; } = [];
        public string Base => Bases.Count > 0 ? Bases[0] : "";
        public string Numerator { get; private set; } = "";
        public string Denominator { get; private set; } = "";
        public string Sub { get; private set; } = "";
        public string Sup { get; private set; } = "";
        public string Degree { get; private set; } = "";
        public string Limit { get; private set; } = "";
        public string Function { get; private set; } = "";
        public string? Character { get; private set; }
        public string? Begin { get; private set; }
        public string? End { get; private set; }
        public string? Separator { get; private set; }
        public string? Type { get; private set; }
        public string? Position { get; private set; }

        public static Parts Read(XmlPart xml)
        {
            var parts = new Parts();
            var depth = xml.Depth;
            while (xml.NextChild(depth))
            {
                switch (xml.Name)
                {
                    case "e": parts.Bases.Add(Content(xml)); break;
                    case "num": parts.Numerator = Content(xml); break;
                    case "den": parts.Denominator = Content(xml); break;
                    case "sub": parts.Sub = Content(xml); break;
                    case "sup": parts.Sup = Content(xml); break;
                    case "deg": parts.Degree = Content(xml); break;
                    case "lim": parts.Limit = Content(xml); break;
                    case "fName": parts.Function = Content(xml); break;
                    case var name when name.EndsWith("Pr", StringComparison.Ordinal): parts.ReadProperties(xml); break;
                }
            }
            return parts;
        }

        private void ReadProperties(XmlPart xml)
        {
            var depth = xml.Depth;
            while (xml.NextChild(depth))
            {
                switch (xml.Name)
                {
                    case "chr": Character = xml.Attribute("val") ?? ""; break;
                    case "begChr": Begin = xml.Attribute("val") ?? ""; break;
                    case "endChr": End = xml.Attribute("val") ?? ""; break;
                    case "sepChr": Separator = xml.Attribute("val") ?? ""; break;
                    case "type": Type = xml.Attribute("val"); break;
                    case "pos": Position = xml.Attribute("val"); break;
                }
            }
        }
    }
}
