namespace Ingestion.Extraction.Office;

/// <summary>Text in DrawingML, where each paragraph is an <c>a:p</c> with runs.</summary>
internal static class DrawingText
{
    /// <summary>The texts of a diagram's data part, point by point.</summary>
    public static List<string> DiagramTexts(XmlPart xml)
    {
        var texts = new List<string>();
        if (!xml.ReadRoot()) return texts;
        var depth = xml.Depth;
        while (xml.NextDescendant(depth, "t"))
        {
            // A point's "dgm:t" holds the paragraphs, whose runs are "a:t"; only those have text of their own.
            var text = PlainText(xml).Trim();
            if (text.Length > 0) texts.Add(text);
        }
        return texts;
    }

    /// <summary>The runs inside the current element as one line.</summary>
    public static string PlainText(XmlPart xml)
    {
        var text = new System.Text.StringBuilder();
        var depth = xml.Depth;
        while (xml.NextDescendant(depth))
        {
            if (xml.Name == "t") text.Append(xml.Text());
            else if (xml.Name is "br" or "p" && text.Length > 0) text.Append(' ');
        }
        return text.ToString();
    }
}
