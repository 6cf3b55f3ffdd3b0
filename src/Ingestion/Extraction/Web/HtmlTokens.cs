using System.Buffers;

namespace Ingestion.Extraction.Web;

internal enum HtmlTokenKind
{
    End,
    Text,
    StartTag,
    EndTag,
}

/// <summary>
/// Cuts a page into tags and the text between them, in one pass. Comments, declarations and attributes that say nothing of the text are
/// passed over; text lies in the source as it is, but where it has to be decoded.
/// </summary>
internal sealed class HtmlTokens(HtmlTree tree, CancellationToken cancel)
{
    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t\r\n\f/>");
    private static readonly SearchValues<char> AttributeEnds = SearchValues.Create(" \t\r\n\f/>=");
    private static readonly SearchValues<char> ValueEnds = SearchValues.Create(" \t\r\n\f>");

    private readonly string _html = tree.Source;
    private readonly HashSet<HtmlTag> _endless = [];
    private int _at, _steps;
    private bool _begun;

    /// <summary>Of the tag that was found last; none where the page has used up all names.</summary>
    public HtmlTag Tag { get; private set; }

    public bool IsSelfClosing { get; private set; }

    /// <summary>Where its attributes start in the tree's; they go up to the last there.</summary>
    public int Attributes { get; private set; }

    public HtmlSlice Text { get; private set; }

    /// <summary>It starts with a declaration that it is HTML.</summary>
    public bool HasDoctype { get; private set; }

    /// <summary>The page ends in the middle of a tag, which is left out with what it holds.</summary>
    public bool EndsWithinTag { get; private set; }

