namespace Ingestion.Extraction.Web;

/// <summary>The names of a page's elements, those that are nobody's but its own included: as many as a page of reason has.</summary>
internal sealed class HtmlNames
{
    private const int MaxLength = 40;

    private Dictionary<string, HtmlTag>? _unknown;

    /// <summary>The numbers of tags are below this, drawings and formulas aside.</summary>
    public const int End = HtmlTags.Known + 1000;

    /// <summary>None for an endless name, and for one too many.</summary>
    public HtmlTag Find(ReadOnlySpan<char> name)
    {
        if (HtmlTags.TryFind(name, out var tag)) return tag;
        if (name.Length > MaxLength) return HtmlTag.None;
        _unknown ??= new Dictionary<string, HtmlTag>(StringComparer.OrdinalIgnoreCase);
        var names = _unknown.GetAlternateLookup<ReadOnlySpan<char>>();
        if (names.TryGetValue(name, out tag)) return tag;
        if (HtmlTags.Known + _unknown.Count == End) return HtmlTag.None;
        tag = (HtmlTag)(HtmlTags.Known + _unknown.Count);
        _unknown.Add(name.ToString().ToLowerInvariant(), tag);
        return tag;
    }

    /// <summary>In small letters.</summary>
    public string Name(HtmlTag tag) => tag.Local() is var local && local < (HtmlTag)HtmlTags.Known
        ? HtmlTags.Name(local) : _unknown!.First(name => name.Value == local).Key;
}
