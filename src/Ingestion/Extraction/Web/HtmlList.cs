using System.Globalization;

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

    public static HtmlList Numbers(HtmlNode list)
    {
        var numbers = new HtmlList(HtmlListKind.Numbers) { _style = list[HtmlAttribute.Type] switch { "a" => 'a', "A" => 'A', _ => '1' } };
        if (list.Has(HtmlAttribute.Reversed)) (numbers._step, numbers._next) = (-1, Items(list));
        if (Value(list, HtmlAttribute.Start) is { } start) numbers._next = start;
        return numbers;
    }

    public string Mark(HtmlNode item)
    {
        if (kind != HtmlListKind.Numbers || item.Tag != HtmlTag.Li) return "-";
        if (Value(item, HtmlAttribute.Value) is { } value) _next = value;
        var number = _next;
        _next = unchecked(_next + _step);
        return _style != '1' && number is >= 1 and <= 26
            ? (char)(_style + number - 1) + "."
            : number.ToString(CultureInfo.InvariantCulture) + ".";
    }

    private static int Items(HtmlNode list)
    {
        var items = 0;
        for (var child = list.First; child.Exists; child = child.Next)
            if (child.Tag == HtmlTag.Li) items++;
        return items;
    }

    private static int? Value(HtmlNode element, HtmlAttribute attribute) =>
        element.TryGet(attribute, out var text)
            && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value : null;
}