    /// <param name="inForeign">Within drawings and formulas, text may stand in sections that markup cannot end.</param>
    public HtmlTokenKind Next(bool inForeign)
    {
        while (_at < _html.Length)
        {
            if ((++_steps & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var mark = NextMark(_at);
            if (mark > _at)
            {
                SetText(_at, mark, isRaw: false);
                _at = mark;
                return HtmlTokenKind.Text;
            }
            var next = _html[_at + 1];
            if (next == '/' && char.IsAsciiLetter(_html[_at + 2]))
            {
                if (TagAt(_at + 2, keep: false)) return HtmlTokenKind.EndTag;
            }
            else if (char.IsAsciiLetter(next))
            {
                _begun = true;
                if (TagAt(_at + 1, keep: true)) return HtmlTokenKind.StartTag;
            }
            else if (inForeign && Rest(_at).StartsWith("<![CDATA["))
            {
                var from = _at + "<![CDATA[".Length;
                var end = Rest(from).IndexOf("]]>") is var found and >= 0 ? from + found : _html.Length;
                SetText(from, end, isRaw: true);
                _at = Math.Min(end + "]]>".Length, _html.Length);
                return HtmlTokenKind.Text;
            }
            else Declaration();
        }
        return HtmlTokenKind.End;
    }

    /// <summary>Whether the tag has an attribute of this value, in whatever letters.</summary>
    public bool Says(HtmlAttribute name, string value)
    {
        for (var i = Attributes; i < tree.AttributeCount; i++)
            if (tree.Attribute(i).Name == name) return tree.Text(tree.Attribute(i).Value).Equals(value, StringComparison.OrdinalIgnoreCase);
        return false;
    }

    /// <summary>
    /// What an element that holds no tags holds, up to its end tag. Nothing where it never ends: taking the rest of the page for a title
    /// would lose it, so only the tag is passed over then; but a script or a style sheet without end is not shown as text.
    /// </summary>
    public HtmlSlice Contents(HtmlTag tag)
    {
        if (IsSelfClosing) return default;
        var name = HtmlTags.Name(tag);
        var end = _endless.Contains(tag) ? -1 : tag == HtmlTag.Script ? EndOfScript() : EndTagOf(name, _at);
        if (end < 0)
        {
            _endless.Add(tag);
            if (tag is HtmlTag.Script or HtmlTag.Style) _at = _html.Length;
            return default;
        }
        var text = tag is HtmlTag.Title or HtmlTag.Textarea ? Decoded(_at, end, inAttribute: false) : new HtmlSlice(_at, end - _at);
        _at = end + "</".Length + name.Length;
        while (Attribute(keep: false) is not null)
        {
        }
        return text;
    }

    /// <summary>All that is left, as it is.</summary>
    public HtmlSlice Remainder()
    {
        var text = new HtmlSlice(_at, _html.Length - _at);
        _at = _html.Length;
        return text;
    }

    private ReadOnlySpan<char> Rest(int from) => _html.AsSpan(from);

    /// <summary>The next <c>&lt;</c> that starts something else than text.</summary>
    private int NextMark(int from)
    {
        while (true)
        {
            var found = Rest(from).IndexOf('<');
            if (found < 0 || from + found + 1 == _html.Length) return _html.Length;
            from += found;
            var next = _html[from + 1];
            if (char.IsAsciiLetter(next) || next is '!' or '?' || (next == '/' && from + 2 < _html.Length)) return from;
            from++;
        }
    }

    private void SetText(int from, int end, bool isRaw)
    {
        Text = isRaw ? new HtmlSlice(from, end - from) : Decoded(from, end, inAttribute: false);
        if (!_begun) _begun = !tree.Text(Text).IsWhiteSpace();
    }

    private HtmlSlice Decoded(int from, int end, bool inAttribute)
    {
        var raw = _html.AsSpan(from, end - from);
        return raw.Contains('&') ? tree.Decode(raw, inAttribute) : new HtmlSlice(from, raw.Length);
    }

    /// <summary>False where the page ends before the tag does.</summary>
    private bool TagAt(int name, bool keep)
    {
        var length = Rest(name).IndexOfAny(NameEnds) is var end and >= 0 ? end : _html.Length - name;
        Tag = tree.Names.Find(Rest(name)[..length]);
        _at = name + length;
        Attributes = tree.AttributeCount;
        IsSelfClosing = false;
        var seen = 0u;
        while (Attribute(keep) is { } attribute)
        {
            // Of two of one name the first counts.
            if (attribute.Name == HtmlAttribute.None || (seen & (1u << (int)attribute.Name)) != 0) continue;
            seen |= 1u << (int)attribute.Name;
            tree.AddAttribute(attribute);
        }
        return !EndsWithinTag;
    }

    /// <summary>Passes over the next attribute; null, and what follows the tag, where there are no more.</summary>
    private HtmlAttributeValue? Attribute(bool keep)
    {
        var html = _html.AsSpan();
        var at = _at;
        while (at < html.Length && (IsSpace(html[at]) || html[at] == '/')) at++;
        if (at == html.Length) return NoMore(at, isCut: true);
        if (html[at] == '>')
        {
            IsSelfClosing = html[at - 1] == '/';
            return NoMore(at + 1, isCut: false);
        }
        var name = at++;
        at = Find(html, at, AttributeEnds);
        var known = keep ? HtmlAttributes.Find(html[name..at]) : HtmlAttribute.None;
        while (at < html.Length && IsSpace(html[at])) at++;
        var value = default(HtmlSlice);
        if (at < html.Length && html[at] == '=')
        {
            at++;
            while (at < html.Length && IsSpace(html[at])) at++;
            if (at == html.Length) return NoMore(at, isCut: true);
            var quote = html[at] is '"' or '\'';
            var start = quote ? at + 1 : at;
            var end = quote ? html[start..].IndexOf(html[at]) is var close and >= 0 ? start + close : -1 : Find(html, at, ValueEnds);
            if (end < 0) return NoMore(html.Length, isCut: true);
            at = quote ? end + 1 : end;
            if (known != HtmlAttribute.None) value = Decoded(start, end, inAttribute: true);
        }
        _at = at;
        return new HtmlAttributeValue(known, value);
    }

    private HtmlAttributeValue? NoMore(int at, bool isCut)
    {
        EndsWithinTag |= isCut;
        _at = at;
        return null;
    }

    private static int Find(ReadOnlySpan<char> html, int from, SearchValues<char> ends) =>
        html[from..].IndexOfAny(ends) is var at and >= 0 ? from + at : html.Length;

    private static bool IsSpace(char c) => c is ' ' or '\n' or '\t' or '\r' or '\f';

    /// <summary>Passes over a comment, a document type, or what is taken for one of them.</summary>
    private void Declaration()
    {
        var declaration = Rest(_at);
        if (!_begun && declaration.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase))
            HasDoctype |= declaration["<!doctype".Length..].TrimStart().StartsWith("html", StringComparison.OrdinalIgnoreCase);
        if (declaration.StartsWith("<!--")) _at = EndOfComment(_at + "<!--".Length);
        else _at = declaration.IndexOf('>') is var end and >= 0 ? _at + end + 1 : _html.Length;
    }

    private int EndOfComment(int from)
    {
        if (Rest(from).StartsWith(">")) return from + 1;
        if (Rest(from).StartsWith("->")) return from + 2;
        while (true)
        {
            var dashes = Rest(from).IndexOf("--");
            if (dashes < 0) return _html.Length;
            from += dashes;
            if (Rest(from).StartsWith("-->")) return from + 3;
            if (Rest(from).StartsWith("--!>")) return from + 4;
            from++;
        }
    }

    /// <summary>Where the next such end tag starts; -1 where there is none.</summary>
    private int EndTagOf(string name, int from)
    {
        while (true)
        {
            var found = Rest(from).IndexOf("</");
            if (found < 0) return -1;
            from += found;
            if (IsName(name, from + "</".Length)) return from;
            from += "</".Length;
        }
    }

    private bool IsName(string name, int at) => Rest(at).StartsWith(name, StringComparison.OrdinalIgnoreCase)
        && at + name.Length < _html.Length && NameEnds.Contains(_html[at + name.Length]);

    // Within a comment, as scripts of old hide in one, a script may write another with its end tag.
    private int EndOfScript()
    {
        var (from, hidden, inner) = (_at, false, false);
        while (true)
        {
            var found = Rest(from).IndexOfAny('<', '-');
            if (found < 0) return -1;
            from += found;
            if (Rest(from).StartsWith("<!--")) (hidden, from) = (true, from + 2);
            else if (Rest(from).StartsWith("-->")) (hidden, inner, from) = (false, false, from + 3);
            else if (hidden && !inner && _html[from] == '<' && IsName("script", from + 1)) (inner, from) = (true, from + 1);
            else if (_html[from] == '<' && Rest(from).StartsWith("</") && IsName("script", from + 2))
            {
                if (!inner) return from;
                (inner, from) = (false, from + 1);
            }
            else from++;
        }
    }
}
