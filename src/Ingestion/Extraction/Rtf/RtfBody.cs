using System.Text;

namespace Ingestion.Extraction.Rtf;

/// <summary>Follows the groups of an RTF document and writes its paragraphs, lists and tables.</summary>
internal sealed class RtfBody(MarkdownWriter writer, ExtractionLimits limits)
{
    private const int MaxDepth = 1000;

    /// <summary>Where the text of a group goes.</summary>
    private enum Target { Body, Skip, Fonts, Styles, Title, Author, FieldCode, ListMark, Note, Furniture }

    /// <param name="LinkStart">In the paragraph, where a field's result begins; -1 where the group is none.</param>
    private record struct Group(Target Target, int UnicodeSkip, int Font, bool Hidden, int LinkStart = -1);

    private readonly Stack<Group> _groups = new();
    private readonly Dictionary<int, int> _codePages = []; // By font.
    private readonly Dictionary<int, int> _headings = []; // By style.
    private readonly List<byte> _pending = []; // Bytes that may be parts of a character.
    private readonly StringBuilder _paragraph = new(), _side = new();
    private readonly List<string> _notes = [];
    private readonly List<List<string>> _rows = [];
    private readonly List<string> _row = [];
    private readonly List<int> _indents = []; // Of the open list's levels.
    private Group _group = new(Target.Body, 1, -1, false);
    private int _codePage = 1252, _skip, _outline = -1, _level, _indent, _font = -1, _style = -1;
    private bool _ignorable, _inTable;
    private int _pictures, _notesOfTable;
    private string _link = "", _mark = "";
    private string? _title, _author;
    private long _cells;

    public void Take(RtfTokens token)
    {
        if (_skip > 0 && token.Kind is RtfTokenKind.Byte or RtfTokenKind.Text && SkipReplaced(token)) return;
        switch (token.Kind)
        {
            case RtfTokenKind.Open: Open(); break;
            case RtfTokenKind.Close: Close(); break;
            case RtfTokenKind.Byte: _pending.Add((byte)token.Number!.Value); break;
            case RtfTokenKind.Text: Bytes(token.Text); break;
            case RtfTokenKind.Symbol: Symbol(token.Symbol); break;
            case RtfTokenKind.Word: Word(token.Word, token.Number); break;
        }
    }

    public ExtractedDocument End()
    {
        EndParagraph();
        EndTable();
        if (_pictures > 0) writer.Warn($"Pictures in the document: {_pictures}. Text inside pictures was not read.");
        return writer.ToDocument(MediaTypes.Rtf) with { Title = _title, Author = _author };
    }

    // A character that old programs cannot show is followed by what they show instead.
    private bool SkipReplaced(RtfTokens token)
    {
        if (token.Kind == RtfTokenKind.Byte)
        {
            _skip--;
            return true;
        }
        var text = token.Text;
        var skipped = Math.Min(_skip, text.Length);
        _skip -= skipped;
        if (skipped < text.Length) Bytes(text[skipped..]);
        return true;
    }

    private void Open()
    {
        Flush();
        _skip = 0;
        if (_groups.Count >= MaxDepth)
            throw new ExtractionException(
                ExtractionFailure.TooLarge,
                $"The RTF nests deeper than {MaxDepth} groups. Open it in a word processor, save it again, and send that.");
        _groups.Push(_group);
        _group.LinkStart = -1;
        _ignorable = false;
    }

    private void Close()
    {
        Flush();
        _skip = 0;
        var ended = _group;
        if (!_groups.TryPop(out _group)) _group = new Group(Target.Body, 1, -1, false);
        if (ended.LinkStart >= 0) EndLink(ended.LinkStart);
        if (ended.Target == _group.Target) return;
        var text = _side.ToString().Trim();
        switch (ended.Target)
        {
            case Target.Title: _title = text; break;
            case Target.Author: _author = text; break;
            case Target.FieldCode: _link = AddressOf(text); break;
            case Target.ListMark: _mark = text; break;
            case Target.Note when text.Length > 0: _notes.Add(text); break;
            case Target.Furniture: writer.Furniture(text); break;
            default: return;
        }
        _side.Clear();
    }

    private void Symbol(char symbol)
    {
        Flush();
        switch (symbol)
        {
            case '*': _ignorable = true; break;
            case '~': Put("\u00A0"); break;
            case '_': Put("\u2011"); break;
            case '\\' or '{' or '}': Put(symbol.ToString()); break;
            case '\r' or '\n': EndParagraph(); break;
        }
    }

