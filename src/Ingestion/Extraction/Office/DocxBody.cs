namespace Ingestion.Extraction.Office;

/// <summary>Writes a Word document's blocks: paragraphs, tables, text boxes, notes.</summary>
internal sealed class DocxBody(
    OfficePackage package, Relationships main, DocxStyles styles, DocxNumbering numbering, MarkdownWriter writer)
{
    private readonly List<string> _codeLines = [];
    private readonly List<OfficeBlock> _codeBlocks = [];
    private readonly List<NoteReference> _notes = [];
    private readonly Dictionary<NoteReference, int> _noteNumbers = [];
    private readonly Relationships _main = main;
    private Relationships? _ofPart;
    private int _pictures;

    public DocxStyles Styles => styles;
    public DocxNumbering Numbering => numbering;
    public DocxFields Fields { get; } = new();

    /// <summary>The first paragraph in the style of titles.</summary>
    public string? Title { get; set; }

    public void Write(XmlPart xml)
    {
        var blocks = new List<OfficeBlock>();
        WriteBlocks(xml, blocks);
        EndCode();
        if (_pictures > 0) writer.Warn($"Pictures in the document: {_pictures}. Text inside pictures was not read.");
    }

    /// <summary>Foot- and endnotes, in the order in which the text refers to them.</summary>
    public void WriteNotes()
    {
        var texts = new Dictionary<NoteReference, string>();
        ReadNotes("footnotes", NoteKind.Footnote, texts);
        ReadNotes("endnotes", NoteKind.Endnote, texts);
        for (var i = 0; i < _notes.Count; i++)
        {
            if (texts.TryGetValue(_notes[i], out var text)) writer.Paragraph($"[^{i + 1}]: {text.TrimStart()}", ElementKind.Footnote);
        }
    }

    /// <summary>Page headers and footers, which are no part of the running text.</summary>
    public void WriteFurniture()
    {
        foreach (var part in _main.PartsOfType("header").Concat(_main.PartsOfType("footer")))
        {
            package.TryRead(part, writer, xml =>
            {
                if (!xml.ReadRoot()) return;
                _ofPart = package.RelationshipsOf(part);
                var blocks = new List<OfficeBlock>();
                ReadBlocks(xml, blocks);
                writer.Furniture(OfficeBlock.Join(blocks));
            });
        }
        _ofPart = null;
    }

    /// <summary>The number under which the text refers to a note.</summary>
    public int NoteNumber(NoteKind kind, string id)
    {
        var note = new NoteReference(kind, id);
        if (_noteNumbers.TryGetValue(note, out var number)) return number;
        _notes.Add(note);
        return _noteNumbers[note] = _notes.Count;
    }

    private Relationships Current => _ofPart ?? _main;

    public string? LinkAddress(string? relationship) => Current.Address(relationship);

    public void CountPicture() => _pictures++;

    public void Warn(string sentence) => writer.Warn(sentence);

    public void WarnOfDeleted() => Warn("Text that was deleted while changes were tracked was left out.");

    /// <summary>Reads the blocks inside the current element.</summary>
    public void ReadBlocks(XmlPart xml, List<OfficeBlock> blocks)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth)) ReadBlock(xml, blocks);
    }

    public void ReadChart(string? relationship, List<OfficeBlock> blocks)
    {
        package.TryRead(Current.Part(relationship), writer, xml =>
        {
            var chart = ChartData.Read(xml);
            if (chart.Title.Length > 0) blocks.Add(new OfficeBlock(ElementKind.Caption, chart.Title));
            if (chart.Rows.Count > 0) blocks.Add(OfficeBlock.Table(chart.Rows));
        });
    }

    /// <summary>The texts of a diagram (SmartArt), which stand in a part of their own.</summary>
    public void ReadDiagram(string? relationship, List<OfficeBlock> blocks)
    {
        package.TryRead(Current.Part(relationship), writer, xml =>
        {
            foreach (var text in DrawingText.DiagramTexts(xml)) blocks.Add(new OfficeBlock(ElementKind.ListItem, text, 1, "-"));
        });
    }

    private void WriteBlocks(XmlPart xml, List<OfficeBlock> blocks)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            if (IsTransparent(xml.Name))
            {
                WriteBlocks(xml, blocks);
                continue;
            }
            ReadBlock(xml, blocks);
            foreach (var block in blocks) WriteBlock(block);
            blocks.Clear();
        }
    }

    /// <summary>Elements that only wrap blocks.</summary>
    private static bool IsTransparent(string name) => name is "sdt" or "sdtContent" or "ins" or "moveTo" or "customXml" or "smartTag";

    public void ReadBlock(XmlPart xml, List<OfficeBlock> blocks)
    {
        switch (xml.Name)
        {
            case "p":
                new DocxParagraph(this).Read(xml, blocks);
                break;
            case "tbl":
                new DocxTable(this).Read(xml, blocks);
                break;
            case "oMathPara" or "oMath":
                blocks.Add(new OfficeBlock(ElementKind.Formula, Omml.Read(xml)));
                break;
            case "AlternateContent":
                if (xml.NextDescendant(xml.Depth, "Choice")) ReadBlocks(xml, blocks);
                break;
            case "altChunk":
                writer.Warn("A file that is embedded as a chunk of the text was not read.");
                break;
            case var name when IsTransparent(name):
                ReadBlocks(xml, blocks);
                break;
        }
    }

    private void WriteBlock(OfficeBlock block)
    {
        if (block.Code is not null)
        {
            _codeLines.Add(block.Code);
            _codeBlocks.Add(block);
            return;
        }
        EndCode();
        block.Write(writer);
    }

    /// <summary>Monospaced paragraphs that follow each other are one piece of code, unless nothing in them looks like code.</summary>
    private void EndCode()
    {
        if (_codeBlocks.Count == 0) return;
        var isCode = _codeBlocks.Exists(block => block.Kind == ElementKind.Code || CodeSigns.In(block.Code!));
        if (isCode) writer.Code(string.Join('\n', _codeLines));
        else _codeBlocks.ForEach(block => block.Write(writer));
        _codeBlocks.Clear();
        _codeLines.Clear();
    }

    private void ReadNotes(string type, NoteKind kind, Dictionary<NoteReference, string> texts)
    {
        if (!_noteNumbers.Keys.Any(note => note.Kind == kind)) return;
        var part = _main.PartOfType(type);
        package.TryRead(part, writer, xml =>
        {
            _ofPart = package.RelationshipsOf(part!);
            if (!xml.ReadRoot()) return;
            var depth = xml.Depth;
            var blocks = new List<OfficeBlock>();
            while (xml.NextChild(depth))
            {
                var note = new NoteReference(kind, xml.Attribute("id") ?? "");
                if (!_noteNumbers.ContainsKey(note)) continue;
                ReadBlocks(xml, blocks);
                texts.TryAdd(note, OfficeBlock.Join(blocks));
                blocks.Clear();
            }
        });
    }
}

internal enum NoteKind
{
    Footnote,
    Endnote,
}

internal readonly record struct NoteReference(NoteKind Kind, string Id);

/// <summary>Tells code from prose that is merely set in a typewriter face.</summary>
internal static class CodeSigns
{
    private static readonly System.Buffers.SearchValues<char> Signs = System.Buffers.SearchValues.Create("{}[]=;<>|\\$#_*");

    public static bool In(string text) =>
        text.AsSpan().ContainsAny(Signs)
        || text.Contains("()", StringComparison.Ordinal)
        || text.StartsWith("  ", StringComparison.Ordinal);
}
