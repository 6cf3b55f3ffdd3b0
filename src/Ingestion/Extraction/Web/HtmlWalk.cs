using System.Buffers;
using System.Globalization;
using System.Text;
using AngleSharp.Dom;

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
    private readonly List<(IElement Element, string Before, string After, int Start)> _marks = [];
    private readonly Stack<HtmlList> _lists = new();
    private bool _space;
    private int _sections, _quotes, _heading;
    private string? _item;
    private int _itemLevel;
    private ElementKind _kind = ElementKind.Paragraph;
    private IElement? _pre, _tableElement, _cell;
    private HtmlTable? _table;

    public HtmlWalk(HtmlOutline outline, MarkdownWriter writer, ExtractionLimits limits, Uri? address)
    {
        (_outline, _writer, _limits, _keepAll) = (outline, writer, limits, !outline.DropsBoilerplate);
        _base = Uri.TryCreate(address, outline.Base ?? "", out var resolved) ? resolved : address;
        if (address is null && Uri.TryCreate(outline.Base, UriKind.Absolute, out var absolute)) _base = absolute;
    }

    public void Write(IElement root, CancellationToken cancel)
    {
        var open = new Stack<(IElement Element, INodeList Children, int Next)>();
        var steps = 0;
        open.Push((root, root.ChildNodes, 0));
        _sections = HtmlOutline.IsSection(root) ? 1 : 0;
        while (open.TryPop(out var top))
        {
            if ((++steps & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            if (top.Next == top.Children.Length)
            {
                if (top.Element != root) Leave(top.Element);
                continue;
            }
            var child = top.Children[top.Next];
            open.Push(top with { Next = top.Next + 1 });
            if (child is IText text) Text(text.Data);
            else if (child is IElement element && Enter(element)) open.Push((element, element.ChildNodes, 0));
        }
        Flush();
    }

    /// <summary>False where the element's content is not to be walked.</summary>
    private bool Enter(IElement element)
    {
        if (HtmlOutline.IsHidden(element)) return false;
        if (!_keepAll && HtmlOutline.IsBoilerplate(element, _sections) && !(_outline.KeepsHeader && element.LocalName == "header")) return false;
        if (HtmlOutline.IsSection(element)) _sections++;
        if (IsBlock(element.LocalName)) Break();
        switch (element.LocalName)
        {
            case "h1" or "h2" or "h3" or "h4" or "h5" or "h6": _heading = element.LocalName[1] - '0'; break;
            case "br": LineBreak(); return false;
            case "img": if (!IsLogo(element)) Text(element.GetAttribute("alt") ?? ""); return false;
            case "math": return !Formula(element);
            case "ul" or "menu" or "dir": _lists.Push(new HtmlList(HtmlListKind.Bullets)); break;
            case "ol": _lists.Push(HtmlList.Numbers(element)); break;
            case "dl": _lists.Push(new HtmlList(HtmlListKind.Terms)); break;
            case "li" or "dt" or "dd": Item(element); break;
            case "blockquote": _quotes++; break;
            case "pre" or "listing" or "xmp" when _pre is null && _cell is null: _pre = element; break;
            case "figcaption" or "caption": _kind = ElementKind.Caption; break;
            case "table" when _table is null && !_outline.IsLayout(element): (_table, _tableElement) = (new HtmlTable(_limits), element); break;
            case "tr" when _table is not null && _cell is null: _table.StartRow(); break;
            case "td" or "th" when _table is not null && _cell is null: Flush(); _cell = element; break;
            case "rt": Raw("("); break;
            case "a" when Address(element) is { } address: Mark(element, "[", $"]({address})"); break;
            case "samp" or "kbd" when _pre is null: Mark(element, "`", "`"); break;
            case "del" when _pre is null: Mark(element, "~~", "~~"); break;
            case "sup": Mark(element, "^", ""); break;
        }
        return true;
    }

    private void Leave(IElement element)
    {
        if (_marks.Count > 0 && _marks[^1].Element == element) CloseMark();
        if (element == _cell) EndCell(element);
        if (element == _pre) EndCode();
        if (IsBlock(element.LocalName)) Break();
        if (HtmlOutline.IsSection(element)) _sections--;
        switch (element.LocalName)
        {
            case "h1" or "h2" or "h3" or "h4" or "h5" or "h6": _heading = 0; break;
            case "ul" or "menu" or "dir" or "ol" or "dl": _lists.Pop(); break;
            case "li" or "dt" or "dd": _item = null; break;
            case "blockquote": _quotes--; break;
            case "figcaption" or "caption": _kind = ElementKind.Paragraph; break;
            case "rt": Raw(")"); break;
            case "table" when element == _tableElement:
                _writer.Table(_table!.Rows());
                (_table, _tableElement) = (null, null);
                break;
        }
    }

    private void Text(ReadOnlySpan<char> text)
    {
        if (_pre is not null)
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
        if (_pre is not null) _inline.Append('\n');
        else if (_cell is not null || _heading > 0 || _item is not null) _space = true;
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
        if (_pre is not null)
        {
            if (_inline.Length > 0 && _inline[^1] != '\n') _inline.Append('\n');
        }
        else if (_cell is not null) _space = true;
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

    private void Mark(IElement element, string before, string after) => _marks.Add((element, before, after, _inline.Length));

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
            "^" => start > 0 && char.IsLetterOrDigit(_inline[start - 1]) && trimmed.Length <= 3 && trimmed.AsSpan().IndexOfAnyExcept(Exponent) < 0,
            "[" => after.Length != trimmed.Length + 3 || !after.AsSpan(2).StartsWith(trimmed),
            _ => true,
        };
        if (trimmed.Length == 0 || !fits) return;
        _inline.Length = start;
        if (text[0] is ' ' or '\n') _inline.Append(text[0]);
        _inline.Append(before).Append(trimmed).Append(after);
    }

    private void Item(IElement element)
    {
        var list = _lists.Count > 0 ? _lists.Peek() : new HtmlList(HtmlListKind.Bullets);
        var mark = list.Mark(element);
        if (_cell is not null) Text($" {mark} ");
        else (_item, _itemLevel) = (mark, Math.Max(1, _lists.Count) + (element.LocalName == "dd" ? 1 : 0));
    }

    private void EndCell(IElement cell)
    {
        var text = _inline.ToString();
        _inline.Clear();
        (_space, _cell) = (false, null);
        _table!.Add(text, Number(cell, "colspan"), Number(cell, "rowspan"));
    }

    private void EndCode()
    {
        var pre = _pre!;
        _pre = null;
        var language = LanguageOf(pre) ?? (pre.FirstElementChild is { } code ? LanguageOf(code) : null);
        _writer.Code(_inline.ToString(), language ?? "");
        _inline.Clear();
        _item = null;
    }

    /// <summary>As highlighters write it into classes: <c>language-sql</c>, <c>lang-sql</c>, <c>highlight-source-sql</c>.</summary>
    private static string? LanguageOf(IElement element)
    {
        foreach (var name in element.ClassList)
        {
            foreach (var prefix in (ReadOnlySpan<string>)["language-", "lang-", "highlight-source-"])
                if (name.Length is > 0 and < 40 && name.StartsWith(prefix, StringComparison.Ordinal) && !name.Contains('`')) return name[prefix.Length..];
        }
        return null;
    }

    /// <summary>True where the formula's own source stands beside its drawing, and was written.</summary>
    private bool Formula(IElement math)
    {
        var tex = math.GetElementsByTagName("annotation").FirstOrDefault(note => note.GetAttribute("encoding") == "application/x-tex")?.TextContent
            ?? math.GetAttribute("alttext");
        if (string.IsNullOrWhiteSpace(tex)) return false;
        Text($"${tex.Trim()}$");
        return true;
    }

    /// <summary>Null for what is no place to go to: scripts, data, and jumps within the page.</summary>
    private string? Address(IElement link)
    {
        if (_pre is not null || link.GetAttribute("href")?.Trim() is not { Length: > 0 and <= MaxAddress } href || href[0] == '#') return null;
        if (_base is not null && Uri.TryCreate(_base, href, out var resolved)) href = resolved.AbsoluteUri;
        var scheme = href.IndexOf(':');
        if (scheme > 0 && href.AsSpan(0, scheme).IndexOfAny("/?#") < 0
            && href[..scheme].ToLowerInvariant() is not ("http" or "https" or "mailto" or "tel" or "ftp")) return null;
        return href.AsSpan().IndexOfAny(Escaped) < 0 ? href
            : href.Replace(" ", "%20", StringComparison.Ordinal).Replace("(", "%28", StringComparison.Ordinal).Replace(")", "%29", StringComparison.Ordinal)
                .Replace("\n", "", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal).Replace("\t", "", StringComparison.Ordinal);
    }

    private static bool IsLogo(IElement image) =>
        image.ClassName?.Contains("logo", StringComparison.OrdinalIgnoreCase) == true
        || image.ParentElement?.ClassName?.Contains("logo", StringComparison.OrdinalIgnoreCase) == true;

    private static int Number(IElement element, string attribute) =>
        int.TryParse(element.GetAttribute(attribute), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 1, 65_534) : 1;

    private static bool IsBlock(string name) => name is
        "p" or "div" or "li" or "ul" or "ol" or "td" or "th" or "tr" or "table" or "h1" or "h2" or "h3" or "h4" or "h5" or "h6" or "section" or "article"
        or "main" or "header" or "footer" or "aside" or "nav" or "blockquote" or "pre" or "figure" or "figcaption" or "caption" or "dl" or "dt" or "dd"
        or "address" or "center" or "details" or "summary" or "fieldset" or "form" or "hgroup" or "hr" or "legend" or "menu" or "dir" or "search"
        or "listing" or "xmp" or "body" or "thead" or "tbody" or "tfoot" or "button";
}
