using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Web;

/// <summary>Walks a page's tree, without recursion, and writes what a reader sees as Markdown blocks.</summary>
internal sealed class HtmlWalk
{
    private const int MaxAddress = 2000;

    private static readonly SearchValues<char> Spaces = SearchValues.Create(" \t\n\r\f\u00A0\u00AD\u200B\uFEFF");

    private static readonly SearchValues<char> OddSpaces = SearchValues.Create("\t\n\r\f\u00A0\u00AD\u200B\uFEFF");
    private static readonly SearchValues<char> Exponent = SearchValues.Create("0123456789+-n");
    private static readonly SearchValues<char> Escaped = SearchValues.Create(" ()\n\t\r");

    private readonly HtmlOutline _outline;
    private readonly MarkdownWriter _writer;
    private readonly ExtractionLimits _limits;
    private readonly Uri? _base;
    private readonly bool _keepAll;
    private readonly StringBuilder _inline = new();
    private readonly List<(int Element, string Before, string After, int Start)> _marks = [];
    private readonly Stack<HtmlList> _lists = new();
    private bool _space;
    private int _sections, _quotes, _heading;
    private string? _item;
    private int _itemLevel;
    private ElementKind _kind = ElementKind.Paragraph;
    private HtmlNode _pre, _tableElement, _cell;
    private HtmlTable? _table;

    public HtmlWalk(HtmlOutline outline, MarkdownWriter writer, ExtractionLimits limits, Uri? address)
    {
        (_outline, _writer, _limits, _keepAll) = (outline, writer, limits, !outline.DropsBoilerplate);
        _base = Uri.TryCreate(address, outline.Base ?? "", out var resolved) ? resolved : address;
        if (address is null && Uri.TryCreate(outline.Base, UriKind.Absolute, out var absolute)) _base = absolute;
    }

