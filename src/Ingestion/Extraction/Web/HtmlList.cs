using System.Globalization;
using AngleSharp.Dom;

namespace Ingestion.Extraction.Web;

internal enum HtmlListKind
{
    Bullets,
    Numbers,
    Terms,
}

/// <summary>An open list, and the mark that its next item has.</summary>
internal sealed class HtmlList(HtmlListKind kind)
{
    private int _next = 1, _step = 1;
    private char _style = '1';

    public static HtmlList Numbers(IElement list)
    {
        var numbers = new HtmlList(HtmlListKind.Numbers) { _style = list.GetAttribute("type") switch { "a" => 'a', "A" => 'A', _ => '1' } };
        if (list.HasAttribute("reversed")) (numbers._step, numbers._next) = (-1, list.Children.Count(child => child.LocalName == "li"));
        if (Value(list, "start") is { } start) numbers._next = start;
        return numbers;
    }

    public string Mark(IElement item)
    {
        if (kind != HtmlListKind.Numbers || item.LocalName != "li") return "-";
        if (Value(item, "value") is { } value) _next = value;
        var number = _next;
        _next = unchecked(_next + _step);
        return _style != '1' && number is >= 1 and <= 26
            ? (char)(_style + number - 1) + "."
            : number.ToString(CultureInfo.InvariantCulture) + ".";
    }

    private static int? Value(IElement element, string attribute) =>
        int.TryParse(element.GetAttribute(attribute), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;
}
