using System.Text;
using System.Xml;

namespace Ingestion.Extraction.Office;

/// <summary>
/// Forward reading of one XML part by local names, since strict, transitional and draft namespaces name the same things.
/// A caller that has handled an element leaves the reader anywhere inside it or on its end: <see cref="NextChild"/> goes on from there.
/// </summary>
internal sealed class XmlPart(XmlReader reader, int maxDepth) : IDisposable
{
    private readonly char[] _chunk = new char[64];

    public string Name => reader.LocalName;
    public string Namespace => reader.NamespaceURI;
    public string Value => reader.Value;
    public int Depth => reader.Depth;

    /// <summary>Stands on the root element afterwards; false for a part without one.</summary>
    public bool ReadRoot()
    {
        while (Read())
            if (reader.NodeType == XmlNodeType.Element) return true;
        return false;
    }

    /// <summary>Goes to the next child element of the element at <paramref name="depth"/>; false at that element's end.</summary>
    public bool NextChild(int depth)
    {
        if (reader.Depth == depth && (reader.NodeType == XmlNodeType.EndElement || reader.IsEmptyElement)) return false;
        while (Read())
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                if (reader.Depth == depth + 1) return true;
            }
            else if (reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth)
            {
                return false;
            }
        }
        return false;
    }

    /// <summary>Goes to the next element anywhere inside the element at <paramref name="depth"/>; false at that element's end.</summary>
    public bool NextDescendant(int depth)
    {
        if (reader.Depth == depth && (reader.NodeType == XmlNodeType.EndElement || reader.IsEmptyElement)) return false;
        while (Read())
        {
            if (reader.NodeType == XmlNodeType.Element) return true;
            if (reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth) return false;
        }
        return false;
    }

    /// <summary>The same, for the next element of that name.</summary>
    public bool NextDescendant(int depth, string name)
    {
        while (NextDescendant(depth))
            if (reader.LocalName == name) return true;
        return false;
    }

    /// <summary>Goes to the end of the current element.</summary>
    public void Skip()
    {
        var depth = reader.Depth;
        while (NextDescendant(depth)) { }
    }

    /// <summary>
    /// Goes to the next child element or piece of text of the element at <paramref name="depth"/>; for mixed content.
    /// </summary>
    public bool NextNode(int depth, out bool isText)
    {
        isText = false;
        if (reader.Depth == depth && (reader.NodeType == XmlNodeType.EndElement || reader.IsEmptyElement)) return false;
        while (Read())
        {
            if (reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth) return false;
            if (reader.Depth != depth + 1) continue;
            if (reader.NodeType == XmlNodeType.Element) return true;
            if (!IsText(reader.NodeType)) continue;
            isText = true;
            return true;
        }
        return false;
    }

    /// <summary>The text of the current element and of all inside it; stands on its end afterwards.</summary>
    public string Text()
    {
        if (reader.IsEmptyElement) return "";
        var depth = reader.Depth;
        var first = "";
        StringBuilder? more = null;
        while (Read() && !(reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth))
        {
            if (!IsText(reader.NodeType)) continue;
            if (more is not null) more.Append(reader.Value);
            else if (first.Length == 0) first = reader.Value;
            else more = new StringBuilder(first).Append(reader.Value);
        }
        return more?.ToString() ?? first;
    }

    /// <summary>Up to 64 characters of the current attribute's value, without a string of its own; good until the next call.</summary>
    public ReadOnlySpan<char> ShortValue()
    {
        int length = 0, read;
        while (length < _chunk.Length && (read = reader.ReadValueChunk(_chunk, length, _chunk.Length - length)) > 0) length += read;
        return _chunk.AsSpan(0, length);
    }

    /// <summary>
    /// The text of an element that holds nothing else, where it has less than 64 characters; false for any other, whose rest is lost.
    /// </summary>
    public bool TryShortText(out ReadOnlySpan<char> text)
    {
        text = default;
        var depth = reader.Depth;
        if (reader.IsEmptyElement || !Read() || !IsText(reader.NodeType)) return false;
        text = ShortValue();
        return text.Length < _chunk.Length && Read() && reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth;
    }

    /// <summary>The first attribute with that local name.</summary>
    public string? Attribute(string name)
    {
        string? value = null;
        if (reader.MoveToFirstAttribute())
        {
            do
            {
                if (reader.LocalName != name) continue;
                value = reader.Value;
                break;
            }
            while (reader.MoveToNextAttribute());
            reader.MoveToElement();
        }
        return value;
    }

    /// <summary>The attribute of that name which points at a relationship; elements may have another of the same local name.</summary>
    public string? RelationshipId(string name = "id")
    {
        string? value = null;
        if (reader.MoveToFirstAttribute())
        {
            do
            {
                if (reader.LocalName == name && reader.NamespaceURI.EndsWith("/relationships", StringComparison.Ordinal))
                    value = reader.Value;
            }
            while (value is null && reader.MoveToNextAttribute());
            reader.MoveToElement();
        }
        return value;
    }

    public int? IntAttribute(string name) =>
        int.TryParse(Attribute(name), System.Globalization.CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>On, unless the attribute "val" says off: how OOXML writes switches.</summary>
    public bool IsOn() => Attribute("val") is not ("0" or "false" or "off" or "none");

    /// <summary>Walks the attributes of the current element; back on the element when it returns false.</summary>
    public bool NextAttribute()
    {
        if (reader.MoveToNextAttribute()) return true;
        reader.MoveToElement();
        return false;
    }

    public void Dispose() => reader.Dispose();

    private static bool IsText(XmlNodeType type) =>
        type is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace;

    private bool Read()
    {
        if (!reader.Read()) return false;
        if (reader.Depth <= maxDepth) return true;
        throw new ExtractionException(ExtractionFailure.TooLarge,
            $"The document's XML is nested more than {maxDepth} levels deep. Open it in its program, simplify it and save a new copy.");
    }
}