    private void Word(string word, int? number)
    {
        var ignorable = _ignorable;
        _ignorable = false;
        if (word == "u" && number is { } unicode)
        {
            Flush();
            Put(((char)(ushort)unicode).ToString());
            _skip = _group.UnicodeSkip;
            return;
        }
        Flush();
        switch (word)
        {
            case "par" or "sect" or "page" or "softpage" or "column": EndParagraph(); break;
            case "line": Put("\n"); break;
            case "tab": Put(_inTable || _group.Target != Target.Body ? " " : "\t"); break;
            case "cell" or "nestcell": EndCell(); break;
            case "row": EndRow(); break;
            case "nestrow": break;
            case "intbl" or "pard" or "outlinelevel" or "ilvl" or "li":
                // A list mark has paragraph settings of its own, which end with it.
                if (_group.Target == Target.Body) Setting(word, number);
                break;
            case "s" when _group.Target is Target.Body or Target.Styles: _style = number ?? -1; break;
            case "plain": (_group.Hidden, _group.Font) = (false, -1); break;
            case "v" or "deleted": _group.Hidden = number != 0; break;
            case "uc": _group.UnicodeSkip = Math.Clamp(number ?? 1, 0, 8); break;
            case "ansicpg" when number is { } page && page > 0: _codePage = page; break;
            case "mac": _codePage = 10000; break;
            case "pc": _codePage = 437; break;
            case "pca": _codePage = 850; break;
            case "f" when _group.Target == Target.Fonts: _font = number ?? -1; break;
            case "f": _group.Font = number ?? -1; break;
            case "fcharset" when _group.Target == Target.Fonts && number is { } charset: _codePages[_font] = CodePageOf(charset); break;
            case "emdash": Put("—"); break;
            case "endash": Put("–"); break;
            case "lquote": Put("‘"); break;
            case "rquote": Put("’"); break;
            case "ldblquote": Put("“"); break;
            case "rdblquote": Put("”"); break;
            case "bullet": Put("•"); break;
            case "emspace" or "enspace" or "qmspace": Put(" "); break;
            case "fldrslt": if (_link.Length > 0) _group.LinkStart = _paragraph.Length; break;
            default: Destination(word, ignorable); break;
        }
    }

    private void Setting(string word, int? number)
    {
        switch (word)
        {
            case "intbl": _inTable = true; break;
            case "pard": (_inTable, _outline, _level, _indent, _style) = (false, -1, 0, 0, -1); break;
            case "outlinelevel": _outline = number ?? -1; break;
            case "ilvl": _level = Math.Clamp(number ?? 0, 0, 8); break;
            case "li": _indent = Math.Clamp(number ?? 0, 0, 100_000); break;
        }
    }

    private void Destination(string word, bool ignorable)
    {
        if (_group.Target == Target.Skip) return;
        var target = word switch
        {
            "fonttbl" => Target.Fonts,
            "stylesheet" => Target.Styles,
            "title" => Target.Title,
            "author" => Target.Author,
            "fldinst" => Target.FieldCode,
            "listtext" or "pntext" => Target.ListMark,
            "ud" => _group.Target, // The same text again, in Unicode.
            "footnote" or "annotation" => Target.Note,
            "shptxt" or "shprslt" or "result" or "shpinst" or "background" => _group.Target,
            "header" or "headerl" or "headerr" or "headerf" or "footer" or "footerl" or "footerr" or "footerf" => Target.Furniture,
            "colortbl" or "pict" or "object" or "listtable" or "listoverridetable" or "nonshppict" or "themedata" or "datastore" or "atnid" or "atnauthor" or "xe"
                or "tc" or "do"
                or "operator" or "keywords" or "subject" or "comment" or "doccomm" or "company" or "manager" or "category" or "hlinkbase"
                or "creatim" or "revtim" or "printim" or "buptim" => Target.Skip,
            _ => ignorable ? Target.Skip : _group.Target,
        };
        if (word == "pict" && _group.Target == Target.Body) _pictures++;
        if (target != _group.Target && target is not Target.Skip) _side.Clear();
        _group.Target = target;
    }

    private void Bytes(ReadOnlySpan<byte> text)
    {
        if (_group.Target == Target.Fonts) return;
        foreach (var b in text) _pending.Add(b);
    }

    private void Flush()
    {
        if (_pending.Count == 0) return;
        var page = _group.Font >= 0 && _codePages.TryGetValue(_group.Font, out var known) && known > 0 ? known : _codePage;
        var encoding = TextDecoding.ByCodePage(page) ?? TextDecoding.ByCodePage(1252)!;
        var text = encoding.GetString([.. _pending]);
        _pending.Clear();
        Put(text);
    }

