using System.Text;
using System.Xml;

namespace Ingestion.Extraction.Data;

/// <summary>An XML document as a flat list of its elements and texts in order, which knows of each element whether it holds text, elements or both.</summary>
internal sealed class XmlTree
{
    private const int MaxTitle = 200;

    private sealed class Node(string name, string text, int depth)
    {
        public string Name { get; } = name; // Empty for a text.
        public string Text { get; } = text; // Of an element: its attributes.
        public int Depth { get; } = depth;
        public int End { get; set; } // After its last descendant.
        public bool HasText { get; set; }
        public bool HasElements { get; set; }
    }

    private readonly List<Node> _nodes = [];

    public bool IsEmpty => _nodes.Count < 2;
    public string? Title { get; private set; }
    public string? Language { get; private set; }

    /// <exception cref="XmlException">Broken; what was read until then stays.</exception>
    public void Read(XmlReader reader, ExtractionLimits limits, CancellationToken cancel)
    {
        var open = new Stack<Node>();
        long length = 0;
        try
        {
            while (reader.Read())
            {
                if ((_nodes.Count & 0x3FF) == 0) cancel.ThrowIfCancellationRequested();
                switch (reader.NodeType)
                {
                    case XmlNodeType.Element:
                        if (reader.Depth > limits.MaxXmlDepth)
                            throw new ExtractionException(ExtractionFailure.TooLarge, $"The XML nests deeper than {limits.MaxXmlDepth} elements. Flatten it and send it again.");
                        if (open.TryPeek(out var parent)) parent.HasElements = true;
                        var empty = reader.IsEmptyElement;
                        var node = new Node(reader.LocalName, Attributes(reader), open.Count);
                        Add(node);
                        if (empty) node.End = _nodes.Count;
                        else open.Push(node);
                        break;
                    case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.EntityReference when open.TryPeek(out var holder):
                        var text = reader.NodeType == XmlNodeType.EntityReference ? $"&{reader.Name};" : reader.Value;
                        if (text.AsSpan().IsWhiteSpace()) break;
                        holder.HasText = true;
                        Add(new Node("", text, open.Count) { End = _nodes.Count + 1 });
                        break;
                    case XmlNodeType.EndElement:
                        open.Pop().End = _nodes.Count;
                        break;
                }
            }
        }
        finally
        {
            foreach (var node in open) node.End = _nodes.Count;
        }

        void Add(Node node)
        {
            length += node.Name.Length + node.Text.Length;
            if (length > limits.MaxTextLength)
                throw new ExtractionException(ExtractionFailure.TooLarge, $"The document's text is longer than {limits.MaxTextLength} characters. Split it and send the parts.");
            _nodes.Add(node);
        }
    }

    public void Write(MarkdownWriter writer, CancellationToken cancel)
    {
        for (var at = 0; at < _nodes.Count;)
        {
            if ((at & 0x3FF) == 0) cancel.ThrowIfCancellationRequested();
            var node = _nodes[at];
            if (node.HasText || node.Name.Length == 0)
            {
                Leaf(node, Joined(at, node.End), writer);
                at = node.End;
                continue;
            }
            // The root and what only wraps titles and paragraphs say nothing by their names.
            if (node.Text.Length > 0 || (node.Depth > 0 && node.HasElements && !HoldsProse(at))) writer.ListItem(Math.Max(1, node.Depth), "-", Label(node));
            at++;
        }
    }

    private void Leaf(Node node, string text, MarkdownWriter writer)
    {
        if (IsTitle(node.Name) && text.Length <= MaxTitle)
        {
            Title ??= text;
            writer.Heading(Math.Max(1, node.Depth - 1), text);
        }
        else if (IsParagraph(node.Name) || node.HasElements || text.Length > MaxTitle || node.Name.Length == 0) writer.Paragraph(text);
        else writer.ListItem(Math.Max(1, node.Depth), "-", $"{Label(node)} {text}");
    }

    private bool HoldsProse(int at)
    {
        var next = at + 1 < _nodes[at].End ? _nodes[at + 1] : null;
        return next is not null && next.HasText && (IsTitle(next.Name) || IsParagraph(next.Name));
    }

    private string Joined(int from, int end)
    {
        var text = new StringBuilder();
        for (var at = from; at < end; at++)
        {
            if (_nodes[at].Name.Length > 0) continue;
            text.Append(_nodes[at].Text);
        }
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Label(Node node) => node.Text.Length == 0 ? node.Name + ":" : $"{node.Name} ({node.Text}):";

    private string Attributes(XmlReader reader)
    {
        if (!reader.HasAttributes) return "";
        var attributes = new StringBuilder();
        for (var i = 0; i < reader.AttributeCount; i++)
        {
            reader.MoveToAttribute(i);
            if (reader.Name == "xml:lang") Language ??= reader.Value;
            if (reader.Prefix is "xmlns" or "xml" || reader.Name == "xmlns" || reader.LocalName == "schemaLocation" || reader.Value.Length == 0) continue;
            if (attributes.Length > 0) attributes.Append(", ");
            attributes.Append(reader.LocalName).Append(": ").Append(reader.Value);
        }
        reader.MoveToElement();
        return attributes.ToString();
    }

    private static bool IsTitle(string name) => name is "title" or "head" or "heading" or "subtitle" or "article-title" or "h1" or "h2" or "h3";

    private static bool IsParagraph(string name) => name is "p" or "para" or "paragraph" or "simpara" or "description" or "summary" or "content" or "abstract" or "text" or "body" or "note";
}
