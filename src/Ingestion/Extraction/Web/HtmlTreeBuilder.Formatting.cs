namespace Ingestion.Extraction.Web;

/// <content>Links, bold and the like, which people leave open across blocks and close in any order.</content>
internal sealed partial class HtmlTreeBuilder
{
    // So many at once say all that a reader can see; each new block has to open them again.
    private const int MaxFormatting = 12, MaxAlike = 3, MaxEnds = 8, MaxKept = 3;

    private readonly record struct Format(HtmlTag Tag, int Node);

    private static readonly Format Marker = new(HtmlTag.None, 0);

    // Those to be opened again, the innermost last; what stands before the last marker is out of reach.
    private readonly List<Format> _formats = [];

    private void AddMarker() => _formats.Add(Marker);

    private void ClearToMarker()
    {
        var from = AfterMarker();
        _formats.RemoveRange(Math.Max(0, from - 1), _formats.Count - Math.Max(0, from - 1));
    }

    private int AfterMarker()
    {
        var i = _formats.Count;
        while (i > 0 && _formats[i - 1] != Marker) i--;
        return i;
    }

    private void StartFormatting(HtmlTag tag)
    {
        if (tag == HtmlTag.A && FindFormat(tag) is var link and >= 0)
        {
            var node = _formats[link].Node;
            EndFormatting(tag);
            if (FindFormat(node) is var kept and >= 0) _formats.RemoveAt(kept);
            if (_open.IndexOf(node) is var open and >= 0) _open.RemoveAt(open);
        }
        Reopen();
        if (tag == HtmlTag.Nobr && _open.InScope(tag) >= 0)
        {
            EndFormatting(tag);
            Reopen();
        }
        if (Insert(tag) is var made and not 0) AddFormat(tag, made);
    }

    private void AddFormat(HtmlTag tag, int node)
    {
        var first = AfterMarker();
        int alike = 0, oldest = 0;
        for (var i = _formats.Count - 1; i >= first; i--)
        {
            if (_formats[i].Tag != tag || !_tree.HaveSameAttributes(_formats[i].Node, node)) continue;
            (alike, oldest) = (alike + 1, i);
        }
        if (alike >= MaxAlike) _formats.RemoveAt(oldest);
        else if (_formats.Count - first >= MaxFormatting) _formats.RemoveAt(first);
        _formats.Add(new Format(tag, node));
    }

    /// <summary>What the last block left open goes on in this one.</summary>
    private void Reopen()
    {
        if (_formats.Count == 0 || _open.IsFull) return;
        var from = _formats.Count;
        while (from > 0 && _formats[from - 1] != Marker && _open.IndexOf(_formats[from - 1].Node) < 0) from--;
        for (; from < _formats.Count && !_open.IsFull; from++)
        {
            var node = _tree.Clone(_formats[from].Node);
            Place(node);
            _open.Push(_formats[from].Tag, node);
            _formats[from] = _formats[from] with { Node = node };
        }
    }

    private int FindFormat(HtmlTag tag)
    {
        for (var i = _formats.Count - 1; i >= 0 && _formats[i] != Marker; i--)
            if (_formats[i].Tag == tag) return i;
        return -1;
    }

    private int FindFormat(int node)
    {
        for (var i = _formats.Count - 1; i >= 0 && _formats[i] != Marker; i--)
            if (_formats[i].Node == node) return i;
        return -1;
    }

    /// <summary>
    /// What the standard calls the adoption agency: where blocks were opened inside the element that ends, they leave it, and what they
    /// hold so far is put into a copy of it.
    /// </summary>
    private void EndFormatting(HtmlTag tag)
    {
        if (_open.Top == tag && FindFormat(_open.TopNode) < 0)
        {
            _open.Pop();
            return;
        }
        for (var ends = 0; ends < MaxEnds; ends++)
        {
            var format = FindFormat(tag);
            if (format < 0)
            {
                EndOther(tag);
                return;
            }
            var open = _open.IndexOf(_formats[format].Node);
            if (open < 0)
            {
                _formats.RemoveAt(format);
                return;
            }
            var block = -1;
            for (var i = _open.Count - 1; i > open; i--)
            {
                if (_open.Tag(i).Is(HtmlTraits.Scope)) return;
                if (_open.Tag(i).Is(HtmlTraits.Special)) block = i;
            }
            if (block < 0)
            {
                _open.PopTo(open);
                _formats.RemoveAt(format);
                return;
            }
            Adopt(format, open, block);
        }
    }

    private void Adopt(int format, int open, int block)
    {
        var (tag, formatNode, blockNode) = (_formats[format].Tag, _formats[format].Node, _open.Node(block));
        var (bookmark, last, steps) = (format, blockNode, 0);
        for (var i = block - 1; i > open; i--)
        {
            steps++;
            var kept = FindFormat(_open.Node(i));
            if (steps > MaxKept && kept >= 0)
            {
                _formats.RemoveAt(kept);
                if (kept < format) format--;
                if (kept < bookmark) bookmark--;
                kept = -1;
            }
            if (kept < 0)
            {
                _open.RemoveAt(i);
                block--;
                continue;
            }
            var clone = _tree.Clone(_open.Node(i));
            _formats[kept] = _formats[kept] with { Node = clone };
            _open.Replace(i, clone);
            if (last == blockNode) bookmark = kept + 1;
            _tree.Remove(last);
            _tree.Append(clone, last);
            last = clone;
        }
        _tree.Remove(last);
        if (_open.Tag(open - 1).Is(HtmlTraits.TableParts)) PlaceBeforeTable(last);
        else _tree.Append(_open.Node(open - 1), last);
        var copy = _tree.Clone(formatNode);
        _tree.MoveChildren(blockNode, copy);
        _tree.Append(blockNode, copy);
        _formats.RemoveAt(format);
        _formats.Insert(format < bookmark ? bookmark - 1 : bookmark, new Format(tag, copy));
        _open.RemoveAt(open);
        _open.Insert(block, tag, copy);
    }
}