    public void Write(HtmlNode root, CancellationToken cancel)
    {
        if (_outline.Heading.Exists)
        {
            Text(_outline.Heading.TextContent());
            _heading = 1;
            Flush();
            _heading = 0;
        }
        _sections = HtmlOutline.IsSection(root) ? 1 : 0;
        var steps = 0;
        for (var node = root.First; node.Exists; node = node.Next)
        {
            while (Enter(node))
            {
                if (node.First is not { Exists: true } first)
                {
                    Leave(node);
                    break;
                }
                node = first;
            }
            if ((++steps & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            while (!node.Next.Exists && node.Parent.Index != root.Index)
            {
                node = node.Parent;
                Leave(node);
            }
        }
        Flush();
    }

    /// <summary>False where the node has no content that is to be walked.</summary>
    private bool Enter(HtmlNode element)
    {
        if (element.IsText)
        {
            Text(element.Text);
            return false;
        }
        if (HtmlOutline.IsHidden(element)) return false;
        var tag = element.Tag;
        if (!_keepAll && HtmlOutline.IsBoilerplate(element, _sections) && !(_outline.KeepsHeader && tag == HtmlTag.Header))
            return false;
        if (HtmlOutline.IsSection(element)) _sections++;
        if (tag.Is(HtmlTraits.Block)) Break();
        switch (tag)
        {
            case >= HtmlTag.H1 and <= HtmlTag.H6: _heading = tag - HtmlTag.H1 + 1; break;
            case HtmlTag.Br: LineBreak(); return false;
            case HtmlTag.Img: if (!IsLogo(element)) Text(element[HtmlAttribute.Alt]); return false;
            case HtmlTag.Ul or HtmlTag.Menu or HtmlTag.Dir: _lists.Push(new HtmlList(HtmlListKind.Bullets)); break;
            case HtmlTag.Ol: _lists.Push(HtmlList.Numbers(element)); break;
            case HtmlTag.Dl: _lists.Push(new HtmlList(HtmlListKind.Terms)); break;
            case HtmlTag.Li or HtmlTag.Dt or HtmlTag.Dd: Item(element); break;
            case HtmlTag.Blockquote: _quotes++; break;
            case HtmlTag.Pre or HtmlTag.Listing or HtmlTag.Xmp or HtmlTag.Plaintext when !_pre.Exists && !_cell.Exists:
                _pre = element;
                break;
            case HtmlTag.Figcaption or HtmlTag.Caption: _kind = ElementKind.Caption; break;
            case HtmlTag.Table when _table is null && !_outline.IsLayout(element):
                (_table, _tableElement) = (new HtmlTable(_limits), element);
                break;
            case HtmlTag.Tr when _table is not null && !_cell.Exists: _table.StartRow(); break;
            case HtmlTag.Td or HtmlTag.Th when _table is not null && !_cell.Exists: Flush(); _cell = element; break;
            case HtmlTag.Rt: Raw("("); break;
            case HtmlTag.A when Address(element) is { } address: Mark(element, "[", $"]({address})"); break;
            case HtmlTag.Code or HtmlTag.Tt or HtmlTag.Samp or HtmlTag.Kbd when !_pre.Exists: Mark(element, "`", "`"); break;
            case HtmlTag.Del or HtmlTag.S or HtmlTag.Strike when !_pre.Exists: Mark(element, "~~", "~~"); break;
            case HtmlTag.Sup: Mark(element, "^", ""); break;
            case var other when other == HtmlTag.Math.InFormula(): return !Formula(element);
        }
        return true;
    }

    private void Leave(HtmlNode element)
    {
        if (_marks.Count > 0 && _marks[^1].Element == element.Index) CloseMark();
        if (element.Index == _cell.Index) EndCell(element);
        if (element.Index == _pre.Index) EndCode();
        if (element.Tag.Is(HtmlTraits.Block)) Break();
        if (HtmlOutline.IsSection(element)) _sections--;
        switch (element.Tag)
        {
            case >= HtmlTag.H1 and <= HtmlTag.H6: _heading = 0; break;
            case HtmlTag.Ul or HtmlTag.Menu or HtmlTag.Dir or HtmlTag.Ol or HtmlTag.Dl: _lists.Pop(); break;
            case HtmlTag.Li or HtmlTag.Dt or HtmlTag.Dd: _item = null; break;
            case HtmlTag.Blockquote: _quotes--; break;
            case HtmlTag.Figcaption or HtmlTag.Caption: _kind = ElementKind.Paragraph; break;
            case HtmlTag.Rt: Raw(")"); break;
            case HtmlTag.Table when element.Index == _tableElement.Index:
                _writer.Table(_table!.Rows());
                (_table, _tableElement) = (null, default);
                break;
        }
    }

    private void Text(ReadOnlySpan<char> text)
    {
        if (_pre.Exists)
        {
            _inline.Append(text);
            return;
        }
        // Most texts hold nothing but words and single spaces between them.
        if (text.Length > 0 && text[0] != ' ' && text[^1] != ' ' && text.IndexOfAny(OddSpaces) < 0 && text.IndexOf("  ") < 0)
        {
            if (_space && _inline.Length > 0 && _inline[^1] != '\n') _inline.Append(' ');
            _space = false;
            _inline.Append(text);
            return;
        }
        while (!text.IsEmpty)
        {
            var space = text.IndexOfAny(Spaces);
            if (space != 0)
            {
                if (_space && _inline.Length > 0 && _inline[^1] != '\n') _inline.Append(' ');
                _space = false;
                _inline.Append(space < 0 ? text : text[..space]);
                if (space < 0) return;
            }
            // Soft hyphens and zero-width spaces only say where a word may be broken.
            if (text[space] is not ('\u00AD' or '\u200B' or '\uFEFF')) _space = true;
            text = text[(space + 1)..];
        }
    }

    private void Raw(string mark)
    {
        _inline.Append(mark);
        _space = false;
    }

    private void LineBreak()
    {
        if (_pre.Exists) _inline.Append('\n');
        else if (_cell.Exists || _heading > 0 || _item is not null) _space = true;
        else if (_inline.Length > 0 && _inline[^1] == '\n') Flush();
        else if (_inline.Length > 0)
        {
            _inline.Append('\n');
            _space = false;
        }
    }

    /// <summary>A block starts or ends: outside tables that ends what was open, within a cell it is but a space.</summary>
    private void Break()
    {
        if (_pre.Exists)
        {
            if (_inline.Length > 0 && _inline[^1] != '\n') _inline.Append('\n');
        }
        else if (_cell.Exists) _space = true;
        else Flush();
    }

    private void Flush()
    {
        for (var i = _marks.Count - 1; i >= 0; i--)
        {
            Wrap(i);
            _marks[i] = _marks[i] with { Start = 0 };
        }
        _space = false;
        if (_inline.Length == 0) return;
        var text = _inline.ToString();
        _inline.Clear();
        if (string.IsNullOrWhiteSpace(text)) return;
        if (_heading > 0) _writer.Heading(_heading, text);
        else if (_item is not null)
        {
            _writer.ListItem(_itemLevel, _item, text);
            _item = null;
        }
        else if (_kind == ElementKind.Paragraph && _quotes > 0) _writer.Quote(text.Trim());
        else _writer.Paragraph(text, _kind);
    }

    private void Mark(HtmlNode element, string before, string after) => _marks.Add((element.Index, before, after, _inline.Length));

    private void CloseMark()
    {
        Wrap(_marks.Count - 1);
        _marks.RemoveAt(_marks.Count - 1);
    }

    private void Wrap(int mark)
    {
        var (_, before, after, start) = _marks[mark];
        if (start >= _inline.Length) return;
        var text = _inline.ToString(start, _inline.Length - start);
        var trimmed = text.Trim();
        var fits = before switch
        {
            "`" => !trimmed.Contains('`', StringComparison.Ordinal),
            "^" => start > 0 && char.IsLetterOrDigit(_inline[start - 1]) && trimmed.Length <= 3
                && trimmed.AsSpan().IndexOfAnyExcept(Exponent) < 0,
            "[" => after.Length != trimmed.Length + 3 || !after.AsSpan(2).StartsWith(trimmed),
            _ => true,
        };
        if (trimmed.Length == 0 || !fits) return;
        _inline.Length = start;
        if (text[0] is ' ' or '\n') _inline.Append(text[0]);
        _inline.Append(before).Append(trimmed).Append(after);
    }

    private void Item(HtmlNode element)
    {
        var list = _lists.Count > 0 ? _lists.Peek() : new HtmlList(HtmlListKind.Bullets);
        var mark = list.Mark(element);
        if (_cell.Exists) Text($" {mark} ");
        else (_item, _itemLevel) = (mark, Math.Max(1, _lists.Count) + (element.Tag == HtmlTag.Dd ? 1 : 0));
    }

    private void EndCell(HtmlNode cell)
    {
        var text = _inline.ToString();
        _inline.Clear();
        (_space, _cell) = (false, default);
        _table!.Add(text, Number(cell, HtmlAttribute.Colspan), Number(cell, HtmlAttribute.Rowspan));
    }

    private void EndCode()
    {
        var language = LanguageOf(_pre);
        for (var child = _pre.First; language is null && child.Exists; child = child.Next)
        {
            if (child.IsText) continue;
            language = LanguageOf(child);
            break;
        }
        _pre = default;
        _writer.Code(_inline.ToString(), language ?? "");
        _inline.Clear();
        _item = null;
    }

    /// <summary>As highlighters write it into classes: <c>language-sql</c>, <c>lang-sql</c>, <c>highlight-source-sql</c>.</summary>
    private static string? LanguageOf(HtmlNode element)
    {
        foreach (var name in element[HtmlAttribute.Class]?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            foreach (var prefix in (ReadOnlySpan<string>)["language-", "lang-", "highlight-source-"])
                if (name.Length is > 0 and < 40 && name.StartsWith(prefix, StringComparison.Ordinal) && !name.Contains('`'))
                    return name[prefix.Length..];
        }
        return null;
    }

    /// <summary>Writes the formula's own source where that stands beside its drawing, else what the drawing says.</summary>
    private bool Formula(HtmlNode math)
    {
        var tex = math[HtmlAttribute.Alttext];
        for (var part = math.Following(math); part.Exists; part = part.Following(math))
        {
            if (part.Tag != HtmlTag.Annotation.InFormula() || part[HtmlAttribute.Encoding] != "application/x-tex") continue;
            tex = part.TextContent();
            break;
        }
        if (string.IsNullOrWhiteSpace(tex)) tex = HtmlFormula.Latex(math, _limits.MaxXmlDepth);
        if (string.IsNullOrWhiteSpace(tex)) return false;
        Text($"${tex.Trim()}$");
        return true;
    }

    /// <summary>Null for what is no place to go to: scripts, data, and jumps within the page.</summary>
    private string? Address(HtmlNode link)
    {
        if (_pre.Exists || link[HtmlAttribute.Href]?.Trim() is not { Length: > 0 and <= MaxAddress } href || href[0] == '#')
            return null;
        if (_base is not null && Uri.TryCreate(_base, href, out var resolved)) href = resolved.AbsoluteUri;
        var scheme = href.IndexOf(':');
        if (scheme > 0 && href.AsSpan(0, scheme).IndexOfAny("/?#") < 0
            && href[..scheme].ToLowerInvariant() is not ("http" or "https" or "mailto" or "tel" or "ftp")) return null;
        return href.AsSpan().IndexOfAny(Escaped) < 0 ? href
            : string.Concat(href.Split('\n', '\r', '\t')).Replace(" ", "%20", StringComparison.Ordinal)
                .Replace("(", "%28", StringComparison.Ordinal).Replace(")", "%29", StringComparison.Ordinal);
    }

    private static bool IsLogo(HtmlNode image) => SaysLogo(image) || SaysLogo(image.Parent);

    private static bool SaysLogo(HtmlNode element) =>
        element.TryGet(HtmlAttribute.Class, out var classes) && classes.Contains("logo", StringComparison.OrdinalIgnoreCase);

    private static int Number(HtmlNode element, HtmlAttribute attribute) =>
        element.TryGet(attribute, out var value) && int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            ? Math.Clamp(number, 1, 65_534) : 1;
}
