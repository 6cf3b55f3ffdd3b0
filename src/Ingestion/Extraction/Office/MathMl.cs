using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>MathML as LaTeX, as far as word processors write it.</summary>
internal static class MathMl
{
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
            case "annotation" or "annotation-xml":
                break;
            case "mi" or "mn" or "mo" or "mtext" or "ms":
                text.Append(LatexSymbols.Translate(xml.Text()));
                break;
            case "mfrac":
                Append(text, xml, "\\frac{", "}{", "}");
                break;
            case "msup" or "mover":
                Append(text, xml, "{", "}^{", "}");
                break;
            case "msub" or "munder":
                Append(text, xml, "{", "}_{", "}");
                break;
            case "msubsup" or "munderover":
                Append(text, xml, "{", "}_{", "}^{", "}");
                break;
            case "msqrt":
                text.Append("\\sqrt{").Append(Content(xml)).Append('}');
                break;
            case "mroot":
                var parts = Parts(xml);
                text.Append("\\sqrt[").Append(parts.ElementAtOrDefault(1)).Append("]{").Append(parts.FirstOrDefault()).Append('}');
                break;
            case "mtr":
                text.AppendJoin(" & ", Parts(xml)).Append(" \\\\ ");
                break;
            default:
                text.Append(Content(xml));
                break;
        }
    }

    /// <summary>The children, each between two of the marks.</summary>
    private static void Append(StringBuilder text, XmlPart xml, params ReadOnlySpan<string> marks)
    {
        var parts = Parts(xml);
        for (var i = 0; i < marks.Length; i++)
        {
            text.Append(marks[i]);
            if (i < parts.Count && i < marks.Length - 1) text.Append(parts[i]);
        }
    }

    private static List<string> Parts(XmlPart xml)
    {
        var parts = new List<string>();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            var part = new StringBuilder();
            Append(xml, part);
            parts.Add(part.ToString().Trim());
        }
        return parts;
    }
}
