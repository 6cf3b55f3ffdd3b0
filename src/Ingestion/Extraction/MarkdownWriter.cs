using System.Buffers;
using System.Text;

namespace Ingestion.Extraction;

/// <summary>
/// Builds the canonical Markdown of a document, block by block, and the elements that describe it.
/// Readers hand it clean inline Markdown; it owns spacing, marks, tables, page starts, limits and the ban on NUL and lone surrogates.
/// </summary>
public sealed class MarkdownWriter
{
    private const int MaxWarnings = 50;

    private static readonly char[] Controls =
        [.. Enumerable.Range(0, ' ').Select(c => (char)c).Where(c => c is not ('\n' or '\t')), '\u007F', '\uFFFE', '\uFFFF'];

    private static readonly SearchValues<char> Unclean = SearchValues.Create(Controls);

    private static readonly SearchValues<char> NotInCell = SearchValues.Create([.. Controls, '\n', '|']);

    private readonly StringBuilder _text = new();
    private readonly List<Element> _elements = [];
    private readonly List<int> _pageStarts = [];
    private readonly List<string> _warnings = [];
    private readonly List<Furniture> _furniture = [];
    private readonly ExtractionLimits _limits;
    private long _cells;

    public MarkdownWriter(ExtractionLimits limits) => _limits = limits;

    public int Length => _text.Length;

    /// <summary>The last characters written.</summary>
    public string End => _text.ToString(Math.Max(0, _text.Length - 2), Math.Min(2, _text.Length));

    /// <summary>Of the page begun last; 0 before the first.</summary>
    public int PageNumber => _pageStarts.Count;

    /// <summary>What follows stands on the next page.</summary>
    public void StartPage()
    {
        if (_text.Length > 0) Separate(blank: true);
        AddPage();
    }

    /// <summary>The next page starts within the paragraph or item that was written last: what follows is the rest of it.</summary>
    /// <param name="cut">How many characters of it go, as the hyphen of a word that was split.</param>
    public void ContinueOnNextPage(string inline, int cut, bool spaced)
    {
        _text.Length -= cut;
        if (spaced) Append(" ");
        AddPage();
        Append(OneLine(Clean(inline)).Trim());
        _elements[^1] = _elements[^1] with { End = _text.Length };
    }

    private void AddPage()
    {
        if (_pageStarts.Count >= _limits.MaxPages)
            throw new ExtractionException(
                ExtractionFailure.TooLarge,
                $"The document has more than {_limits.MaxPages} pages. Split it and send the parts.");
        _pageStarts.Add(_text.Length);
    }

    public void Heading(int level, string inline, BoundingBox? box = null) =>
        Block(ElementKind.Heading, level = Math.Clamp(level, 1, 6), new string('#', level) + " ", OneLine(inline), box);

    public void Paragraph(string inline, ElementKind kind = ElementKind.Paragraph, BoundingBox? box = null) =>
        Block(kind, 0, "", inline, box);

    /// <param name="level">Nesting, from 1.</param>
    /// <param name="mark">"-" or the item's number as the document shows it, such as "3." or "b)".</param>
    public void ListItem(int level, string mark, string inline, BoundingBox? box = null)
    {
        level = Math.Clamp(level, 1, 32);
        Block(ElementKind.ListItem, level, new string(' ', (level - 1) * 2) + mark + " ", OneLine(inline), box);
    }

    public void Quote(string inline) => Block(ElementKind.Quote, 0, "> ", inline.Replace("\n", "\n> ", StringComparison.Ordinal));

    public void Code(string code, string language = "", BoundingBox? box = null)
    {
        code = Clean(code).Trim('\n');
        if (code.Length == 0) return;
        var fence = new string('`', Math.Max(3, LongestRun(code, '`') + 1));
        Block(ElementKind.Code, 0, "", $"{fence}{language}\n{code}\n{fence}", box, trim: false);
    }

