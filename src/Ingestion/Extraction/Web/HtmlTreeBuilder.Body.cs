namespace Ingestion.Extraction.Web;

/// <content>The body: blocks, lists and headings.</content>
internal sealed partial class HtmlTreeBuilder
{
    private bool StartInBody(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Html:
                // Its language counts, wherever it is said.
                if (_tree.First(0) is var html && _tree.Attributes(html).IsEmpty) _tree.SetAttributes(html, _tokens.Attributes);
                break;
            case HtmlTag.Base or HtmlTag.Basefont or HtmlTag.Bgsound or HtmlTag.Link or HtmlTag.Meta or HtmlTag.Title or HtmlTag.Noframes
                or HtmlTag.Style or HtmlTag.Script or HtmlTag.Template:
                StartMetadata(tag);
                break;
            case HtmlTag.Body or HtmlTag.Frameset or HtmlTag.Frame or HtmlTag.Head:
                break;
            case HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Tbody or HtmlTag.Td or HtmlTag.Tfoot or HtmlTag.Th
                or HtmlTag.Thead or HtmlTag.Tr:
                if (_open.IsFull) AddBreak();
                break;
            case HtmlTag.Address or HtmlTag.Article or HtmlTag.Aside or HtmlTag.Blockquote or HtmlTag.Center or HtmlTag.Details
                or HtmlTag.Dialog or HtmlTag.Dir or HtmlTag.Div or HtmlTag.Dl or HtmlTag.Fieldset or HtmlTag.Figcaption or HtmlTag.Figure
                or HtmlTag.Footer or HtmlTag.Header or HtmlTag.Hgroup or HtmlTag.Main or HtmlTag.Menu or HtmlTag.Nav or HtmlTag.Ol
                or HtmlTag.P or HtmlTag.Search or HtmlTag.Section or HtmlTag.Summary or HtmlTag.Ul:
                EndParagraph();
                Insert(tag);
                break;
            case >= HtmlTag.H1 and <= HtmlTag.H6:
                EndParagraph();
                if (IsHeading(_open.Top)) _open.Pop();
                Insert(tag);
                break;
            case HtmlTag.Pre or HtmlTag.Listing:
                EndParagraph();
                Insert(tag);
                _skipsNewline = true;
                break;
            case HtmlTag.Form:
                if (_form != 0 && !_open.Has(HtmlTag.Template)) break;
                EndParagraph();
                var form = Insert(tag);
                if (!_open.Has(HtmlTag.Template)) _form = form;
                break;
            case HtmlTag.Li or HtmlTag.Dd or HtmlTag.Dt:
                EndItem(tag);
                EndParagraph();
                Insert(tag);
                break;
            case HtmlTag.Plaintext:
                EndParagraph();
                _tree.Append(InsertLeaf(tag), _tree.NewText(_tokens.Remainder()));
                break;
            case HtmlTag.Button:
                if (_open.InScope(tag) is var button and >= 0)
                {
                    _open.PopImplied();
                    _open.PopTo(button);
                }
                Reopen();
                Insert(tag);
                break;
            case HtmlTag.A or HtmlTag.B or HtmlTag.Big or HtmlTag.Code or HtmlTag.Em or HtmlTag.Font or HtmlTag.I or HtmlTag.Nobr
                or HtmlTag.S or HtmlTag.Small or HtmlTag.Strike or HtmlTag.Strong or HtmlTag.Tt or HtmlTag.U:
                StartFormatting(tag);
                break;
            case HtmlTag.Applet or HtmlTag.Marquee or HtmlTag.Object:
                Reopen();
                if (Insert(tag) != 0) AddMarker();
                break;
            case HtmlTag.Table:
                if (_tokens.HasDoctype) EndParagraph();
                if (Insert(tag) != 0) _mode = Mode.InTable;
                break;
            case HtmlTag.Input when _open.InScope(HtmlTag.Select) is var select and >= 0:
                _open.PopTo(select);
                return false;
            case HtmlTag.Area or HtmlTag.Br or HtmlTag.Embed or HtmlTag.Img or HtmlTag.Keygen or HtmlTag.Wbr or HtmlTag.Input:
                Reopen();
                InsertLeaf(tag);
                break;
            case HtmlTag.Image:
                return StartInBody(HtmlTag.Img);
            case HtmlTag.Param or HtmlTag.Source or HtmlTag.Track:
                InsertLeaf(tag);
                break;
            case HtmlTag.Hr:
                EndParagraph();
                if (_open.InScope(HtmlTag.Select) >= 0) _open.PopImplied();
                InsertLeaf(tag);
                break;
            case HtmlTag.Xmp:
                EndParagraph();
                Reopen();
                InsertRaw(tag);
                break;
            case HtmlTag.Textarea or HtmlTag.Iframe or HtmlTag.Noembed:
                InsertRaw(tag);
                break;
            case HtmlTag.Select:
                if (_open.InScope(tag) is var choice and >= 0)
                {
                    _open.PopTo(choice);
                    break;
                }
                Reopen();
                Insert(tag);
                break;
            case HtmlTag.Optgroup or HtmlTag.Option:
                if (_open.InScope(HtmlTag.Select) >= 0) _open.PopImplied(tag == HtmlTag.Option ? HtmlTag.Optgroup : HtmlTag.None);
                else if (_open.Top == HtmlTag.Option) _open.Pop();
                Reopen();
                Insert(tag);
                break;
            case HtmlTag.Rb or HtmlTag.Rtc or HtmlTag.Rp or HtmlTag.Rt:
                if (_open.InScope(HtmlTag.Ruby) >= 0) _open.PopImplied(tag is HtmlTag.Rp or HtmlTag.Rt ? HtmlTag.Rtc : HtmlTag.None);
                Insert(tag);
                break;
            case HtmlTag.Math or HtmlTag.Svg:
                Reopen();
                InsertForeign(tag == HtmlTag.Svg ? tag.InDrawing() : tag.InFormula());
                break;
            default:
                Reopen();
                // XML writes elements without content so; as HTML this one would never end.
                if (tag >= (HtmlTag)HtmlTags.Known && _tokens.IsSelfClosing) break;
                Insert(tag);
                break;
        }
        return true;
    }

    private bool EndInBody(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Template:
                return EndTemplate();
            case HtmlTag.Body or HtmlTag.Html:
                // What comes after belongs to the body all the same.
                break;
            case HtmlTag.Address or HtmlTag.Article or HtmlTag.Aside or HtmlTag.Blockquote or HtmlTag.Button or HtmlTag.Center
                or HtmlTag.Details or HtmlTag.Dialog or HtmlTag.Dir or HtmlTag.Div or HtmlTag.Dl or HtmlTag.Fieldset or HtmlTag.Figcaption
                or HtmlTag.Figure or HtmlTag.Footer or HtmlTag.Header or HtmlTag.Hgroup or HtmlTag.Listing or HtmlTag.Main or HtmlTag.Menu
                or HtmlTag.Nav or HtmlTag.Ol or HtmlTag.Pre or HtmlTag.Search or HtmlTag.Section
                or HtmlTag.Select or HtmlTag.Summary or HtmlTag.Ul:
                EndBlock(_open.InScope(tag));
                break;
            case HtmlTag.Form:
                EndForm();
                break;
            case HtmlTag.P:
                if (_open.InScope(tag, also: HtmlTag.Button) < 0) Imply(tag);
                EndParagraph();
                break;
            case HtmlTag.Li:
                EndBlock(_open.InScope(tag, HtmlTag.Ol, HtmlTag.Ul), except: tag);
                break;
            case HtmlTag.Dd or HtmlTag.Dt:
                EndBlock(_open.InScope(tag), except: tag);
                break;
            case >= HtmlTag.H1 and <= HtmlTag.H6:
                var heading = -1;
                for (var any = HtmlTag.H1; any <= HtmlTag.H6; any++) heading = Math.Max(heading, _open.InScope(any));
                EndBlock(heading);
                break;
            case HtmlTag.Applet or HtmlTag.Marquee or HtmlTag.Object:
                if (_open.InScope(tag) is not (var marked and >= 0)) break;
                EndBlock(marked);
                ClearToMarker();
                break;
            case HtmlTag.Br:
                Reopen();
                Place(_tree.NewElement(tag, _tree.AttributeCount));
                break;
            default:
                if (tag.Is(HtmlTraits.Formatting)) EndFormatting(tag);
                else EndOther(tag);
                break;
        }
        return true;
    }

    private void EndBlock(int open, HtmlTag except = HtmlTag.None)
    {
        if (open < 0) return;
        _open.PopImplied(except);
        _open.PopTo(open);
    }

    private void EndParagraph() => EndBlock(_open.InScope(HtmlTag.P, also: HtmlTag.Button), except: HtmlTag.P);

    /// <summary>A new item ends the one before it, however deep in inline elements that was left.</summary>
    private void EndItem(HtmlTag tag)
    {
        if (tag == HtmlTag.Li ? !_open.Has(tag) : !_open.Has(HtmlTag.Dd) && !_open.Has(HtmlTag.Dt)) return;
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var open = _open.Tag(i);
            if (open == tag || (tag != HtmlTag.Li && open is HtmlTag.Dd or HtmlTag.Dt))
            {
                EndBlock(i, except: open);
                return;
            }
            if (open.Is(HtmlTraits.Special) && open is not (HtmlTag.Address or HtmlTag.Div or HtmlTag.P)) return;
        }
    }

    private void EndForm()
    {
        if (_open.Has(HtmlTag.Template))
        {
            EndBlock(_open.InScope(HtmlTag.Form));
            return;
        }
        var open = _form == 0 ? -1 : _open.IndexOf(_form);
        _form = 0;
        if (open < 0 || _open.InScope(HtmlTag.Form) != open) return;
        _open.PopImplied();
        _open.RemoveAt(open);
    }

    /// <summary>The end tag of an element without rules of its own: it reaches no further than its block.</summary>
    private void EndOther(HtmlTag tag)
    {
        if (!_open.Has(tag)) return;
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var open = _open.Tag(i);
            if (open == tag)
            {
                EndBlock(i, except: tag);
                return;
            }
            if (open.Is(HtmlTraits.Special)) return;
        }
    }

    private static bool IsHeading(HtmlTag tag) => tag is >= HtmlTag.H1 and <= HtmlTag.H6;
}
