using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>One paragraph or heading of an OpenDocument file, with what is anchored in it.</summary>
internal sealed class OdfParagraph(OdfBody body)
{
    private const int MaxSpaces = 256;
    private readonly InlineMarkdown _inline = new();
    private readonly List<OfficeBlock> _anchored = [];
    private bool _plain;

    /// <param name="mark">Of the list item that it begins; null outside lists and in the further paragraphs of an item.</param>
    public void Read(XmlPart xml, List<OfficeBlock> blocks, string? mark, int level)
    {
        var style = body.Styles.Find("paragraph", xml.Attribute("style-name"));
        var outline = xml.Name == "h" ? xml.IntAttribute("outline-level") ?? 1 : 0;
        var isHeader = xml.Attribute("is-list-header") == "true";
        var kind = Classify(style, ref outline);
        _plain = kind is ElementKind.Heading or ElementKind.Code;
        ReadInline(xml, style.OwnRun);
        var text = _inline.ToMarkdown();
        if (style.IsNumbered == false) mark = null;
        if (!string.IsNullOrWhiteSpace(text)) blocks.Add(Block(kind, outline, text, mark, level, isHeader, style));
        blocks.AddRange(_anchored);
    }

    private OfficeBlock Block(ElementKind kind, int outline, string text, string? mark, int level, bool isHeader, OdfStyle style)
    {
        if (kind == ElementKind.Heading)
        {
            if (style.NamedStyle == "Title") body.Title ??= _inline.Plain.Trim();
            var number = outline == 0 || isHeader ? "" : body.Styles.Outline.Next(outline);
            // Level 1 is the title's, so that a document with a title has one heading of level 1.
            var headingLevel = style.NamedStyle == "Title" ? 1 : Math.Clamp(outline + 1, 2, 6);
            return new OfficeBlock(kind, text, headingLevel, number);
        }
        return kind == ElementKind.Paragraph && !string.IsNullOrEmpty(mark)
            ? new OfficeBlock(ElementKind.ListItem, text, level, mark)
            : new OfficeBlock(kind, text);
    }

    private static ElementKind Classify(OdfStyle style, ref int outline)
    {
        if (outline > 0) return ElementKind.Heading;
        return style.NamedStyle switch
        {
            "Title" or "Subtitle" => ElementKind.Heading,
            "Quotations" => ElementKind.Quote,
            "Caption" or "Illustration" or "Table" or "Figure" or "Drawing" => ElementKind.Caption,
            _ => ElementKind.Paragraph,
        };
    }

    private void ReadInline(XmlPart xml, RunFormat format)
    {
        var depth = xml.Depth;
        while (xml.NextNode(depth, out var isText))
        {
            if (isText)
            {
                Append(Collapse(xml.Value), format);
                continue;
            }
            switch (xml.Name)
            {
                case "span":
                    var run = body.Styles.Find("text", xml.Attribute("style-name")).Run;
                    ReadInline(xml, run.InheritFrom(format));
                    break;
                case "a":
                    ReadLink(xml, format);
                    break;
                case "s":
                    Append(new string(' ', Math.Clamp(xml.IntAttribute("c") ?? 1, 1, MaxSpaces)), format);
                    break;
                case "tab":
                    Append("\t", format);
                    break;
                case "line-break":
                    Append("\n", format);
                    break;
                case "note":
                    _inline.Append($"[^{body.AddNote(xml)}]");
                    break;
                case "annotation":
                    body.Warn("Comments in the document were left out.");
                    break;
                case "ruby-text" or "change" or "change-start" or "change-end" or "title" or "desc":
                    break;
                case var name when OdfBody.IsShape(name):
                    body.ReadBlock(xml, _anchored);
                    break;
                default:
                    ReadInline(xml, format);
                    break;
            }
        }
    }

    private void ReadLink(XmlPart xml, RunFormat format)
    {
        var address = xml.Attribute("href");
        var linked = address is not null && address.Contains(':', StringComparison.Ordinal) && !_plain && _inline.StartLink();
        ReadInline(xml, format);
        if (linked) _inline.EndLink(address);
    }

    private void Append(string text, RunFormat format)
    {
        if (format.Hidden == true)
        {
            if (!string.IsNullOrWhiteSpace(text)) body.Warn("Text that the document hides was left out.");
            return;
        }
        _inline.Append(text, _plain ? Emphasis.None : format.Emphasis);
    }

    /// <summary>White space in the file is one blank; what is meant to be more is written as elements.</summary>
    private static string Collapse(string text)
    {
        if (text.AsSpan().IndexOfAny('\n', '\t', '\r') < 0 && !text.Contains("  ", StringComparison.Ordinal)) return text;
        var collapsed = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c is not (' ' or '\n' or '\t' or '\r')) collapsed.Append(c);
            else if (collapsed.Length == 0 || collapsed[^1] != ' ') collapsed.Append(' ');
        }
        return collapsed.ToString();
    }
}
