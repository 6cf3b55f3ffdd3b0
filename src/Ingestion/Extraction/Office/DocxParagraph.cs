namespace Ingestion.Extraction.Office;

/// <summary>One paragraph of a Word document, with the text boxes and charts that are anchored in it.</summary>
internal sealed class DocxParagraph(DocxBody body)
{
    private readonly InlineMarkdown _inline = new();
    private readonly List<string> _formulas = [];
    private readonly List<OfficeBlock> _anchored = [];
    private DocxStyle _style = body.Styles.Paragraph(null);
    private NumberingReference _numbering;
    private int? _outlineLevel;
    private bool _hasProse;
    private bool _allMonospaced = true;

    public void Read(XmlPart xml, List<OfficeBlock> blocks)
    {
        ReadInline(xml);
        body.Fields.EndParagraph();
        var text = _inline.ToMarkdown();
        var kind = Classify(out var level);
        var mark = NextMark();
        if (!_hasProse && _formulas.Count > 0 && kind is ElementKind.Paragraph or ElementKind.Caption)
            blocks.AddRange(_formulas.ConvertAll(formula => new OfficeBlock(ElementKind.Formula, formula)));
        else if (kind == ElementKind.Code || (_allMonospaced && _hasProse && kind == ElementKind.Paragraph && mark is null))
            blocks.Add(new OfficeBlock(kind, text) { Code = _inline.Plain });
        else if (!string.IsNullOrWhiteSpace(text))
            blocks.Add(Block(kind, level, mark, text));
        blocks.AddRange(_anchored);
    }

    private OfficeBlock Block(ElementKind kind, int level, string? mark, string text)
    {
        if (kind == ElementKind.Heading)
        {
            if (_style.IsTitle) body.Title ??= _inline.Plain.Trim();
            return new OfficeBlock(kind, text, level, mark is null or "-" ? "" : mark);
        }
        return kind == ElementKind.Paragraph && mark is not null
            ? new OfficeBlock(ElementKind.ListItem, text, Math.Clamp(_numbering.Level ?? 0, 0, 8) + 1, mark.Length == 0 ? "-" : mark)
            : new OfficeBlock(kind, text);
    }

    private ElementKind Classify(out int level)
    {
        // Level 1 is the title's, so that a document with a title has one heading of level 1.
        level = 1;
        if (_style.IsTitle) return ElementKind.Heading;
        var outline = _outlineLevel ?? _style.HeadingLevel;
        if (outline is >= 0 and < 9)
        {
            level = Math.Min(outline.Value + 2, 6);
            return ElementKind.Heading;
        }
        return _style.IsCode ? ElementKind.Code
            : _style.IsQuote ? ElementKind.Quote
            : _style.IsCaption ? ElementKind.Caption
            : ElementKind.Paragraph;
    }

    private string? NextMark()
    {
        _numbering = _numbering.InheritFrom(_style.Numbering);
        if (_numbering.Number is null or "0") return null;
        _numbering = _numbering with { Level = _numbering.Level ?? body.Numbering.LevelOfStyle(_numbering.Number, _style.Id) ?? 0 };
        return body.Numbering.Next(_numbering.Number, _numbering.Level.Value);
    }

