namespace Ingestion.Extraction.Web;

/// <summary>
/// Makes a tree of a page by the HTML standard's rules for what authors leave out and mix up. It differs in this, for the sake of the
/// text and of bounds: nesting has a limit, elements written as empty are so, one that holds no tags and never ends is left out, frames
/// are none, and few formatting elements are carried from block to block.
/// </summary>
internal sealed partial class HtmlTreeBuilder
{
    private enum Mode
    {
        BeforeHtml,
        BeforeHead,
        InHead,
        InHeadNoscript,
        AfterHead,
        InBody,
        InTable,
        InCaption,
        InColumnGroup,
        InTableBody,
        InRow,
        InCell,
        InTemplate,
    }

    private readonly HtmlTree _tree;
    private readonly HtmlTokens _tokens;
    private readonly HtmlOpenElements _open;
    private readonly Stack<Mode> _templates = new();
    private Mode _mode = Mode.BeforeHtml;
    private int _head, _form;
    private bool _fosters, _skipsNewline;

    private HtmlTreeBuilder(HtmlTree tree, int maxDepth, CancellationToken cancel) =>
        (_tree, _tokens, _open) = (tree, new HtmlTokens(tree, cancel), new HtmlOpenElements(maxDepth));

    /// <summary>A tree is to be disposed of by who asked for it.</summary>
    /// <exception cref="ExtractionException">More elements and texts than <see cref="ExtractionLimits.MaxHtmlNodes"/>.</exception>
    public static HtmlTree Parse(string html, ExtractionLimits limits, CancellationToken cancel)
    {
        var tree = new HtmlTree(html, limits);
        new HtmlTreeBuilder(tree, limits.MaxHtmlDepth, cancel).Build();
        return tree;
    }

    private void Build()
    {
        while (true)
        {
            switch (_tokens.Next(_open.Top.IsForeign()))
            {
                case HtmlTokenKind.Text:
                    Text(_tokens.Text);
                    continue;
                case HtmlTokenKind.StartTag:
                    _skipsNewline = false;
                    if (_tokens.Tag != HtmlTag.None) Start(_tokens.Tag);
                    continue;
                case HtmlTokenKind.EndTag:
                    _skipsNewline = false;
                    if (_tokens.Tag != HtmlTag.None) End(_tokens.Tag);
                    continue;
            }
            break;
        }
        while (_templates.Count > 0) EndTemplate();
        // A page of nothing has a body too.
        while (_mode < Mode.InBody) ImplyFrame();
        (_tree.IsFlattened, _tree.EndsWithinTag) = (_open.Flattened, _tokens.EndsWithinTag);
    }

    private void Start(HtmlTag tag)
    {
        if (_open.Top.IsForeign() && StartsInForeign(tag)) return;
        while (!StartIn(_mode, tag))
        {
        }
    }

    private void End(HtmlTag tag)
    {
        if (_open.EndsDropped(tag))
        {
            if (!tag.Is(HtmlTraits.Formatting)) AddBreak();
            return;
        }
        if (_open.Top.IsForeign() && EndsInForeign(tag)) return;
        while (!EndIn(_mode, tag))
        {
        }
    }

    /// <summary>False where the tag is to be taken by the rules of the mode that is now set.</summary>
    private bool StartIn(Mode mode, HtmlTag tag) => mode switch
    {
        Mode.BeforeHtml => StartBeforeHtml(tag),
        Mode.BeforeHead => StartBeforeHead(tag),
        Mode.InHead => StartInHead(tag),
        Mode.InHeadNoscript => StartInHeadNoscript(tag),
        Mode.AfterHead => StartAfterHead(tag),
        Mode.InTable => StartInTable(tag),
        Mode.InCaption => StartInCaption(tag),
        Mode.InColumnGroup => StartInColumnGroup(tag),
        Mode.InTableBody => StartInTableBody(tag),
        Mode.InRow => StartInRow(tag),
        Mode.InCell => StartInCell(tag),
        Mode.InTemplate => StartInTemplate(tag),
        _ => StartInBody(tag),
    };

    private bool EndIn(Mode mode, HtmlTag tag) => mode switch
    {
        Mode.BeforeHtml or Mode.BeforeHead or Mode.InHead or Mode.InHeadNoscript or Mode.AfterHead => EndBeforeBody(tag),
        Mode.InTable => EndInTable(tag),
        Mode.InCaption => EndInCaption(tag),
        Mode.InColumnGroup => EndInColumnGroup(tag),
        Mode.InTableBody => EndInTableBody(tag),
        Mode.InRow => EndInRow(tag),
        Mode.InCell => EndInCell(tag),
        Mode.InTemplate => tag != HtmlTag.Template || EndTemplate(),
        _ => EndInBody(tag),
    };

