namespace Ingestion.Extraction.Web;

/// <summary>The elements whose end was not yet seen, innermost last; no more than a page of reason nests.</summary>
internal sealed class HtmlOpenElements(int maxDepth)
{
    private readonly record struct Entry(HtmlTag Tag, int Node);

    private readonly List<Entry> _open = new(64);
    private readonly int[] _counts = new int[HtmlNames.End]; // By tag: questions that are asked at each tag are answered without a search.
    private readonly int[] _dropped = new int[HtmlNames.End]; // By tag: those that were left out inside the innermost.
    private bool _hasDropped;

    public int Count => _open.Count;

    public bool IsFull => _open.Count >= maxDepth;

    /// <summary>Elements were left out because they nest too deep.</summary>
    public bool Flattened { get; private set; }

    public HtmlTag Top { get; private set; }

    public int TopNode { get; private set; }

    public HtmlTag Tag(int index) => _open[index].Tag;

    public int Node(int index) => _open[index].Node;

    public void Push(HtmlTag tag, int node)
    {
        _open.Add(new Entry(tag, node));
        if (tag < (HtmlTag)HtmlNames.End) _counts[(int)tag]++;
        (Top, TopNode) = (tag, node);
    }

    public void Pop()
    {
        var tag = Top;
        _open.RemoveAt(_open.Count - 1);
        if (tag < (HtmlTag)HtmlNames.End) _counts[(int)tag]--;
        SetTop();
        if (!_hasDropped) return;
        // With the element that held them, those that were left out have ended.
        _hasDropped = false;
        Array.Clear(_dropped);
    }

    public void PopTo(int count)
    {
        while (_open.Count > count) Pop();
    }

    public void RemoveAt(int index)
    {
        if (_open[index].Tag < (HtmlTag)HtmlNames.End) _counts[(int)_open[index].Tag]--;
        _open.RemoveAt(index);
        SetTop();
    }

    public void Insert(int index, HtmlTag tag, int node)
    {
        _open.Insert(index, new Entry(tag, node));
        if (tag < (HtmlTag)HtmlNames.End) _counts[(int)tag]++;
        SetTop();
    }

    public void Replace(int index, int node)
    {
        _open[index] = _open[index] with { Node = node };
        SetTop();
    }

    /// <summary>-1 for one that is not open.</summary>
    public int IndexOf(int node)
    {
        for (var i = _open.Count - 1; i >= 0; i--)
            if (_open[i].Node == node) return i;
        return -1;
    }

    public bool Has(HtmlTag tag) => _counts[(int)tag] > 0;

    public int LastIndexOf(HtmlTag tag)
    {
        if (!Has(tag)) return -1;
        var i = _open.Count - 1;
        while (_open[i].Tag != tag) i--;
        return i;
    }

    /// <summary>
    /// The innermost such element that an end tag here may end; -1 where there is none, or where one stands between that closes it off.
    /// </summary>
    /// <param name="also">Names that close it off beside those that always do.</param>
    public int InScope(HtmlTag tag, HtmlTag also = HtmlTag.None, HtmlTag orAlso = HtmlTag.None)
    {
        if (!Has(tag)) return -1;
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var open = _open[i].Tag;
            if (open == tag) return i;
            if (open.Is(HtmlTraits.Scope) || open == also || open == orAlso) return -1;
        }
        return -1;
    }

    /// <summary>The same in a table, where only tables and templates close off.</summary>
    public int InTableScope(HtmlTag tag)
    {
        if (!Has(tag)) return -1;
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            if (_open[i].Tag == tag) return i;
            if (_open[i].Tag is HtmlTag.Table or HtmlTag.Template or HtmlTag.Html) return -1;
        }
        return -1;
    }

    public void PopImplied(HtmlTag except = HtmlTag.None)
    {
        while (Top.Is(HtmlTraits.EndIsImplied) && Top != except) Pop();
    }

    /// <summary>
    /// An element that would nest too deep is left out while its contents stay; its end tag is then no other's.
    /// </summary>
    public void Drop(HtmlTag tag)
    {
        _dropped[(int)tag.Local()]++;
        _hasDropped = Flattened = true;
    }

    /// <summary>True for the end tag of an element that was left out.</summary>
    public bool EndsDropped(HtmlTag tag)
    {
        if (!_hasDropped || _dropped[(int)tag] == 0) return false;
        _dropped[(int)tag]--;
        return true;
    }

    private void SetTop() => (Top, TopNode) = _open.Count > 0 ? (_open[^1].Tag, _open[^1].Node) : default;
}