    /// <summary>A pipe table. The first row is its header row; rows may be of different lengths.</summary>
    public void Table(IReadOnlyList<IReadOnlyList<string>> rows, BoundingBox? box = null)
    {
        if (rows.Count == 0) return;
        var columns = rows.Max(row => row.Count);
        if (columns == 0 || rows.All(row => row.All(string.IsNullOrWhiteSpace))) return;
        Table(rows.Count, columns, (row, column) => column < rows[row].Count ? rows[row][column] : "", box);
    }

    /// <summary>The same for many cells, without a string for each.</summary>
    public void Table(int rows, int columns, TableCell cell, BoundingBox? box = null)
    {
        _cells += (long)rows * columns;
        if (_cells > _limits.MaxTableCells)
            throw ExtractionException.TooManyCells(_limits);

        Separate(blank: true);
        var start = _text.Length;
        for (var row = 0; row < rows; row++)
        {
            if (row > 0) _text.Append('\n');
            _text.Append('|');
            for (var column = 0; column < columns; column++)
            {
                _text.Append(' ');
                AppendCell(cell(row, column));
                _text.Append(" |");
            }
            if (row == 0)
            {
                _text.Append("\n|");
                for (var column = 0; column < columns; column++) _text.Append(" --- |");
            }
            // Checks the length.
            Append("");
        }
        _elements.Add(new Element(ElementKind.Table, 0, start, _text.Length, _pageStarts.Count, box));
    }

    /// <summary>Text that is already Markdown, kept as it is, without elements of its own.</summary>
    public int Verbatim(string markdown)
    {
        Separate(blank: true);
        var start = _text.Length;
        Append(Clean(markdown));
        return start;
    }

    /// <summary>For <see cref="Verbatim"/> text, whose parts the reader finds itself. In text order.</summary>
    public void Mark(Element element) => _elements.Add(element);

    /// <summary>
    /// A whole document that is a part of this one, such as an attachment or a file in an archive; its pages are not kept.
    /// </summary>
    public void Append(ExtractedDocument part)
    {
        var start = Verbatim(part.Text);
        foreach (var element in part.Elements)
            _elements.Add(element with { Start = start + element.Start, End = start + element.End, Page = _pageStarts.Count, Box = null });
        foreach (var warning in part.Warnings) Warn(warning);
    }

    /// <summary>A page header or footer, which is kept out of the text.</summary>
    /// <param name="page">From 1; 0 for the page that is being written, or for all where the format has no pages.</param>
    public void Furniture(string text, int page = 0, BoundingBox? box = null)
    {
        text = OneLine(Clean(text)).Trim();
        if (text.Length > 0) _furniture.Add(new Furniture(text, page > 0 ? page : _pageStarts.Count, box));
    }

    public void Warn(string sentence)
    {
        if (_warnings.Contains(sentence)) return;
        if (_warnings.Count < MaxWarnings) _warnings.Add(sentence);
        else if (_warnings.Count == MaxWarnings) _warnings.Add("There were more warnings than these.");
    }

    public ExtractedDocument ToDocument(string mediaType)
    {
        var text = _text.ToString().TrimEnd();
        WarnOfFurniture();
        return new ExtractedDocument
        {
            Text = text,
            Elements = Within(text.Length),
            PageCount = _pageStarts.Count > 0 ? _pageStarts.Count : null,
            PageStarts = _pageStarts.ConvertAll(start => Math.Min(start, text.Length)),
            MediaType = mediaType,
            Furniture = _furniture,
            Warnings = _warnings,
        };
    }

    // A bare page number is no loss.
    private void WarnOfFurniture()
    {
        const int Shown = 3, Longest = 60;
        var telling = _furniture.Select(item => item.Text).Where(text => text.Count(char.IsLetter) > "Page of".Length).Distinct().ToList();
        if (telling.Count == 0) return;
        var named = telling.Take(Shown).Select(text => $"\"{(text.Length > Longest ? text[..Longest].TrimEnd() + "…" : text)}\"");
        var more = telling.Count > Shown ? $" and {telling.Count - Shown} more" : "";
        Warn($"Page headers and footers were kept out of the text: {string.Join(", ", named)}{more}.");
    }

