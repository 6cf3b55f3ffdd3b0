using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>The strings that cells share, by their number.</summary>
internal sealed class XlsxStrings
{
    private readonly List<string> _strings = [];

    public string this[int index] => (uint)index < (uint)_strings.Count ? _strings[index] : "";

    public void Read(XmlPart xml)
    {
        if (!xml.ReadRoot()) return;
        var depth = xml.Depth;
        while (xml.NextChild(depth)) _strings.Add(ReadText(xml));
    }

    /// <summary>The text inside the current element; its runs without their looks, and without phonetic readings.</summary>
    public static string ReadText(XmlPart xml)
    {
        var first = "";
        StringBuilder? more = null;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            var text = xml.Name == "t" ? xml.Text() : xml.Name == "r" ? ReadText(xml) : "";
            if (text.Length == 0) continue;
            if (more is not null) more.Append(text);
            else if (first.Length == 0) first = text;
            else more = new StringBuilder(first).Append(text);
        }
        return more?.ToString() ?? first;
    }
}
