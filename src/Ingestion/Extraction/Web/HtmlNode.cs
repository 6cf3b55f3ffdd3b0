using System.Text;

namespace Ingestion.Extraction.Web;

/// <summary>An element or a text of a page, as long as its tree is there; the default is none.</summary>
internal readonly record struct HtmlNode(HtmlTree Tree, int Index)
{
    public bool Exists => Index != 0;

    public HtmlTag Tag => Tree.Tag(Index);

    public bool IsText => Tag == HtmlTag.None && Index != 0;

    public HtmlNode Parent => new(Tree, Tree.Parent(Index));

    public HtmlNode First => new(Tree, Tree.First(Index));

    public HtmlNode Next => new(Tree, Tree.Next(Index));

    /// <summary>Of a text; an element's own is empty.</summary>
    public ReadOnlySpan<char> Text => IsText ? Tree.Text(Index) : default;

    public bool HasAttributes => Tree.Attributes(Index).Length > 0;

    public bool Has(HtmlAttribute name) => TryGet(name, out _);

    /// <summary>Null where the element has no such attribute.</summary>
    public string? this[HtmlAttribute name] => TryGet(name, out var value) ? value.ToString() : null;

    public bool TryGet(HtmlAttribute name, out ReadOnlySpan<char> value)
    {
        foreach (var attribute in Tree.Attributes(Index))
        {
            if (attribute.Name != name) continue;
            value = Tree.Text(attribute.Value);
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>What follows in the order of the page, inside this node and its descendants or after them; none beyond the root.</summary>
    public HtmlNode Following(HtmlNode root)
    {
        if (First is { Exists: true } first) return first;
        var node = this;
        while (node != root)
        {
            if (node.Next is { Exists: true } next) return next;
            node = node.Parent;
        }
        return default;
    }

    /// <summary>All text inside an element.</summary>
    public string TextContent()
    {
        var text = new StringBuilder();
        for (var node = Following(this); node.Exists; node = node.Following(this)) text.Append(node.Text);
        return text.ToString();
    }
}