    private void Text(HtmlSlice text)
    {
        if (_skipsNewline) text = WithoutNewline(text);
        while (text.Length > 0)
        {
            if (_open.Top.IsForeign() && !_open.Top.IsTextOfFormula() && !HoldsHtml()) Place(_tree.NewText(text));
            else if (_mode >= Mode.InBody && _mode != Mode.InColumnGroup) TextInBody(text);
            else
            {
                var spaces = SpacesBefore(text);
                if (spaces > 0 && _mode >= Mode.InHead) Place(_tree.NewText(text.To(spaces)));
                text = text.From(spaces);
                if (text.Length == 0) return;
                if (_mode != Mode.InColumnGroup) ImplyFrame();
                else if (!EndColumnGroup()) return;
                continue;
            }
            return;
        }
    }

    private void TextInBody(HtmlSlice text)
    {
        var misplaced = _open.Top.Is(HtmlTraits.TableParts);
        if (misplaced && SpacesBefore(text) == text.Length)
        {
            _tree.Append(_open.TopNode, _tree.NewText(text));
            return;
        }
        _fosters = misplaced;
        Reopen();
        Place(_tree.NewText(text));
        _fosters = false;
    }

    private HtmlSlice WithoutNewline(HtmlSlice text)
    {
        _skipsNewline = false;
        var start = _tree.Text(text);
        return text.From(start.StartsWith("\r\n") ? 2 : start.StartsWith("\n") || start.StartsWith("\r") ? 1 : 0);
    }

    private int SpacesBefore(HtmlSlice text)
    {
        var span = _tree.Text(text);
        return span.IndexOfAnyExcept(" \t\r\n\f") is var end and >= 0 ? end : span.Length;
    }

    /// <summary>An element with all that the tag says; nothing but its contents where it would nest too deep.</summary>
    private int Insert(HtmlTag tag)
    {
        if (_open.IsFull && !IsInTable(tag))
        {
            _open.Drop(tag);
            if (!tag.Is(HtmlTraits.Formatting)) AddBreak();
            return 0;
        }
        var node = _tree.NewElement(tag, _tokens.Attributes);
        Place(node);
        _open.Push(tag, node);
        return node;
    }

    /// <summary>An element that the page leaves out.</summary>
    private int Imply(HtmlTag tag)
    {
        var node = _tree.NewElement(tag, _tree.AttributeCount);
        Place(node);
        _open.Push(tag, node);
        return node;
    }

    // The modes of a table count on these being open. They nest no deeper than tables do.
    private static bool IsInTable(HtmlTag tag) => tag is HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead or HtmlTag.Tr or HtmlTag.Td
        or HtmlTag.Th or HtmlTag.Caption or HtmlTag.Colgroup;

    private int InsertLeaf(HtmlTag tag)
    {
        var node = _tree.NewElement(tag, _tokens.Attributes);
        Place(node);
        return node;
    }

    /// <summary>An element in which markup means nothing.</summary>
    private void InsertRaw(HtmlTag tag)
    {
        var contents = _tokens.Contents(tag);
        var node = InsertLeaf(tag);
        if (tag is HtmlTag.Textarea) contents = WithoutNewline(contents);
        if (contents.Length > 0) _tree.Append(node, _tree.NewText(contents));
    }

    /// <summary>Keeps the texts before and after what was left out apart.</summary>
    private void AddBreak() => Place(_tree.NewText(_tree.Decode("\n", inAttribute: false)));

    /// <summary>What is misplaced in a table goes before it.</summary>
    private void Place(int node)
    {
        if (!_fosters || !_open.Top.Is(HtmlTraits.TableParts)) _tree.Append(_open.TopNode, node);
        else PlaceBeforeTable(node);
    }

    private void PlaceBeforeTable(int node)
    {
        var (table, template) = (_open.LastIndexOf(HtmlTag.Table), _open.LastIndexOf(HtmlTag.Template));
        if (template > table) _tree.Append(_open.Node(template), node);
        else if (table < 0) _tree.Append(_open.Node(0), node);
        else if (_tree.Parent(_open.Node(table)) != 0) _tree.InsertBefore(_open.Node(table), node);
        else _tree.Append(_open.Node(table - 1), node);
    }
}