    private void Put(string text)
    {
        switch (_group.Target)
        {
            case Target.Skip or Target.Fonts: break;
            case Target.Styles: Style(text); break;
            case Target.Body:
                if (!_group.Hidden) _paragraph.Append(text);
                else if (!string.IsNullOrWhiteSpace(text)) writer.Warn("Text that the document hides, or that was deleted in it, was left out.");
                break;
            default: _side.Append(text); break;
        }
        if (_paragraph.Length + (long)_side.Length > limits.MaxTextLength)
            throw ExtractionException.TextTooLong(limits);
    }

    private void Style(string name)
    {
        var text = name.TrimStart();
        if (text.StartsWith("heading ", StringComparison.OrdinalIgnoreCase) && text.Length > 8 && char.IsAsciiDigit(text[8]) && _style >= 0)
            _headings[_style] = text[8] - '0';
        else if (text.StartsWith("Title;", StringComparison.OrdinalIgnoreCase) && _style >= 0) _headings[_style] = 1;
    }

    private void EndParagraph()
    {
        Flush();
        if (_group.Target != Target.Body)
        {
            if (_group.Target is Target.Note or Target.Furniture) _side.Append(' ');
            return;
        }
        if (_inTable)
        {
            _paragraph.Append(' ');
            return;
        }
        EndTable();
        var text = Trimmed();
        var heading = _outline is >= 0 and < 9 ? _outline + 1 : _headings.GetValueOrDefault(_style);
        if (text.Length > 0)
        {
            if (heading > 0) writer.Heading(heading, _mark.Length > 0 && IsNumber(_mark) ? $"{_mark} {text}" : text);
            else if (_mark.Length > 0) writer.ListItem(Level(), IsNumber(_mark) ? _mark : "-", text);
            else writer.Paragraph(text);
        }
        if (_mark.Length == 0) _indents.Clear();
        _mark = "";
        Notes(_notes.Count);
    }

    // The level that is declared is often that of another list; what the eye goes by is the indent.
    private int Level()
    {
        if (_indent == 0) return _level + 1;
        while (_indents.Count > 0 && _indents[^1] > _indent) _indents.RemoveAt(_indents.Count - 1);
        if (_indents.Count == 0 || _indents[^1] < _indent) _indents.Add(_indent);
        return _indents.Count;
    }

    private string Trimmed()
    {
        var text = _paragraph.ToString().Replace('\u00A0', ' ').Trim();
        _paragraph.Clear();
        return text;
    }

    private void Notes(int count)
    {
        foreach (var note in _notes.Take(count)) writer.Paragraph(note, ElementKind.Footnote);
        _notes.RemoveRange(0, count);
        _notesOfTable = 0;
    }

    private void EndCell()
    {
        if (_group.Target != Target.Body) return;
        _row.Add(Trimmed());
        _mark = "";
        if (++_cells > limits.MaxTableCells)
            throw ExtractionException.TooManyCells(limits);
    }

    private void EndRow()
    {
        if (_paragraph.Length > 0 && Trimmed() is { Length: > 0 } last) _row.Add(last);
        if (_row.Count > 0) _rows.Add([.. _row]);
        _row.Clear();
        _notesOfTable = _notes.Count;
    }

    private void EndTable()
    {
        if (_row.Count > 0) EndRow();
        if (_rows.Count == 0) return;
        writer.Table(_rows);
        _rows.Clear();
        Notes(_notesOfTable);
    }

    private void EndLink(int start)
    {
        var link = _link;
        _link = "";
        if (link.Length == 0 || start > _paragraph.Length) return;
        var text = _paragraph.ToString(start, _paragraph.Length - start);
        if (text.Trim().Length == 0 || text.Trim() == link) return;
        _paragraph.Length = start;
        _paragraph.Append('[').Append(text.Trim()).Append("](").Append(link).Append(')');
    }

    private static string AddressOf(string field)
    {
        var text = field.Trim();
        if (!text.StartsWith("HYPERLINK", StringComparison.OrdinalIgnoreCase)) return "";
        var address = text[9..].Trim();
        var end = address.StartsWith('"') ? address.IndexOf('"', 1) : -1;
        address = end > 0 ? address[1..end] : address.Split(' ')[0];
        return Uri.TryCreate(address, UriKind.Absolute, out var link) && link.Scheme is "http" or "https" or "mailto" or "ftp"
            ? address.Replace(")", "%29", StringComparison.Ordinal) : "";
    }

    private static bool IsNumber(string mark) =>
        mark.Length < 12 && mark.Any(char.IsLetterOrDigit) && mark[^1] is '.' or ')' or (>= '0' and <= '9');

    private static int CodePageOf(int charset) => charset switch
    {
        0 => 1252,
        2 => 1252,
        77 => 10000,
        128 => 932,
        129 => 949,
        130 => 1361,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 or 179 or 180 => 1256,
        181 => 1255,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        255 => 850,
        _ => 0,
    };
}