    // White space at the very end is cut, and with it the end of an element that a reader marked itself.
    private List<Element> Within(int length)
    {
        for (var i = _elements.Count - 1; i >= 0 && _elements[i].End > length; i--)
        {
            if (_elements[i].Start >= length) _elements.RemoveAt(i);
            else _elements[i] = _elements[i] with { End = length };
        }
        return _elements;
    }

    /// <summary>
    /// Line ends, form feeds and vertical tabs become <c>\n</c>; NUL and other control characters go; a lone surrogate becomes U+FFFD.
    /// </summary>
    public static string Clean(string text)
    {
        var bad = FirstUnclean(text);
        if (bad < 0) return text;
        var clean = new StringBuilder(text.Length);
        var from = 0;
        while (bad >= 0)
        {
            clean.Append(text, from, bad - from);
            var c = text[bad];
            var next = bad + 1 < text.Length ? text[bad + 1] : '\0';
            if (c is '\f' or '\v' || (c == '\r' && next != '\n')) clean.Append('\n');
            else if (char.IsSurrogate(c)) clean.Append('\uFFFD');
            from = bad + 1;
            bad = FirstUnclean(text, from);
        }
        return clean.Append(text, from, text.Length - from).ToString();
    }

    /// <summary>Where <see cref="Clean"/> would change the text first; -1 where it would not.</summary>
    public static int FirstUnclean(string text, int start = 0)
    {
        var control = text.AsSpan(start).IndexOfAny(Unclean);
        var end = control < 0 ? text.Length : start + control;
        for (var i = start; i < end; i++)
        {
            var surrogate = text.AsSpan(i, end - i).IndexOfAnyInRange('\uD800', '\uDFFF');
            if (surrogate < 0) break;
            i += surrogate;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else return i;
        }
        return control < 0 ? -1 : end;
    }

    private void Block(ElementKind kind, int level, string mark, string inline, BoundingBox? box = null, bool trim = true)
    {
        inline = Clean(inline);
        if (trim) inline = inline.Trim();
        if (inline.Length == 0) return;
        var nextItem = kind == ElementKind.ListItem && _elements.Count > 0 && _elements[^1].Kind == ElementKind.ListItem
            && _elements[^1].End == _text.Length;
        Separate(blank: !nextItem);
        var start = _text.Length;
        Append(mark);
        Append(inline);
        _elements.Add(new Element(kind, level, start, _text.Length, _pageStarts.Count, box));
    }

    private void Separate(bool blank)
    {
        if (_text.Length == 0) return;
        var wanted = blank ? 2 : 1;
        var have = 0;
        while (have < wanted && _text.Length > have && _text[_text.Length - 1 - have] == '\n') have++;
        if (have < wanted) _text.Append('\n', wanted - have);
    }

    private void Append(string text)
    {
        if (_text.Length + (long)text.Length > _limits.MaxTextLength)
            throw ExtractionException.TextTooLong(_limits);
        _text.Append(text);
    }

    private static string OneLine(string inline) =>
        inline.Contains('\n', StringComparison.Ordinal) || inline.Contains('\r', StringComparison.Ordinal)
            ? inline.ReplaceLineEndings(" ")
            : inline;

    private void AppendCell(ReadOnlySpan<char> inline)
    {
        inline = inline.Trim();
        if (!inline.ContainsAny(NotInCell) && !inline.ContainsAnyInRange('\uD800', '\uDFFF')) _text.Append(inline);
        else _text.Append(OneLine(Clean(inline.ToString())).Trim().Replace("|", "\\|", StringComparison.Ordinal));
    }

    internal static int LongestRun(string text, char mark)
    {
        int longest = 0, run = 0;
        foreach (var c in text) longest = Math.Max(longest, run = c == mark ? run + 1 : 0);
        return longest;
    }
}

/// <summary>A cell's inline Markdown; row and column count from 0.</summary>
public delegate ReadOnlySpan<char> TableCell(int row, int column);
