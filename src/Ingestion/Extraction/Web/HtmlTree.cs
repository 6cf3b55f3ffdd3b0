using System.Buffers;

namespace Ingestion.Extraction.Web;

/// <summary>A part of a page's text: of its source, or where the start is negative, of what was decoded.</summary>
internal readonly record struct HtmlSlice(int Start, int Length)
{
    public HtmlSlice From(int count) => new(Start >= 0 ? Start + count : Start - count, Length - count);

    public HtmlSlice To(int count) => new(Start, count);
}

/// <summary>
/// A page's elements and texts, in one array and without an object for each: pages have millions. Node 0 is the page itself, and stands
/// for "none" where a node is asked for.
/// </summary>
internal sealed class HtmlTree : IDisposable
{
    private struct Node
    {
        public HtmlTag Tag;
        public int Parent, First, Last, Previous, Next;

        // Of an element its attributes, of a text its slice.
        public int Start, Length;
    }

    private readonly ExtractionLimits _limits;
    private Node[] _nodes;
    private HtmlAttributeValue[] _attributes = [];
    private char[] _decoded = [];
    private int _count = 1, _decodedLength;

    public HtmlTree(string source, ExtractionLimits limits)
    {
        (Source, _limits) = (source, limits);
        // Most of what a mark starts is an end tag, or a tag with a text after it.
        var likely = Math.Clamp(source.AsSpan().Count('<') * 3 / 2, 256, 1 << 20);
        _nodes = ArrayPool<Node>.Shared.Rent(Math.Min(likely, limits.MaxHtmlNodes + 1));
        _nodes[0] = default;
    }

    public string Source { get; }

    public HtmlNames Names { get; } = new();

    public int AttributeCount { get; private set; }

    /// <summary>Elements and texts.</summary>
    public int Count => _count - 1;

    public HtmlNode Root => new(this, 0);

    /// <summary>Elements were left out, and not what they hold, since they nest too deep.</summary>
    public bool IsFlattened { get; set; }

    /// <summary>The page ends in the middle of a tag, which is lost.</summary>
    public bool EndsWithinTag { get; set; }

    public void Dispose()
    {
        ArrayPool<Node>.Shared.Return(_nodes);
        ArrayPool<HtmlAttributeValue>.Shared.Return(_attributes);
        ArrayPool<char>.Shared.Return(_decoded);
        (_nodes, _attributes, _decoded) = ([], [], []);
    }

    public HtmlTag Tag(int node) => _nodes[node].Tag;
    public int Parent(int node) => _nodes[node].Parent;
    public int First(int node) => _nodes[node].First;
    public int Next(int node) => _nodes[node].Next;

    public ReadOnlySpan<char> Text(HtmlSlice slice) => slice.Start >= 0
        ? Source.AsSpan(slice.Start, slice.Length) : _decoded.AsSpan(~slice.Start, slice.Length);

    public ReadOnlySpan<char> Text(int node) => Text(new HtmlSlice(_nodes[node].Start, _nodes[node].Length));

    public ReadOnlySpan<HtmlAttributeValue> Attributes(int node) =>
        _nodes[node].Tag == HtmlTag.None ? default : _attributes.AsSpan(_nodes[node].Start, _nodes[node].Length);

    public HtmlAttributeValue Attribute(int index) => _attributes[index];

    public HtmlSlice Decode(ReadOnlySpan<char> raw, bool inAttribute)
    {
        Grow(ref _decoded, _decodedLength, _decodedLength + raw.Length);
        var length = HtmlReferences.Decode(raw, _decoded.AsSpan(_decodedLength), inAttribute);
        var slice = new HtmlSlice(~_decodedLength, length);
        _decodedLength += length;
        return slice;
    }

    public void AddAttribute(HtmlAttributeValue attribute)
    {
        if (AttributeCount == _attributes.Length) Grow(ref _attributes, AttributeCount, AttributeCount + 1);
        _attributes[AttributeCount++] = attribute;
    }

    /// <summary>Of the attributes it has all that were added from the first on.</summary>
    public int NewElement(HtmlTag tag, int firstAttribute) => New(tag, firstAttribute, AttributeCount - firstAttribute);

    /// <summary>A new element of the same name with the same attributes.</summary>
    public int Clone(int node) => New(_nodes[node].Tag, _nodes[node].Start, _nodes[node].Length);

    public int NewText(HtmlSlice text) => New(HtmlTag.None, text.Start, text.Length);

    public bool HaveSameAttributes(int a, int b)
    {
        var of = Attributes(a);
        var other = Attributes(b);
        if (of.Length != other.Length) return false;
        for (var i = 0; i < of.Length; i++)
            if (of[i].Name != other[i].Name || !Text(of[i].Value).SequenceEqual(Text(other[i].Value))) return false;
        return true;
    }

    public void SetAttributes(int node, int firstAttribute) =>
        (_nodes[node].Start, _nodes[node].Length) = (firstAttribute, AttributeCount - firstAttribute);

    public void Append(int parent, int child)
    {
        ref var node = ref _nodes[child];
        ref var under = ref _nodes[parent];
        (node.Parent, node.Previous) = (parent, under.Last);
        if (under.Last != 0) _nodes[under.Last].Next = child;
        else under.First = child;
        under.Last = child;
    }

    public void InsertBefore(int sibling, int child)
    {
        ref var node = ref _nodes[child];
        ref var after = ref _nodes[sibling];
        (node.Parent, node.Previous, node.Next) = (after.Parent, after.Previous, sibling);
        if (after.Previous != 0) _nodes[after.Previous].Next = child;
        else _nodes[after.Parent].First = child;
        after.Previous = child;
    }

    public void Remove(int child)
    {
        ref var node = ref _nodes[child];
        if (node.Parent == 0) return;
        if (node.Previous != 0) _nodes[node.Previous].Next = node.Next;
        else _nodes[node.Parent].First = node.Next;
        if (node.Next != 0) _nodes[node.Next].Previous = node.Previous;
        else _nodes[node.Parent].Last = node.Previous;
        (node.Parent, node.Previous, node.Next) = (0, 0, 0);
    }

    public void MoveChildren(int from, int to)
    {
        for (var child = _nodes[from].First; child != 0;)
        {
            var next = _nodes[child].Next;
            _nodes[child].Next = 0;
            Append(to, child);
            child = next;
        }
        (_nodes[from].First, _nodes[from].Last) = (0, 0);
    }

    private int New(HtmlTag tag, int start, int length)
    {
        if (_count > _limits.MaxHtmlNodes)
            throw new ExtractionException(
                ExtractionFailure.TooLarge,
                $"The page has more than {_limits.MaxHtmlNodes} elements and pieces of text. Split it and send the parts.");
        if (_count == _nodes.Length) Grow(ref _nodes, _count, _count + 1);
        _nodes[_count] = new Node { Tag = tag, Start = start, Length = length };
        return _count++;
    }

    private static void Grow<T>(ref T[] array, int used, int wanted)
    {
        if (wanted <= array.Length) return;
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(wanted, Math.Max(256, array.Length * 2)));
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}
