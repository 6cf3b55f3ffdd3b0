using System.Buffers;

namespace Ingestion.Extraction.Web;

/// <summary>
/// Makes a page safe to parse, in one pass over its tags: scripts, styles, drawings and comments go, and tags that would nest too deep are
/// dropped while their text stays. A tree builder's time and memory grow with the square of the nesting, and the rules for unclosed
/// formatting copy elements without end (30 KB of them cost seconds), so those become plain spans.
/// </summary>
internal sealed class HtmlTags
{
    private const int MaxName = 40, MaxNames = 1000, MaxOpenInline = 64;

    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t\r\n\f/>");

    private enum Role { Inline, Block, Scope, Item, Cell, Row, Void, Implied, Text, Dropped }

    private sealed record Tag(string Name, Role Role)
    {
        public List<bool> Dropped { get; } = []; // Of each start tag whose end tag is still to come: whether it was dropped.
        public bool NeverEnds { get; set; }
    }

    private readonly string _html;
    private readonly int _maxDepth;
    private readonly ArrayBufferWriter<char> _out;
    private readonly Dictionary<string, Tag> _tags = new(Known, StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Tag>.AlternateLookup<ReadOnlySpan<char>> _byName;
    private readonly List<Tag> _open = [];
    private int _openInline;
    private int _copied;

    private static Dictionary<string, Tag> Known
    {
        get
        {
            var tags = new Dictionary<string, Tag>(StringComparer.OrdinalIgnoreCase);
            Add(Role.Void, "area base br col hr img input link meta param source track wbr keygen frame basefont bgsound image");
            Add(Role.Implied, "html head body p colgroup caption");
            Add(Role.Item, "li dt dd");
            Add(Role.Cell, "td th");
            Add(Role.Row, "tr thead tbody tfoot");
            Add(Role.Scope, "table object applet marquee template math");
            Add(Role.Block, "address article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer form frameset header "
                + "hgroup h1 listing main menu nav ol pre search section select summary ul");
            Add(Role.Dropped, "script style iframe noembed noframes svg canvas audio video embed plaintext");
            Add(Role.Text, "title textarea xmp");
            Add(Role.Inline, "a span samp del");
            // Each heading's end tag ends any heading.
            foreach (var heading in (string[])["h2", "h3", "h4", "h5", "h6"]) tags.Add(heading, tags["h1"]);
            foreach (var format in "b big em font i nobr small strong u".Split(' ')) tags.Add(format, tags["span"]);
            foreach (var code in (string[])["code", "tt"]) tags.Add(code, tags["samp"]);
            foreach (var struck in (string[])["s", "strike"]) tags.Add(struck, tags["del"]);
            return tags;

            void Add(Role role, string names)
            {
                foreach (var name in names.Split(' ')) tags.Add(name, new Tag(name, role));
            }
        }
    }

    private HtmlTags(string html, int maxDepth)
    {
        (_html, _maxDepth) = (html, maxDepth);
        _out = new ArrayBufferWriter<char>(html.Length + 256);
        _byName = _tags.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Tags were dropped because they nested deeper than the limit.</summary>
    public bool Flattened { get; private set; }

    public ReadOnlyMemory<char> Html => _out.WrittenMemory;

    public static HtmlTags Tame(string html, int maxDepth, CancellationToken cancel)
    {
        var tags = new HtmlTags(html, maxDepth);
        tags.Run(cancel);
        return tags;
    }

    private void Run(CancellationToken cancel)
    {
        var steps = 0;
        for (var at = Next(0); at < _html.Length; at = Next(at))
        {
            if ((++steps & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var next = at + 1 < _html.Length ? _html[at + 1] : '\0';
            if (char.IsAsciiLetter(next)) at = Start(at);
            else if (next == '/' && at + 2 < _html.Length && char.IsAsciiLetter(_html[at + 2])) at = End(at);
            else if (next == '!' && !IsDoctype(at)) at = Drop(at, EndOfDeclaration(at));
            else if (next is '?' or '/') at = Drop(at, After(">", at));
            else at++;
        }
        Copy(_html.Length);
    }

    private int Next(int from) => _html.AsSpan(from).IndexOf('<') is var at and >= 0 ? from + at : _html.Length;

    private int Start(int at)
    {
        var nameEnd = EndOfName(at + 1);
        var end = EndOfTag(nameEnd, out var closed);
        if (end == _html.Length && _html[^1] != '>') return Drop(at, end);
        if (Find(_html.AsSpan(at + 1, nameEnd - at - 1), closed) is not { } tag) return Drop(at, end);
        switch (tag.Role)
        {
            case Role.Void or Role.Implied:
                return end;
            case Role.Row:
                CloseCell();
                return end;
            case Role.Cell when !CloseCell():
                return end;
            case Role.Item when FindItem(tag) is var item and >= 0:
                Pop(item);
                break;
            case Role.Text:
                return EndOfContents(tag, end) is var close and >= 0 ? close : Drop(at, end);
            case Role.Dropped:
                return Drop(at, tag.Name is "embed" or "plaintext" || closed ? end
                    : EndOfContents(tag, end) is var last and >= 0 ? last
                    : tag.Name is "script" or "style" ? _html.Length : end);
        }
        if (tag.Name == "span" && end == nameEnd + 1)
        {
            // It says nothing, so it need not be parsed.
            tag.Dropped.Add(true);
            return Drop(at, end);
        }
        if (tag.Name == "a") RemoveOpen(tag);
        if (tag.Name == "h1" && _open.Count > 0 && _open[^1] == tag) Pop(_open.Count - 1);
        var tooDeep = _open.Count >= _maxDepth;
        if (tooDeep || (tag.Role == Role.Inline && tag.Name != "a" && _openInline >= MaxOpenInline))
        {
            Flattened |= tooDeep;
            tag.Dropped.Add(true);
            return Replace(at, end, tag.Role == Role.Inline ? "" : "\n");
        }
        tag.Dropped.Add(false);
        _open.Add(tag);
        if (tag.Role == Role.Inline) _openInline++;
        return Rename(tag, at + 1, nameEnd, end);
    }

    private int End(int at)
    {
        var nameEnd = EndOfName(at + 2);
        var end = EndOfTag(nameEnd, out _);
        if (Find(_html.AsSpan(at + 2, nameEnd - at - 2), closed: false) is not { } tag || tag.Role == Role.Dropped) return Drop(at, end);
        if (tag.Role is Role.Void or Role.Implied or Role.Row) return end;
        var dropped = tag.Dropped.Count > 0 && tag.Dropped[^1];
        if (tag.Dropped.Count > 0) tag.Dropped.RemoveAt(tag.Dropped.Count - 1);
        if (dropped)
            return Replace(at, end, tag.Role == Role.Inline ? "" : "\n");
        // What the standard does: a link or a form leaves alone, anything else takes along what is open inside it.
        if (tag.Name is "a" or "form") RemoveOpen(tag);
        else if (FindOpen(tag) is var open and >= 0) Pop(open);
        return Rename(tag, at + 2, nameEnd, end);
    }

    /// <summary>Null for a name that is not worth keeping: an endless one, or one too many, or an unknown element without content.</summary>
    private Tag? Find(ReadOnlySpan<char> name, bool closed)
    {
        if (_byName.TryGetValue(name, out var tag)) return tag;
        if (closed || name.Length > MaxName || _tags.Count >= MaxNames) return null;
        return _tags[name.ToString()] = new Tag(name.ToString(), Role.Inline);
    }

    private int FindOpen(Tag tag)
    {
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            if (_open[i] == tag) return i;
            if (_open[i].Role == Role.Scope && tag.Name != "table") return -1;
            if (tag.Name == "li" && _open[i].Name is ("ul" or "ol")) return -1;
            if (_open[i].Role is (Role.Block or Role.Item or Role.Cell) && (tag.Role == Role.Inline || tag.Name == "math") && tag.Name != "a") return -1;
        }
        return -1;
    }

    /// <summary>The open list item that a new one ends; -1 where it is nested deeper or there is none.</summary>
    private int FindItem(Tag tag)
    {
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            if (_open[i] == tag || (_open[i].Role == Role.Item && tag.Name != "li" && _open[i].Name != "li")) return i;
            if (_open[i].Role != Role.Inline && _open[i].Name is not ("div" or "address")) return -1;
        }
        return -1;
    }

    /// <summary>A new cell or row ends what is open in the table; false outside a table, where such tags mean nothing.</summary>
    private bool CloseCell()
    {
        var scope = _open.FindLastIndex(tag => tag.Role == Role.Scope);
        if (scope < 0 || _open[scope].Name != "table") return false;
        Pop(scope + 1);
        return true;
    }

    private void RemoveOpen(Tag tag)
    {
        var at = FindOpen(tag);
        if (at < 0) return;
        if (tag.Role == Role.Inline) _openInline--;
        _open.RemoveAt(at);
    }

    private void Pop(int count)
    {
        for (var i = count; i < _open.Count; i++)
            if (_open[i].Role == Role.Inline) _openInline--;
        _open.RemoveRange(count, _open.Count - count);
    }

    /// <summary>After the end tag of an element that holds no tags; -1 where it has none.</summary>
    private int EndOfContents(Tag tag, int from)
    {
        var name = tag.NeverEnds ? -1 : EndTagOf(tag.Name, from);
        tag.NeverEnds |= name < 0;
        return name < 0 ? -1 : EndOfTag(name, out _);
    }

    /// <summary>After the name of the next such end tag; -1 where there is none.</summary>
    private int EndTagOf(string name, int from)
    {
        for (var at = from; ;)
        {
            var found = _html.AsSpan(at).IndexOf("</");
            if (found < 0) return -1;
            at += found + 2;
            if (_html.AsSpan(at).StartsWith(name, StringComparison.OrdinalIgnoreCase) && EndOfName(at) == at + name.Length) return at + name.Length;
        }
    }

    private int EndOfName(int from) => _html.AsSpan(from).IndexOfAny(NameEnds) is var at and >= 0 ? from + at : _html.Length;

    private bool IsDoctype(int at) => _html.AsSpan(at + 2).StartsWith("doctype", StringComparison.OrdinalIgnoreCase);

    private int EndOfDeclaration(int at)
    {
        if (!_html.AsSpan(at).StartsWith("<!--")) return After(">", at);
        if (_html.AsSpan(at + 4).StartsWith(">")) return at + 5;
        if (_html.AsSpan(at + 4).StartsWith("->")) return at + 6;
        for (var from = at + 4; ;)
        {
            var dashes = _html.AsSpan(from).IndexOf("--");
            if (dashes < 0) return _html.Length;
            from += dashes;
            if (_html.AsSpan(from + 2).StartsWith(">")) return from + 3;
            if (_html.AsSpan(from + 2).StartsWith("!>")) return from + 4;
            from++;
        }
    }

    private int After(string mark, int from) => _html.AsSpan(from).IndexOf(mark) is var at and >= 0 ? from + at + mark.Length : _html.Length;

    /// <summary>After the <c>&gt;</c> that ends the tag: not one within a quoted value.</summary>
    private int EndOfTag(int from, out bool closed)
    {
        var html = _html.AsSpan();
        var at = from;
        while (at < html.Length && html[at] != '>')
        {
            // A quote counts as one only where a value may start: after an equals sign.
            if (html[at] is '"' or '\'' && html[from..at].TrimEnd() is [.., '='])
            {
                var close = html[(at + 1)..].IndexOf(html[at]);
                if (close < 0) break;
                from = at += close + 2;
                continue;
            }
            var step = html[(at + 1)..].IndexOfAny('>', '"', '\'');
            if (step < 0) break;
            at += step + 1;
        }
        closed = at < html.Length && html[at] == '>' && html[at - 1] == '/';
        return at < html.Length && html[at] == '>' ? at + 1 : html.Length;
    }

    private int Rename(Tag tag, int name, int nameEnd, int end)
    {
        if (tag.Name is not ("span" or "samp" or "del")) return end;
        Copy(name);
        _out.Write(tag.Name);
        _copied = nameEnd;
        return end;
    }

    private int Drop(int at, int end) => Replace(at, end, "");

    private int Replace(int at, int end, string by)
    {
        Copy(at);
        _out.Write(by);
        _copied = end;
        return end;
    }

    private void Copy(int end)
    {
        if (end > _copied) _out.Write(_html.AsSpan(_copied, end - _copied));
        _copied = end;
    }
}
