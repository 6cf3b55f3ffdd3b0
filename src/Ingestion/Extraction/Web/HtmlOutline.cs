using AngleSharp.Dom;

namespace Ingestion.Extraction.Web;

/// <summary>A first walk over a page: its metadata, where its main text stands, and which of its tables hold data.</summary>
internal sealed class HtmlOutline
{
    private readonly Dictionary<string, string> _meta = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<IElement> _layoutTables = [];
    private IElement? _body, _main, _article;
    private int _bodyText, _mainText, _articleText, _allText;
    private bool _headingOutsideHeader;

    public string? Title { get; private set; }
    public string? Language { get; private set; }
    public string? Base { get; private set; }

    /// <summary>Navigation, page headers and footers are left out of the walk.</summary>
    public bool DropsBoilerplate { get; private set; }

    /// <summary>The first heading stands in the page's header, so that is part of the text.</summary>
    public bool KeepsHeader { get; private set; }

    public IElement? Root { get; private set; }

    public string? this[string meta] => _meta.GetValueOrDefault(meta);

    public bool IsLayout(IElement table) => _layoutTables.Contains(table);

    public static HtmlOutline Of(IDocument document, CancellationToken cancel)
    {
        var outline = new HtmlOutline();
        if (document.DocumentElement is { } root) outline.Measure(root, cancel);
        outline.Choose();
        return outline;
    }

    /// <summary>Never part of the text: not shown, or not text.</summary>
    public static bool IsHidden(IElement element)
    {
        switch (element.LocalName)
        {
            case "script" or "style" or "template" or "noscript" or "select" or "textarea" or "input" or "datalist" or "svg" or "object" or "iframe" or "head":
            case "canvas" or "audio" or "video" or "embed" or "noframes" or "progress" or "meter" or "rp" or "dialog" or "map":
                return true;
        }
        if (element.Attributes.Length == 0) return false;
        if (element.LocalName == "a" && element.GetAttribute("href") is ['#', ..] && element.ClassName?.Contains("skip", StringComparison.OrdinalIgnoreCase) == true) return true;
        if (element.HasAttribute("hidden") || element.GetAttribute("aria-hidden") == "true") return true;
        return element.GetAttribute("style") is { } style && IsHidden(style);
    }

    /// <summary>What a page says around its text: navigation, and header, footer and side notes of the page as a whole.</summary>
    public static bool IsBoilerplate(IElement element, int sections) => element.LocalName switch
    {
        "nav" or "menu" => true,
        "header" or "footer" or "aside" => sections == 0,
        "button" => element.ParentElement is { LocalName: not ("h1" or "h2" or "h3" or "h4" or "h5" or "h6") },
        "div" or "section" or "ul" or "form" => element.GetAttribute("role") is "navigation" or "banner" or "contentinfo" or "search" or "complementary" or "alertdialog",
        _ => false,
    };

    /// <summary>Within these, headers and side notes belong to the text.</summary>
    public static bool IsSection(IElement element) => element.LocalName is "main" or "article" or "section";

    private static bool IsHidden(string style) =>
        style.Contains("none", StringComparison.OrdinalIgnoreCase) && style.Replace(" ", "", StringComparison.Ordinal).Contains("display:none", StringComparison.OrdinalIgnoreCase)
        || style.Contains("hidden", StringComparison.OrdinalIgnoreCase) && style.Replace(" ", "", StringComparison.Ordinal).Contains("visibility:hidden", StringComparison.OrdinalIgnoreCase);

    private sealed class Shape(IElement table, int text)
    {
        public IElement Table { get; } = table;
        public int Text { get; } = text;
        public int Cells { get; set; }
        public int Rows { get; set; }
        public int Filled { get; set; }
        public bool Header { get; set; }
    }

    private sealed record Frame(IElement Element, INodeList Children, int Text, bool Boilerplate)
    {
        public int Next { get; set; }
    }

    private void Measure(IElement root, CancellationToken cancel)
    {
        var open = new Stack<Frame>();
        var tables = new Stack<Shape>();
        int kept = 0, sections = 0, boilerplate = 0, steps = 0;
        Enter(root);
        while (open.TryPeek(out var frame))
        {
            if ((++steps & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            if (frame.Next == frame.Children.Length)
            {
                Leave(open.Pop());
                continue;
            }
            switch (frame.Children[frame.Next++])
            {
                case IText text:
                    var length = text.Data.AsSpan().Trim().Length;
                    _allText += length;
                    if (boilerplate == 0) kept += length;
                    break;
                case IElement child when child.LocalName == "head" || !IsHidden(child):
                    Enter(child);
                    break;
            }
        }
        _bodyText = kept;

        void Enter(IElement element)
        {
            if (Metadata(element)) return;
            var dropped = IsBoilerplate(element, sections);
            if (dropped) boilerplate++;
            if (IsSection(element)) sections++;
            switch (element.LocalName)
            {
                case "body": _body = element; break;
                case "h1" or "h2" when boilerplate == 0: _headingOutsideHeader = true; break;
                case "table": tables.Push(new Shape(element, kept)); break;
                case "td" or "th" when tables.TryPeek(out var table): table.Cells++; table.Header |= element.LocalName == "th"; break;
                case "tr" when tables.TryPeek(out var table): table.Rows++; break;
                case "caption" or "thead" when tables.TryPeek(out var table): table.Header = true; break;
            }
            open.Push(new Frame(element, element.ChildNodes, kept, dropped));
        }

        void Leave(Frame frame)
        {
            var length = kept - frame.Text;
            if (frame.Boilerplate) boilerplate--;
            if (IsSection(frame.Element)) sections--;
            switch (frame.Element.LocalName)
            {
                case "main" when length > _mainText: (_main, _mainText) = (frame.Element, length); break;
                case "article" when length > _articleText: (_article, _articleText) = (frame.Element, length); break;
                case "td" or "th" when length > 0 && tables.TryPeek(out var table): table.Filled++; break;
                case "table" when tables.Pop() is var table && IsLayout(table, kept - table.Text): _layoutTables.Add(table.Table); break;
            }
        }
    }

    // A table whose cells are as long as pages, or of which each row says but one thing, arranges text instead of holding data.
    private static bool IsLayout(Shape table, int text) =>
        table.Table.GetAttribute("role") is "presentation" or "none" || table.Cells < 2
        || (!table.Header && (text / table.Cells > 500 || table.Filled <= table.Rows));

    private void Choose()
    {
        Root = _body;
        DropsBoilerplate = _bodyText > _allText / 10;
        KeepsHeader = !_headingOutsideHeader;
        if (!DropsBoilerplate) return;
        if (_mainText > _bodyText / 2) Root = _main;
        else if (_articleText > _bodyText * 6 / 10) Root = _article;
    }

    private bool Metadata(IElement element)
    {
        switch (element.LocalName)
        {
            case "html":
                Language = element.GetAttribute("lang") ?? element.GetAttribute("xml:lang");
                return false;
            case "title":
                Title ??= element.TextContent;
                return true;
            case "base":
                Base ??= element.GetAttribute("href");
                return true;
            case "meta":
                var name = element.GetAttribute("name") ?? element.GetAttribute("property") ?? element.GetAttribute("http-equiv");
                if (name is not null && element.GetAttribute("content") is { Length: > 0 and < 2000 } content && _meta.Count < 200) _meta.TryAdd(name, content);
                return true;
            default:
                return false;
        }
    }
}
