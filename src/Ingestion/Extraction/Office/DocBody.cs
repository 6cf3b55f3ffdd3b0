using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>Writes the paragraphs, tables and links that a DOC's characters make.</summary>
internal sealed class DocBody(MarkdownWriter writer, ExtractionLimits limits)
{
    private const int MaxFields = 64;

    private readonly StringBuilder _paragraph = new();
    private readonly Stack<(StringBuilder Code, int ResultStart)> _fields = new();
    private readonly List<List<string>> _rows = [];
    private readonly List<string> _row = [];
    private DocPartKind _part;
    private int _ignoredFields;
    private long _cells;

    /// <summary>Pictures and other objects that stand in the text.</summary>
    public int Pictures { get; private set; }

    public void StartPart(DocPartKind part) => _part = part;

    public void EndPart()
    {
        EndParagraph(default);
        EndTable();
        _fields.Clear();
        _ignoredFields = 0;
    }

    public void Take(DocCharacter character, DocText text)
    {
        switch (character.Value)
        {
            case '\r': EndParagraph(text.FormatAt(character.Position)); break;
            case '\f': EndParagraph(default); break;
            case '\a': EndCell(text.FormatAt(character.Position)); break;
            case '\u0013': OpenField(); break;
            case '\u0014': StartResult(); break;
            case '\u0015': CloseField(); break;
            case '\v': Put('\n'); break;
            case '\u001E': Put('\u2011'); break;
            case '\u00A0' or '\t': Put(' '); break;
            case '\u0001' or '\u0008': Pictures++; break;
            // Note marks and places where a word may be broken.
            case < ' ' or '\u001F': break;
            default: Put(character.Value); break;
        }
    }

    private void Put(char c)
    {
        if (_fields.TryPeek(out var field) && field.ResultStart < 0)
        {
            if (field.Code.Length < 4096) field.Code.Append(c);
            return;
        }
        if (_paragraph.Length >= limits.MaxTextLength)
            throw ExtractionException.TextTooLong(limits);
        _paragraph.Append(c);
    }

    private void OpenField()
    {
        if (_fields.Count < MaxFields) _fields.Push((new StringBuilder(), -1));
        else _ignoredFields++;
    }

    private void StartResult()
    {
        if (_ignoredFields == 0 && _fields.TryPop(out var field)) _fields.Push((field.Code, _paragraph.Length));
    }

    private void CloseField()
    {
        if (_ignoredFields > 0) _ignoredFields--;
        else if (_fields.TryPop(out var field) && field.ResultStart >= 0 && field.ResultStart < _paragraph.Length
            && AddressOf(field.Code.ToString()) is { } address)
        {
            var shown = _paragraph.ToString(field.ResultStart, _paragraph.Length - field.ResultStart).Trim();
            if (shown.Length == 0 || shown == address) return;
            _paragraph.Length = field.ResultStart;
            _paragraph.Append('[').Append(shown).Append("](").Append(address).Append(')');
        }
    }

    private static string? AddressOf(string code)
    {
        var text = code.Trim();
        if (!text.StartsWith("HYPERLINK", StringComparison.OrdinalIgnoreCase)) return null;
        var parts = text.Split('"');
        return parts.Length > 1 && Uri.TryCreate(parts[1], UriKind.Absolute, out var link)
            && link.Scheme is "http" or "https" or "mailto" or "ftp"
            ? parts[1].Replace(")", "%29", StringComparison.Ordinal).Replace(" ", "%20", StringComparison.Ordinal)
            : null;
    }

    private void EndParagraph(DocFormat format)
    {
        if (format.InTable)
        {
            _paragraph.Append(' ');
            return;
        }
        EndTable();
        var text = Trimmed();
        if (text.Length == 0) return;
        if (_part is DocPartKind.Headers or DocPartKind.HeaderTextBoxes) writer.Furniture(text);
        else if (_part is DocPartKind.Footnotes or DocPartKind.Endnotes or DocPartKind.Comments) writer.Paragraph(text, ElementKind.Footnote);
        else if (_part != DocPartKind.Body) writer.Paragraph(text);
        else if (format.Heading > 0) writer.Heading(format.Heading, text);
        else if (format.ListLevel > 0) writer.ListItem(format.ListLevel, "-", text);
        else writer.Paragraph(text);
    }

    private void EndCell(DocFormat format)
    {
        if (format.EndsRow)
        {
            if (_row.Count > 0) _rows.Add([.. _row]);
            _row.Clear();
            _paragraph.Clear();
            return;
        }
        _row.Add(Trimmed());
        if (++_cells > limits.MaxTableCells)
            throw ExtractionException.TooManyCells(limits);
    }

    private void EndTable()
    {
        if (_row.Count > 0) _rows.Add([.. _row]);
        _row.Clear();
        writer.Table(_rows);
        _rows.Clear();
    }

    private string Trimmed()
    {
        var text = _paragraph.ToString().Trim();
        _paragraph.Clear();
        // A result that goes on in the next paragraph is a link no more; a code that does is still no text.
        while (_fields.TryPeek(out var field) && field.ResultStart >= 0) _fields.Pop();
        return text;
    }
}
