using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>The library's filters, and after them one that makes harmless what came out: see <see cref="FontPrograms"/>.</summary>
internal sealed class FontFilters : IFilterProvider
{
    public static readonly FontFilters Instance = new();

    private static readonly IFilter Last = new FontFilter();

    public IReadOnlyList<IFilter> GetFilters(DictionaryToken dictionary) => [.. DefaultFilterProvider.Instance.GetFilters(dictionary), Last];

    public IReadOnlyList<IFilter> GetNamedFilters(IReadOnlyList<NameToken> names) =>
        [.. DefaultFilterProvider.Instance.GetNamedFilters(names), Last];

    public IReadOnlyList<IFilter> GetAllFilters() => DefaultFilterProvider.Instance.GetAllFilters();

    private sealed class FontFilter : IFilter
    {
        public bool IsSupported => true;

        public Memory<byte> Decode(Memory<byte> input, DictionaryToken streamDictionary, IFilterProvider filterProvider, int filterIndex)
        {
            if (!streamDictionary.TryGet(NameToken.Subtype, out var subtype) || subtype is not NameToken { Data: "Image" })
                FontPrograms.Bound(input.Span);
            return input;
        }
    }
}