    private void ReadInline(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "r":
                    ReadRun(xml);
                    break;
                case "pPr":
                    ReadProperties(xml);
                    break;
                case "hyperlink":
                    ReadHyperlink(xml);
                    break;
                case "oMath":
                    AppendFormula(xml);
                    break;
                case "AlternateContent":
                    if (xml.NextDescendant(xml.Depth, "Choice")) ReadInline(xml);
                    break;
                case "del" or "moveFrom":
                    body.WarnOfDeleted();
                    break;
                case "oMathPara" or "ins" or "moveTo" or "sdt" or "sdtContent" or "smartTag" or "customXml" or "fldSimple"
                    or "bdo" or "dir":
                    ReadInline(xml);
                    break;
            }
        }
    }

    private void ReadProperties(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "pStyle": _style = body.Styles.Paragraph(xml.Attribute("val")); break;
                case "numPr": _numbering = NumberingReference.Read(xml); break;
                case "outlineLvl": _outlineLevel = xml.IntAttribute("val"); break;
            }
        }
    }

    private void ReadHyperlink(XmlPart xml)
    {
        string? id = null, anchor = null;
        while (xml.NextAttribute())
        {
            if (xml.Name == "id") id = xml.Value;
            else if (xml.Name == "anchor") anchor = xml.Value;
        }
        var address = body.LinkAddress(id);
        if (address is not null && !string.IsNullOrEmpty(anchor)) address += "#" + anchor;
        var started = address is not null && _inline.StartLink();
        ReadInline(xml);
        if (started) _inline.EndLink(address);
    }

    private void AppendFormula(XmlPart xml)
    {
        var formula = Omml.Read(xml);
        if (formula.Length == 0) return;
        _formulas.Add(formula);
        _inline.Append($"${formula}$");
    }

    private void ReadRun(XmlPart xml) => ReadRun(xml, _style.Run with { Bold = null, Italic = null });

    private void ReadRun(XmlPart xml, RunFormat format)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "rPr":
                    format = RunFormat.Read(xml, body.Styles).InheritFrom(format);
                    break;
                case "t":
                    Append(xml.Text(), format);
                    break;
                case "tab" or "ptab":
                    Append("\t", format);
                    break;
                case "br" or "cr":
                    Append("\n", format);
                    break;
                case "noBreakHyphen":
                    Append("\u2011", format);
                    break;
                case "sym":
                    Append(SymbolFonts.Text(xml.Attribute("font"), xml.Attribute("char")), format);
                    break;
                case "footnoteReference":
                    AppendNote(xml, NoteKind.Footnote);
                    break;
                case "endnoteReference":
                    AppendNote(xml, NoteKind.Endnote);
                    break;
                case "commentReference":
                    body.Warn("Comments in the document were left out.");
                    break;
                case "fldChar":
                    ReadFieldMark(xml.Attribute("fldCharType"));
                    break;
                case "instrText":
                    body.Fields.Instruct(xml.Text());
                    break;
                case "AlternateContent":
                    if (xml.NextDescendant(xml.Depth, "Choice")) ReadRun(xml, format);
                    break;
                case "ruby":
                    ReadRuby(xml);
                    break;
                case "drawing" or "pict" or "object":
                    ReadDrawing(xml);
                    break;
            }
        }
    }

    private void Append(string text, RunFormat format)
    {
        if (body.Fields.InInstruction) return;
        if (format.Hidden == true)
        {
            if (!string.IsNullOrWhiteSpace(text)) body.Warn("Text that the document hides was left out.");
            return;
        }
        var blank = string.IsNullOrWhiteSpace(text);
        if (!blank)
        {
            _hasProse = true;
            _allMonospaced &= format.Monospaced == true;
        }
        if (format.Raised == true && _inline.IsPower(text)) text = "^" + text;
        _inline.Append(text, _outlineLevel is null && _style.HeadingLevel is null && !_style.IsTitle ? format.Emphasis : Emphasis.None);
    }

    private void AppendNote(XmlPart xml, NoteKind kind)
    {
        if (xml.Attribute("id") is { } id) _inline.Append($"[^{body.NoteNumber(kind, id)}]");
    }

    private void ReadFieldMark(string? type)
    {
        if (type == "begin") body.Fields.Begin();
        else if (type == "separate") body.Fields.StartResult(_inline);
        else if (type == "end") body.Fields.End(_inline);
    }

    /// <summary>The base text; the small reading above it would only break the words.</summary>
    private void ReadRuby(XmlPart xml)
    {
        var depth = xml.Depth;
        while (xml.NextChild(depth))
            if (xml.Name == "rubyBase") ReadInline(xml);
    }

    private void ReadDrawing(XmlPart xml)
    {
        var depth = xml.Depth;
        var description = "";
        while (xml.NextDescendant(depth))
        {
            switch (xml.Name)
            {
                case "docPr": description = PictureText.Of(xml.Attribute("descr")); break;
                case "shape": description = PictureText.Of(xml.Attribute("alt")); break;
                case "txbxContent": body.ReadBlocks(xml, _anchored); break;
                case "chart": body.ReadChart(xml.Attribute("id"), _anchored); break;
                case "relIds": body.ReadDiagram(xml.Attribute("dm"), _anchored); break;
                case "pic" or "imagedata":
                    body.CountPicture();
                    if (description.Length > 0) _anchored.Add(new OfficeBlock(ElementKind.Caption, description));
                    description = "";
                    break;
                case "OLEObject": body.Warn("An embedded object was not read."); break;
                // The same content again for old programs.
                case "Fallback": xml.Skip(); break;
            }
        }
    }
}
