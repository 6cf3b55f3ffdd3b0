namespace Ingestion.Extraction.Web;

/// <summary>A first walk over a page: its metadata, where its main text stands, and which of its tables hold data.</summary>
internal sealed class HtmlOutline
{
    private readonly Dictionary<string, string> _meta = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<int> _layoutTables = [];
    private HtmlNode _body, _main, _article;
    private int _bodyText, _mainText, _articleText, _allText;
    private bool _headingOutsideHeader;
    private HtmlNode _heading;
    private int _headings;

    public string? Title { get; private set; }
    public string? Language { get; private set; }
    public string? Base { get; private set; }

    /// <summary>Navigation, page headers and footers are left out of the walk.</summary>
    public bool DropsBoilerplate { get; private set; }

    /// <summary>The first heading stands in the page's header, so that is part of the text.</summary>
    public bool KeepsHeader { get; private set; }

    public HtmlNode Root { get; private set; }

    /// <summary>The page's main heading, where it stands before <see cref="Root"/> rather than in it.</summary>
    public HtmlNode Heading { get; private set; }

    public string? this[string meta] => _meta.GetValueOrDefault(meta);

    public bool IsLayout(HtmlNode table) => _layoutTables.Contains(table.Index);

    public static HtmlOutline Of(HtmlTree tree, bool isBook, CancellationToken cancel)
    {
        var outline = new HtmlOutline();
        if (tree.Root.First is { Exists: true } root) outline.Measure(root, cancel);
        outline.Choose(isBook);
        return outline;
    }

    /// <summary>Never part of the text: not shown, or not text.</summary>
    public static bool IsHidden(HtmlNode element)
    {
        if (element.Tag.Is(HtmlTraits.Hidden) || element.Tag.IsDrawing()) return true;
        if (!element.HasAttributes) return false;
        if (element.Tag == HtmlTag.A && element.TryGet(HtmlAttribute.Href, out var address) && address.StartsWith('#')
            && element.TryGet(HtmlAttribute.Class, out var classes) && classes.Contains("skip", StringComparison.OrdinalIgnoreCase))
            return true;
        if (element.Has(HtmlAttribute.Hidden) || (element.TryGet(HtmlAttribute.AriaHidden, out var aria) && aria is "true")) return true;
        return element.TryGet(HtmlAttribute.Style, out var style) && IsHidden(style);
    }

    /// <summary>What a page says around its text: navigation, and header, footer and side notes of the page as a whole.</summary>
    public static bool IsBoilerplate(HtmlNode element, int sections)
    {
        switch (element.Tag)
        {
            case HtmlTag.Nav or HtmlTag.Menu:
                return true;
            case HtmlTag.Header or HtmlTag.Footer or HtmlTag.Aside:
                return sections == 0;
            case HtmlTag.Button:
                return element.Parent.Tag is not (>= HtmlTag.H1 and <= HtmlTag.H6);
            case HtmlTag.Div or HtmlTag.Section or HtmlTag.Ul or HtmlTag.Form:
                return element.TryGet(HtmlAttribute.Role, out var role)
                    && role is "navigation" or "banner" or "contentinfo" or "search" or "complementary" or "alertdialog";
            default:
                return false;
        }
    }

    /// <summary>Within these, headers and side notes belong to the text.</summary>
    public static bool IsSection(HtmlNode element) => element.Tag is HtmlTag.Main or HtmlTag.Article or HtmlTag.Section;

    private static bool IsHidden(ReadOnlySpan<char> style) =>
        (style.Contains("none", StringComparison.OrdinalIgnoreCase) || style.Contains("hidden", StringComparison.OrdinalIgnoreCase))
        && style.ToString().Replace(" ", "", StringComparison.Ordinal) is var rules
        && (rules.Contains("display:none", StringComparison.OrdinalIgnoreCase)
            || rules.Contains("visibility:hidden", StringComparison.OrdinalIgnoreCase));

    private sealed class Shape(HtmlNode table, int text)
    {
        public HtmlNode Table { get; } = table;
        public int Text { get; } = text;
        public int Cells { get; set; }
        public int Rows { get; set; }
        public int Filled { get; set; }
        public bool Header { get; set; }
    }

