using System.Collections.Frozen;

namespace Ingestion.Extraction.Web;

/// <summary>The attributes that say something about the text; no others are kept.</summary>
internal enum HtmlAttribute
{
    None,
    Alt, Alttext, AriaHidden, Class, Colspan, Content, Encoding, Hidden, Href, HttpEquiv, Lang, Name, Property, Reversed, Role, Rowspan,
    Start, Style, Type, Value, XmlLang,
}

/// <summary>An attribute as a tree keeps it.</summary>
internal readonly record struct HtmlAttributeValue(HtmlAttribute Name, HtmlSlice Value);

internal static class HtmlAttributes
{
    private static readonly FrozenDictionary<string, HtmlAttribute>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        Enum.GetValues<HtmlAttribute>().Where(name => name != HtmlAttribute.None)
            .ToFrozenDictionary(Name, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>None for one that is not kept.</summary>
    public static HtmlAttribute Find(ReadOnlySpan<char> name) => BySpan.TryGetValue(name, out var known) ? known : HtmlAttribute.None;

    public static string Name(HtmlAttribute attribute) => attribute switch
    {
        HtmlAttribute.AriaHidden => "aria-hidden",
        HtmlAttribute.HttpEquiv => "http-equiv",
        HtmlAttribute.XmlLang => "xml:lang",
        _ => attribute.ToString().ToLowerInvariant(),
    };
}
