namespace Ingestion.Extraction.Web;

/// <content>Drawings and formulas, whose elements have other names and rules, and the places in them that are a page again.</content>
internal sealed partial class HtmlTreeBuilder
{
    private readonly HashSet<int> _pagesInFormulas = [];

    private void InsertForeign(HtmlTag tag)
    {
        var node = Insert(tag);
        if (node == 0) return;
        if (tag == HtmlTag.AnnotationXml.InFormula()
            && (_tokens.Says(HtmlAttribute.Encoding, "text/html") || _tokens.Says(HtmlAttribute.Encoding, "application/xhtml+xml")))
            _pagesInFormulas.Add(node);
        if (_tokens.IsSelfClosing) _open.Pop();
    }

    /// <summary>What is open innermost holds a page's elements and text, although it is part of a drawing or formula.</summary>
    private bool HoldsHtml() => _open.Top.HoldsHtml() || _pagesInFormulas.Contains(_open.TopNode);

    /// <summary>False where the tag is to be taken as a page's.</summary>
    private bool StartsInForeign(HtmlTag tag)
    {
        if (HoldsHtml() || (_open.Top.IsTextOfFormula() && tag is not (HtmlTag.Mglyph or HtmlTag.Malignmark))
            || (_open.Top == HtmlTag.AnnotationXml.InFormula() && tag == HtmlTag.Svg)) return false;
        if (tag.Is(HtmlTraits.LeavesForeign))
        {
            while (_open.Top.IsForeign() && !_open.Top.IsTextOfFormula() && !HoldsHtml()) _open.Pop();
            return false;
        }
        InsertForeign(_open.Top.IsDrawing() ? tag.InDrawing() : tag.InFormula());
        return true;
    }

    private bool EndsInForeign(HtmlTag tag)
    {
        if (tag is HtmlTag.P or HtmlTag.Br)
        {
            while (_open.Top.IsForeign() && !_open.Top.IsTextOfFormula() && !HoldsHtml()) _open.Pop();
            return false;
        }
        for (var i = _open.Count - 1; i > 0 && _open.Tag(i).IsForeign(); i--)
        {
            if (_open.Tag(i).Local() != tag) continue;
            _open.PopTo(i);
            return true;
        }
        return false;
    }
}