    private void Measure(HtmlNode root, CancellationToken cancel)
    {
        var open = new Stack<(int Text, bool Boilerplate)>();
        var tables = new Stack<Shape>();
        int kept = 0, sections = 0, boilerplate = 0, steps = 0;
        var node = root;
        while (true)
        {
            if ((++steps & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            if (Enter())
            {
                if (node.First is { Exists: true } first)
                {
                    node = first;
                    continue;
                }
                Leave();
            }
            while (node.Index != root.Index && !node.Next.Exists)
            {
                node = node.Parent;
                Leave();
            }
            if (node.Index == root.Index) break;
            node = node.Next;
        }
        _bodyText = kept;

        bool Enter()
        {
            if (node.IsText)
            {
                var length = node.Text.Trim().Length;
                _allText += length;
                if (boilerplate == 0) kept += length;
                return false;
            }
            if ((node.Tag != HtmlTag.Head && IsHidden(node)) || Metadata(node)) return false;
            var dropped = IsBoilerplate(node, sections);
            if (dropped) boilerplate++;
            if (IsSection(node)) sections++;
            switch (node.Tag)
            {
                case HtmlTag.Body: _body = node; break;
                case HtmlTag.H1 or HtmlTag.H2:
                    if (boilerplate == 0) _headingOutsideHeader = true;
                    if (node.Tag == HtmlTag.H1 && ++_headings == 1) _heading = node;
                    break;
                case HtmlTag.Table: tables.Push(new Shape(node, kept)); break;
                case HtmlTag.Td or HtmlTag.Th when tables.TryPeek(out var table):
                    table.Cells++;
                    table.Header |= node.Tag == HtmlTag.Th;
                    break;
                case HtmlTag.Tr when tables.TryPeek(out var table): table.Rows++; break;
                case HtmlTag.Caption or HtmlTag.Thead when tables.TryPeek(out var table): table.Header = true; break;
            }
            open.Push((kept, dropped));
            return true;
        }

        void Leave()
        {
            var (before, dropped) = open.Pop();
            var length = kept - before;
            if (dropped) boilerplate--;
            if (IsSection(node)) sections--;
            switch (node.Tag)
            {
                case HtmlTag.Main when length > _mainText: (_main, _mainText) = (node, length); break;
                case HtmlTag.Article when length > _articleText: (_article, _articleText) = (node, length); break;
                case HtmlTag.Td or HtmlTag.Th when length > 0 && tables.TryPeek(out var table): table.Filled++; break;
                case HtmlTag.Table when tables.Pop() is var table && IsLayout(table, kept - table.Text):
                    _layoutTables.Add(node.Index);
                    break;
            }
        }
    }

    // A table whose cells are as long as pages, or of which each row says but one thing, arranges text instead of holding data.
    private static bool IsLayout(Shape table, int text) =>
        table.Table[HtmlAttribute.Role] is "presentation" or "none" || table.Cells < 2
        || (!table.Header && (text / table.Cells > 500 || table.Filled <= table.Rows));

    private void Choose(bool isBook)
    {
        Root = _body;
        DropsBoilerplate = !isBook && _bodyText > _allText / 10;
        KeepsHeader = !_headingOutsideHeader;
        if (!DropsBoilerplate) return;
        if (_mainText > _bodyText / 2) Root = _main;
        else if (_articleText > _bodyText * 6 / 10) Root = _article;
        if (_headings == 1 && Root != _body && !IsWithinRoot(_heading)) Heading = _heading;
    }

    private bool IsWithinRoot(HtmlNode node)
    {
        while (node.Exists && node != Root) node = node.Parent;
        return node.Exists;
    }

    private bool Metadata(HtmlNode element)
    {
        switch (element.Tag)
        {
            case HtmlTag.Html:
                Language = element[HtmlAttribute.Lang] ?? element[HtmlAttribute.XmlLang];
                return false;
            case HtmlTag.Title:
                Title ??= element.TextContent();
                return true;
            case HtmlTag.Base:
                Base ??= element[HtmlAttribute.Href];
                return true;
            case HtmlTag.Meta:
                var name = element[HtmlAttribute.Name] ?? element[HtmlAttribute.Property] ?? element[HtmlAttribute.HttpEquiv];
                if (name is not null && element[HtmlAttribute.Content] is { Length: > 0 and < 2000 } content && _meta.Count < 200)
                    _meta.TryAdd(name, content);
                return true;
            default:
                return false;
        }
    }
}
