using System.Text;
using System.Xml;
using Ingestion.Extraction.Office;

namespace Ingestion.Extraction.Web;

/// <summary>A page's formula, drawn with MathML elements, as LaTeX.</summary>
internal static class HtmlFormula
{
    /// <summary>Empty for one that nests too deep.</summary>
    public static string Latex(HtmlNode math, int maxDepth)
    {
        var text = new StringBuilder();
        var settings = new XmlWriterSettings { ConformanceLevel = ConformanceLevel.Fragment, CheckCharacters = false };
        using (var xml = XmlWriter.Create(text, settings))
        {
            if (!Write(math, xml, maxDepth)) return "";
        }
        using var reader = XmlReader.Create(new StringReader(text.ToString()), new XmlReaderSettings { CheckCharacters = false });
        using var part = new XmlPart(reader, maxDepth);
        return part.ReadRoot() ? MathMl.Read(part) : "";
    }

    private static bool Write(HtmlNode math, XmlWriter xml, int maxDepth)
    {
        var depth = 0;
        for (var node = math; ; node = node.Next)
        {
            while (!node.IsText)
            {
                if (++depth > maxDepth) return false;
                xml.WriteStartElement(XmlConvert.EncodeLocalName(node.Tree.Names.Name(node.Tag)));
                if (node.First is not { Exists: true } first)
                {
                    xml.WriteEndElement();
                    depth--;
                    break;
                }
                node = first;
            }
            if (node.IsText) xml.WriteString(MarkdownWriter.Clean(node.Text.Trim().ToString()));
            while (node != math && !node.Next.Exists)
            {
                node = node.Parent;
                xml.WriteEndElement();
                depth--;
            }
            if (node == math) return true;
        }
    }
}
