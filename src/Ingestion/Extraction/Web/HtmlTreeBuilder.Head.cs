namespace Ingestion.Extraction.Web;

/// <content>What comes before the body, and templates.</content>
internal sealed partial class HtmlTreeBuilder
{
    /// <summary>Opens what must be open before the body, one step nearer to it.</summary>
    /// <returns>True once the body is open.</returns>
    private bool ImplyFrame()
    {
        switch (_mode)
        {
            case Mode.BeforeHtml:
                _tree.Append(0, _tree.NewElement(HtmlTag.Html, _tree.AttributeCount));
                _open.Push(HtmlTag.Html, _tree.First(0));
                _mode = Mode.BeforeHead;
                return false;
            case Mode.BeforeHead:
                _head = Imply(HtmlTag.Head);
                _mode = Mode.InHead;
                return false;
            case Mode.InHeadNoscript:
                _open.Pop();
                _mode = Mode.InHead;
                return false;
            case Mode.InHead:
                _open.Pop();
                _mode = Mode.AfterHead;
                return false;
            default:
                Imply(HtmlTag.Body);
                _mode = Mode.InBody;
                return true;
        }
    }

    private bool StartBeforeHtml(HtmlTag tag)
    {
        if (tag != HtmlTag.Html) return ImplyFrame();
        var node = _tree.NewElement(tag, _tokens.Attributes);
        _tree.Append(0, node);
        _open.Push(tag, node);
        _mode = Mode.BeforeHead;
        return true;
    }

    private bool StartBeforeHead(HtmlTag tag)
    {
        if (tag == HtmlTag.Html) return StartInBody(tag);
        if (tag != HtmlTag.Head) return ImplyFrame();
        _head = Insert(tag);
        _mode = Mode.InHead;
        return true;
    }

    private bool StartInHead(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Html:
                return StartInBody(tag);
            case HtmlTag.Noscript:
                Insert(tag);
                _mode = Mode.InHeadNoscript;
                return true;
            case HtmlTag.Head:
                return true;
            default:
                return StartMetadata(tag) || ImplyFrame();
        }
    }

    private bool StartMetadata(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Base or HtmlTag.Basefont or HtmlTag.Bgsound or HtmlTag.Link or HtmlTag.Meta:
                InsertLeaf(tag);
                return true;
            case HtmlTag.Title or HtmlTag.Noframes or HtmlTag.Style or HtmlTag.Script:
                InsertRaw(tag);
                return true;
            case HtmlTag.Template:
                if (Insert(tag) == 0) return true;
                AddMarker();
                _mode = Mode.InTemplate;
                _templates.Push(_mode);
                return true;
            default:
                return false;
        }
    }

    private bool StartInHeadNoscript(HtmlTag tag) => tag switch
    {
        HtmlTag.Html => StartInBody(tag),
        HtmlTag.Basefont or HtmlTag.Bgsound or HtmlTag.Link or HtmlTag.Meta or HtmlTag.Noframes or HtmlTag.Style => StartMetadata(tag),
        HtmlTag.Head or HtmlTag.Noscript => true,
        _ => ImplyFrame(),
    };

    private bool StartAfterHead(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Html:
                return StartInBody(tag);
            case HtmlTag.Body:
                Insert(tag);
                _mode = Mode.InBody;
                return true;
            case HtmlTag.Base or HtmlTag.Basefont or HtmlTag.Bgsound or HtmlTag.Link or HtmlTag.Meta or HtmlTag.Noframes or HtmlTag.Script
                or HtmlTag.Style or HtmlTag.Template or HtmlTag.Title:
                _open.Push(HtmlTag.Head, _head);
                StartMetadata(tag);
                _open.RemoveAt(_open.IndexOf(_head));
                return true;
            case HtmlTag.Head or HtmlTag.Frameset:
                return true;
            default:
                ImplyFrame();
                return false;
        }
    }

    private bool EndBeforeBody(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Noscript when _mode == Mode.InHeadNoscript:
            case HtmlTag.Head when _mode == Mode.InHead:
                ImplyFrame();
                return true;
            case HtmlTag.Template:
                return _mode is Mode.BeforeHtml or Mode.BeforeHead or Mode.InHeadNoscript || EndTemplate();
            case HtmlTag.Br:
            case HtmlTag.Html or HtmlTag.Body when _mode != Mode.InHeadNoscript:
            case HtmlTag.Head when _mode < Mode.InHead:
                ImplyFrame();
                return false;
            default:
                return true;
        }
    }

    private bool EndTemplate()
    {
        var template = _open.LastIndexOf(HtmlTag.Template);
        if (template < 0) return true;
        while (_open.Top.Is(HtmlTraits.EndIsImplied | HtmlTraits.EndIsImpliedInTemplate)) _open.Pop();
        _open.PopTo(template);
        ClearToMarker();
        _templates.Pop();
        SetMode();
        return true;
    }

    private bool StartInTemplate(HtmlTag tag)
    {
        if (StartMetadata(tag)) return true;
        _templates.Pop();
        _mode = tag switch
        {
            HtmlTag.Caption or HtmlTag.Colgroup or HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead => Mode.InTable,
            HtmlTag.Col => Mode.InColumnGroup,
            HtmlTag.Tr => Mode.InTableBody,
            HtmlTag.Td or HtmlTag.Th => Mode.InRow,
            _ => Mode.InBody,
        };
        _templates.Push(_mode);
        return false;
    }

    /// <summary>The mode that what is open asks for.</summary>
    private void SetMode()
    {
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            Mode? mode = _open.Tag(i) switch
            {
                HtmlTag.Td or HtmlTag.Th => Mode.InCell,
                HtmlTag.Tr => Mode.InRow,
                HtmlTag.Tbody or HtmlTag.Thead or HtmlTag.Tfoot => Mode.InTableBody,
                HtmlTag.Caption => Mode.InCaption,
                HtmlTag.Colgroup => Mode.InColumnGroup,
                HtmlTag.Table => Mode.InTable,
                HtmlTag.Template => _templates.Peek(),
                HtmlTag.Head => Mode.InHead,
                HtmlTag.Body => Mode.InBody,
                HtmlTag.Html => _head == 0 ? Mode.BeforeHead : Mode.AfterHead,
                _ => null,
            };
            if (mode is null) continue;
            _mode = mode.Value;
            return;
        }
    }
}
