using System.Buffers.Binary;
using System.Text;

namespace Ingestion.Extraction.Office;

/// <param name="Position">In the document stream: what formatting goes by.</param>
internal readonly record struct DocCharacter(char Value, uint Position);

/// <summary>What is of use of a paragraph's formatting.</summary>
/// <param name="Heading">1 to 9; 0 where it is none.</param>
/// <param name="ListLevel">From 1; 0 where it is in no list.</param>
internal readonly record struct DocFormat(int Heading, int ListLevel, bool InTable, bool EndsRow);

/// <summary>In the order in which a DOC stores them.</summary>
internal enum DocPartKind
{
    Body,
    Footnotes,
    Headers,
    Macros,
    Comments,
    Endnotes,
    TextBoxes,
    HeaderTextBoxes,
}

internal readonly record struct DocPart(DocPartKind Kind, int Start, int End);

/// <summary>The text of a DOC by its table of pieces, and the formatting of its paragraphs ([MS-DOC]).</summary>
internal sealed class DocText
{
    private const int PageLength = 512;

    private readonly byte[] _document;
    private readonly List<(int Start, int End, uint Position, bool Wide)> _pieces = [];
    private readonly List<(uint Start, uint End, DocFormat Format)> _formats = [];
    private readonly Encoding _narrow = TextDecoding.ByCodePage(1252)!;

    public DocText(byte[] document, byte[] table)
    {
        _document = document;
        ReadPieces(Slice(table, 0x01A2));
        ReadFormats(Slice(table, 0x0102));
        _formats.Sort((a, b) => a.Start.CompareTo(b.Start));
        Parts = FindParts();
    }

    /// <summary>The body, then footnotes, page headers and footers, comments, endnotes and text boxes, by character positions.</summary>
    public IReadOnlyList<DocPart> Parts { get; }

    public IEnumerable<DocCharacter> Characters(int start, int end, CancellationToken cancel)
    {
        foreach (var piece in _pieces)
        {
            cancel.ThrowIfCancellationRequested();
            int from = Math.Max(start, piece.Start), to = Math.Min(end, piece.End);
            if (from >= to) continue;
            var size = piece.Wide ? 2 : 1;
            var position = piece.Position + ((long)(from - piece.Start) * size);
            var length = Math.Min((long)(to - from) * size, _document.Length - position);
            if (length <= 0) continue;
            var bytes = _document.AsSpan((int)position, (int)length);
            var text = (piece.Wide ? Encoding.Unicode : _narrow).GetString(bytes);
            for (var i = 0; i < text.Length; i++) yield return new DocCharacter(text[i], (uint)(position + (i * size)));
        }
    }

    public DocFormat FormatAt(uint position)
    {
        int low = 0, high = _formats.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_formats[middle].End <= position) low = middle + 1;
            else if (_formats[middle].Start > position) high = middle - 1;
            else return _formats[middle].Format;
        }
        return default;
    }

    private ReadOnlySpan<byte> Slice(byte[] table, int field)
    {
        var (start, length) = (Word(_document, field), Word(_document, field + 4));
        return start < table.Length && length <= table.Length - start ? table.AsSpan((int)start, (int)length) : [];
    }

    // The lengths of the parts stand one after the other in the header, as the parts do in the text.
    private List<DocPart> FindParts()
    {
        var parts = new List<DocPart>();
        var (at, field) = (0, 0x4C);
        foreach (var kind in Enum.GetValues<DocPartKind>())
        {
            var length = (int)Math.Min(Word(_document, field), int.MaxValue / 8);
            if (length > 0 && kind != DocPartKind.Macros) parts.Add(new DocPart(kind, at, at + length));
            at += length;
            field += 4;
        }
        return parts;
    }

    private void ReadPieces(ReadOnlySpan<byte> clx)
    {
        while (clx.Length > 5 && clx[0] == 1) clx = clx[Math.Min(clx.Length, 3 + BinaryPrimitives.ReadUInt16LittleEndian(clx[1..]))..];
        if (clx.Length < 5 || clx[0] != 2) throw DocReader.Broken("it has no table of its text");
        var table = clx[5..];
        table = table[..(int)Math.Min(Word(clx, 1), table.Length)];
        var count = (table.Length - 4) / 12;
        for (var i = 0; i < count; i++)
        {
            var (start, end) = (Word(table, i * 4), Word(table, (i + 1) * 4));
            var position = Word(table, ((count + 1) * 4) + (i * 8) + 2);
            if (end <= start || end > int.MaxValue) continue;
            var narrow = (position & 0x40000000) != 0;
            _pieces.Add(((int)start, (int)end, narrow ? (position & 0x3FFFFFFF) / 2 : position & 0x3FFFFFFF, !narrow));
        }
    }

    private void ReadFormats(ReadOnlySpan<byte> pages)
    {
        var count = (pages.Length - 4) / 8;
        for (var i = 0; i < count; i++)
        {
            var start = (Word(pages, ((count + 1) * 4) + (i * 4)) & 0x3FFFFF) * (long)PageLength;
            if (start + PageLength <= _document.Length) ReadPage(_document.AsSpan((int)start, PageLength));
        }
    }

    private void ReadPage(ReadOnlySpan<byte> page)
    {
        var count = page[^1];
        for (var i = 0; i < count; i++)
        {
            var entry = ((count + 1) * 4) + (i * 13);
            if (entry >= PageLength - 1) return;
            var at = page[entry] * 2;
            var format = default(DocFormat);
            if (at > 0 && at + 4 < PageLength)
            {
                var length = page[at] == 0 ? page[at + 1] * 2 : (page[at] * 2) - 1;
                var start = page[at] == 0 ? at + 2 : at + 1;
                if (length >= 2 && start + length <= PageLength) format = FormatOf(page.Slice(start, length));
            }
            _formats.Add((Word(page, i * 4), Word(page, (i + 1) * 4), format));
        }
    }

    /// <summary>
    /// The style, then the paragraph's own settings: a code of two bytes each, whose upper bits say how long its value is.
    /// </summary>
    private static DocFormat FormatOf(ReadOnlySpan<byte> settings)
    {
        int style = BinaryPrimitives.ReadUInt16LittleEndian(settings), heading = style is >= 1 and <= 9 ? style : 0, level = 0, list = 0;
        var (inTable, endsRow) = (false, false);
        for (settings = settings[2..]; settings.Length > 2;)
        {
            var code = BinaryPrimitives.ReadUInt16LittleEndian(settings);
            settings = settings[2..];
            var length = (code >> 13) switch { 0 or 1 => 1, 2 or 4 or 5 => 2, 3 => 4, 7 => 3, _ => settings[0] + 1 };
            if (code is 0xD608 or 0xD606 && settings.Length > 1) length = BinaryPrimitives.ReadUInt16LittleEndian(settings) + 1;
            if (length > settings.Length) break;
            switch (code)
            {
                case 0x2416: inTable = settings[0] != 0; break;
                case 0x2417: endsRow = settings[0] != 0; break;
                case 0x2640 when settings[0] < 9: heading = settings[0] + 1; break;
                case 0x260A: level = Math.Min(settings[0], (byte)8); break;
                case 0x460B: list = BinaryPrimitives.ReadUInt16LittleEndian(settings); break;
            }
            settings = settings[length..];
        }
        return new DocFormat(heading, list is > 0 and < 0xF801 ? level + 1 : 0, inTable, endsRow);
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) =>
        at + 4 <= bytes.Length ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]) : 0;
}
