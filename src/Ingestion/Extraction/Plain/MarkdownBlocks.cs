namespace Ingestion.Extraction.Plain;

/// <summary>
/// Finds the blocks of a Markdown text in one pass over its lines. It parses no inline marks and nests nothing but lists, so hostile input
/// costs what any other costs; a full parser took seconds for, and then refused, a thousand nested quotes.
/// </summary>
internal sealed class MarkdownBlocks
{
    private readonly string _text;
    private readonly List<Element> _found = [];
    private readonly List<int> _indents = []; // Of the open list items, outermost first: where their content starts.
    private ElementKind _open;
    private int _start = -1, _end, _level;
    private bool _blankBefore;
    private bool _commentsEnd; // No comment is closed from here on.

    private MarkdownBlocks(string text) => _text = text;

    /// <param name="from">Where to start.</param>
    public static List<Element> Find(string text, int from, CancellationToken cancel)
    {
        var blocks = new MarkdownBlocks(text);
        var lines = 0;
        for (var line = from; line < text.Length;)
        {
            if ((++lines & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            line = blocks.Line(line, blocks.EndOf(line));
        }
        blocks.Close();
        return blocks._found;
    }

    /// <summary>Takes a line, or a whole block of lines; returns where the next line starts.</summary>
    private int Line(int start, int end)
    {
        var indent = Indent(start, end, out var at);
        if (at == end)
        {
            if (_open != ElementKind.Code) Close();
            _blankBefore = true;
            return end + 1;
        }
        var line = _text.AsSpan(at, end - at);
        var afterBlank = _blankBefore || _found.Count == 0 && _start < 0;
        _blankBefore = false;

        if (_indents.Count > 0 && afterBlank && indent < _indents[0] && !IsItem(line, out _)) _indents.Clear();
        if (indent >= 4 && _indents.Count == 0 && (_start < 0 || _open == ElementKind.Code)) return Add(ElementKind.Code, start, end);
        if (_open == ElementKind.Code) Close();

        var mark = line[0];
        if (mark is '`' or '~' && FenceLength(line) is var fence and >= 3) return Fenced(at, end, mark, fence);
        if (mark == '$' && line.StartsWith("$$")) return Formula(at, end);
        if (mark == '<' && line.StartsWith("<!--")) return Comment(at, end);
        if (mark == '#' && IsHeading(line, out var level)) return Whole(ElementKind.Heading, level, at, end);
        if (mark is '=' or '-' && _open == ElementKind.Paragraph && _start >= 0 && line.Trim().Trim(mark).IsEmpty) return Underline(mark, end);
        if (IsRule(line))
        {
            Close();
            return end + 1;
        }
        // Only the number 1 starts a list in the middle of a paragraph: "in\n1986. A year" is none.
        if (IsItem(line, out var content) && !(_start >= 0 && _open == ElementKind.Paragraph && char.IsAsciiDigit(mark) && line is not ['1', '.' or ')', ..]))
            return Item(indent, indent + content, at, end);
        if (mark == '>') return Add(ElementKind.Quote, at, end);
        if (mark == '[' && line.StartsWith("[^") && line.IndexOf("]:") > 0)
        {
            Close();
            return Add(ElementKind.Footnote, at, end);
        }
        if (_open == ElementKind.Table && _start >= 0 && line.Contains('|')) return Add(ElementKind.Table, at, end);
        if (line.Contains('|') && IsDelimiterRow(end + 1))
        {
            Close();
            _open = ElementKind.Table;
            (_start, _end, _level) = (at, EndOf(end + 1), 0);
            return _end + 1;
        }
        if (_open == ElementKind.Table) Close();
        // A line without a mark of its own goes on with the paragraph, quote, item or footnote above it.
        return Add(_start >= 0 ? _open : ElementKind.Paragraph, at, end);
    }

    private int Add(ElementKind kind, int at, int end)
    {
        if (_start >= 0 && _open != kind) Close();
        if (_start < 0) (_open, _start, _level) = (kind, at, 0);
        _end = TrimEnd(at, end);
        return end + 1;
    }

    private int Whole(ElementKind kind, int level, int at, int end)
    {
        Close();
        _found.Add(new Element(kind, level, at, TrimEnd(at, Math.Min(end, _text.Length))));
        return end + 1;
    }

    private void Close()
    {
        if (_start >= 0) _found.Add(new Element(_open, _level, _start, _end));
        _start = -1;
        _open = ElementKind.Paragraph;
    }

    private int Underline(char mark, int end)
    {
        _open = ElementKind.Heading;
        (_level, _end) = (mark == '=' ? 1 : 2, TrimEnd(_start, end));
        Close();
        return end + 1;
    }

    private int Item(int indent, int content, int at, int end)
    {
        Close();
        while (_indents.Count > 0 && indent < _indents[^1]) _indents.RemoveAt(_indents.Count - 1);
        // Deeper than anyone writes is not worth a deeper level.
        if (_indents.Count < 64) _indents.Add(content);
        (_open, _start, _end, _level) = (ElementKind.ListItem, at, TrimEnd(at, end), _indents.Count);
        return end + 1;
    }

    private int Fenced(int at, int end, char mark, int length)
    {
        for (var line = end + 1; line < _text.Length; line = EndOf(line) + 1)
        {
            var words = _text.AsSpan(line, EndOf(line) - line).Trim();
            if (words.Length >= length && words[0] == mark && words.Trim(mark).IsEmpty) return Whole(ElementKind.Code, 0, at, EndOf(line));
        }
        return Whole(ElementKind.Code, 0, at, _text.Length);
    }

    private int Formula(int at, int end)
    {
        var close = _text.AsSpan(at + 2).IndexOf("$$");
        return close < 0 ? Add(ElementKind.Paragraph, at, end) : Whole(ElementKind.Formula, 0, at, EndOf(at + 2 + close));
    }

    private int Comment(int at, int end)
    {
        var close = _commentsEnd ? -1 : _text.AsSpan(at).IndexOf("-->");
        if (close < 0)
        {
            _commentsEnd = true;
            return Add(ElementKind.Paragraph, at, end);
        }
        Close();
        var last = EndOf(at + close);
        var after = _text.AsSpan(at + close + 3, last - (at + close + 3));
        // A comment alone is no part of what the document says.
        return after.IsWhiteSpace() ? last + 1 : Whole(ElementKind.Paragraph, 0, at, last);
    }

    private bool IsDelimiterRow(int start)
    {
        if (start >= _text.Length) return false;
        var line = _text.AsSpan(start, EndOf(start) - start);
        return line.Contains('-') && (line.Contains('|') || line.Contains(':')) && line.IndexOfAnyExcept("|:- \t") < 0;
    }

    private static bool IsHeading(ReadOnlySpan<char> line, out int level)
    {
        level = line.IndexOfAnyExcept('#') is var at and >= 0 ? at : line.Length;
        return level is >= 1 and <= 6 && (level == line.Length || line[level] is ' ' or '\t');
    }

    private static bool IsRule(ReadOnlySpan<char> line) =>
        line[0] is '-' or '*' or '_' && line.Count(line[0]) >= 3 && line.Trim([line[0], ' ', '\t']).IsEmpty;

    /// <param name="content">How far after the mark the item's own text starts.</param>
    private static bool IsItem(ReadOnlySpan<char> line, out int content)
    {
        content = 0;
        var mark = 1;
        if (line[0] is not ('-' or '*' or '+'))
        {
            while (mark <= 9 && mark < line.Length && char.IsAsciiDigit(line[mark - 1])) mark++;
            if (mark == 1 || line[mark - 1] is not ('.' or ')')) return false;
        }
        if (mark < line.Length && line[mark] is not (' ' or '\t')) return false;
        // The item that is a lone mark has its text, if any, below it.
        content = mark + 1;
        return true;
    }

    private static int FenceLength(ReadOnlySpan<char> line)
    {
        var length = line.IndexOfAnyExcept(line[0]) is var at and >= 0 ? at : line.Length;
        return line[0] == '`' && line[length..].Contains('`') ? 0 : length;
    }

    private int Indent(int start, int end, out int at)
    {
        var columns = 0;
        for (at = start; at < end && _text[at] is (' ' or '\t'); at++) columns += _text[at] == '\t' ? 4 - (columns % 4) : 1;
        return columns;
    }

    private int EndOf(int start) => _text.AsSpan(start).IndexOf('\n') is var at and >= 0 ? start + at : _text.Length;

    private int TrimEnd(int start, int end) => start + _text.AsSpan(start, end - start).TrimEnd().Length;
}
