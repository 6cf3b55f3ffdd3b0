namespace Ingestion.Extraction.Web;

/// <content>Tables, whose rows and groups of rows may be left out and whose misplaced contents go before them.</content>
internal sealed partial class HtmlTreeBuilder
{
    private bool StartInTable(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Caption:
                ClearTo(HtmlTag.Table);
                AddMarker();
                return Enter(tag, Mode.InCaption);
            case HtmlTag.Colgroup:
                ClearTo(HtmlTag.Table);
                return Enter(tag, Mode.InColumnGroup);
            case HtmlTag.Col:
                ClearTo(HtmlTag.Table);
                Imply(HtmlTag.Colgroup);
                _mode = Mode.InColumnGroup;
                return false;
            case HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead:
                ClearTo(HtmlTag.Table);
                return Enter(tag, Mode.InTableBody);
            case HtmlTag.Td or HtmlTag.Th or HtmlTag.Tr:
                ClearTo(HtmlTag.Table);
                Imply(HtmlTag.Tbody);
                _mode = Mode.InTableBody;
                return false;
            case HtmlTag.Table:
                return !EndTable();
            case HtmlTag.Style or HtmlTag.Script or HtmlTag.Template:
                return StartMetadata(tag);
            case HtmlTag.Input when _tokens.Says(HtmlAttribute.Type, "hidden"):
                InsertLeaf(tag);
                return true;
            case HtmlTag.Form:
                if (_form == 0 && !_open.Has(HtmlTag.Template)) _form = InsertLeaf(tag);
                return true;
            default:
                _fosters = true;
                StartInBody(tag);
                _fosters = false;
                return true;
        }
    }

    private bool EndInTable(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Table:
                EndTable();
                break;
            case HtmlTag.Body or HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Html or HtmlTag.Tbody or HtmlTag.Td
                or HtmlTag.Tfoot or HtmlTag.Th or HtmlTag.Thead or HtmlTag.Tr:
                break;
            case HtmlTag.Template:
                return EndTemplate();
            default:
                _fosters = true;
                EndInBody(tag);
                _fosters = false;
                break;
        }
        return true;
    }

    private bool StartInCaption(HtmlTag tag) => IsPartOfTable(tag) ? !EndCaption() : StartInBody(tag);

    private bool EndInCaption(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Caption:
                EndCaption();
                return true;
            case HtmlTag.Table:
                return !EndCaption();
            case HtmlTag.Body or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Html or HtmlTag.Tbody or HtmlTag.Td or HtmlTag.Tfoot
                or HtmlTag.Th or HtmlTag.Thead or HtmlTag.Tr:
                return true;
            default:
                return EndInBody(tag);
        }
    }

    private bool StartInColumnGroup(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Html:
                return StartInBody(tag);
            case HtmlTag.Col:
                InsertLeaf(tag);
                return true;
            case HtmlTag.Template:
                return StartMetadata(tag);
            default:
                return !EndColumnGroup();
        }
    }

    private bool EndInColumnGroup(HtmlTag tag)
    {
        if (tag == HtmlTag.Template) return EndTemplate();
        return tag == HtmlTag.Col || !EndColumnGroup() || tag == HtmlTag.Colgroup;
    }

    private bool StartInTableBody(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Tr:
                ClearToBody();
                return Enter(tag, Mode.InRow);
            case HtmlTag.Td or HtmlTag.Th:
                ClearToBody();
                Imply(HtmlTag.Tr);
                _mode = Mode.InRow;
                return false;
            case HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead:
                return !EndTableBody();
            default:
                return StartInTable(tag);
        }
    }

    private bool EndInTableBody(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead:
                if (_open.InTableScope(tag) < 0) return true;
                EndTableBody();
                return true;
            case HtmlTag.Table:
                return !EndTableBody();
            case HtmlTag.Body or HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Html or HtmlTag.Td or HtmlTag.Th
                or HtmlTag.Tr:
                return true;
            default:
                return EndInTable(tag);
        }
    }

    private bool StartInRow(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Td or HtmlTag.Th:
                ClearTo(HtmlTag.Tr);
                Enter(tag, Mode.InCell);
                AddMarker();
                return true;
            case HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead or HtmlTag.Tr:
                return !EndRow();
            default:
                return StartInTable(tag);
        }
    }

    private bool EndInRow(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Tr:
                EndRow();
                return true;
            case HtmlTag.Table:
                return !EndRow();
            case HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead:
                return _open.InTableScope(tag) < 0 || !EndRow();
            case HtmlTag.Body or HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Html or HtmlTag.Td or HtmlTag.Th:
                return true;
            default:
                return EndInTable(tag);
        }
    }

    private bool StartInCell(HtmlTag tag) => IsPartOfTable(tag) ? !EndCell() : StartInBody(tag);

    private bool EndInCell(HtmlTag tag)
    {
        switch (tag)
        {
            case HtmlTag.Td or HtmlTag.Th:
                if (_open.InTableScope(tag) is var cell and >= 0) EndCell(cell);
                return true;
            case HtmlTag.Body or HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Html:
                return true;
            case HtmlTag.Table or HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead or HtmlTag.Tr:
                return _open.InTableScope(tag) < 0 || !EndCell();
            default:
                return EndInBody(tag);
        }
    }

    private static bool IsPartOfTable(HtmlTag tag) => tag is HtmlTag.Caption or HtmlTag.Col or HtmlTag.Colgroup or HtmlTag.Tbody
        or HtmlTag.Td or HtmlTag.Tfoot or HtmlTag.Th or HtmlTag.Thead or HtmlTag.Tr;

    private bool Enter(HtmlTag tag, Mode mode)
    {
        Insert(tag);
        _mode = mode;
        return true;
    }

    private void ClearTo(HtmlTag tag)
    {
        while (_open.Top != tag && _open.Top is not (HtmlTag.Template or HtmlTag.Html)) _open.Pop();
    }

    private void ClearToBody()
    {
        while (_open.Top is not (HtmlTag.Tbody or HtmlTag.Tfoot or HtmlTag.Thead or HtmlTag.Template or HtmlTag.Html)) _open.Pop();
    }

    // Of the ends that follow, each is false where there is none here to end.
    private bool EndTable()
    {
        if (_open.InTableScope(HtmlTag.Table) is not (var table and >= 0)) return false;
        _open.PopTo(table);
        SetMode();
        return true;
    }

    private bool EndCaption()
    {
        if (_open.InTableScope(HtmlTag.Caption) is not (var caption and >= 0)) return false;
        _open.PopTo(caption);
        ClearToMarker();
        _mode = Mode.InTable;
        return true;
    }

    private bool EndColumnGroup()
    {
        if (_open.Top != HtmlTag.Colgroup) return false;
        _open.Pop();
        _mode = Mode.InTable;
        return true;
    }

    private bool EndTableBody()
    {
        if (_open.InTableScope(HtmlTag.Tbody) < 0 && _open.InTableScope(HtmlTag.Tfoot) < 0 && _open.InTableScope(HtmlTag.Thead) < 0)
            return false;
        ClearToBody();
        _open.Pop();
        _mode = Mode.InTable;
        return true;
    }

    private bool EndRow()
    {
        if (_open.InTableScope(HtmlTag.Tr) < 0) return false;
        ClearTo(HtmlTag.Tr);
        _open.Pop();
        _mode = Mode.InTableBody;
        return true;
    }

    private bool EndCell()
    {
        var cell = Math.Max(_open.InTableScope(HtmlTag.Td), _open.InTableScope(HtmlTag.Th));
        if (cell < 0) return false;
        EndCell(cell);
        return true;
    }

    private void EndCell(int cell)
    {
        _open.PopTo(cell);
        ClearToMarker();
        _mode = Mode.InRow;
    }
}
