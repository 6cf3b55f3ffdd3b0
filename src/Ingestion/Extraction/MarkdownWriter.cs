using System.Text;

namespace Ingestion.Extraction;

/// <summary>
/// Builds the canonical Markdown of a document, block by block, and the elements that describe it.
/// Readers hand it clean inline Markdown; it owns spacing, marks, tables, page starts, limits and the ban on NUL and lone surrogates.
/// </summary>
public sealed class MarkdownWriter
{
    private readonly StringBuilder _text = new();
    private readonly List<Element> _elements = [];
    private readonly List<int> _pageStarts = [];
    private readonly List<string> _warnings = [];
    private readonly ExtractionLimits _limits;
    private int _cells;

    public MarkdownWriter(ExtractionLimits limits) => _limits = limits;

    public int Length => _text.Length;

    /// <summary>What follows stands on the next page.</summary>
    public void StartPage()
    {
        if (_pageStarts.Count >= _limits.MaxPages)
            throw new ExtractionException(ExtractionFailure.TooLarge, $"The document has more than {_limits.MaxPages} pages. Split it and send the parts.");
        if (_text.Length > 0) Separate(blank: true);
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
        _cells += rows.Count * columns;
        if (_cells > _limits.MaxTableCells)
            throw new ExtractionException(ExtractionFailure.TooLarge, $"The document has more than {_limits.MaxTableCells} table cells. Split it and send the parts.");

        var table = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            if (i > 0) table.Append('\n');
            table.Append('|');
            for (var c = 0; c < columns; c++)
                table.Append(' ').Append(c < rows[i].Count ? Cell(rows[i][c]) : "").Append(" |");
            if (i > 0) continue;
            table.Append("\n|");
            for (var c = 0; c < columns; c++) table.Append(" --- |");
        }
        Block(ElementKind.Table, 0, "", table.ToString(), box, trim: false);
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

    public void Warn(string sentence)
    {
        if (!_warnings.Contains(sentence)) _warnings.Add(sentence);
    }

    public ExtractedDocument ToDocument(string mediaType)
    {
        var text = _text.ToString().TrimEnd();
        return new ExtractedDocument
        {
            Text = text,
            Elements = _elements,
            PageCount = _pageStarts.Count > 0 ? _pageStarts.Count : null,
            PageStarts = _pageStarts.ConvertAll(start => Math.Min(start, text.Length)),
            MediaType = mediaType,
            Warnings = _warnings,
        };
    }

    /// <summary>Line ends become <c>\n</c>; NUL, other control characters and lone surrogates go.</summary>
    public static string Clean(string text)
    {
        var bad = FirstBad(text);
        if (bad < 0) return text;
        var clean = new StringBuilder(text.Length);
        clean.Append(text, 0, bad);
        for (var i = bad; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\r')
            {
                if (i + 1 >= text.Length || text[i + 1] != '\n') clean.Append('\n');
            }
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                clean.Append(c).Append(text[++i]);
            }
            else if (char.IsSurrogate(c))
            {
                clean.Append('\uFFFD');
            }
            else if (!IsForbidden(c))
            {
                clean.Append(c);
            }
        }
        return clean.ToString();
    }

    private static int FirstBad(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (char.IsSurrogate(text[i]) || IsForbidden(text[i]) || text[i] == '\r') return i;
        }
        return -1;
    }

    private static bool IsForbidden(char c) => c < ' ' ? c is not ('\n' or '\t' or '\r') : c is '\uFFFE' or '\uFFFF' or '\u007F';

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
            throw new ExtractionException(ExtractionFailure.TooLarge, $"The document's text is longer than {_limits.MaxTextLength} characters. Split it and send the parts.");
        _text.Append(text);
    }

    private static string OneLine(string inline) =>
        inline.Contains('\n', StringComparison.Ordinal) || inline.Contains('\r', StringComparison.Ordinal)
            ? inline.ReplaceLineEndings(" ")
            : inline;

    private static string Cell(string inline) => OneLine(Clean(inline)).Trim().Replace("|", "\\|", StringComparison.Ordinal);

    private static int LongestRun(string text, char mark)
    {
        int longest = 0, run = 0;
        foreach (var c in text) longest = Math.Max(longest, run = c == mark ? run + 1 : 0);
        return longest;
    }
}
