using System.Buffers.Binary;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// The library's filters, of which the usual one for fonts hides their table of names: it says nothing about a text, and a damaged one
/// makes the library read gigabytes.
/// </summary>
internal sealed class FontFilters : IFilterProvider
{
    public static readonly FontFilters Instance = new();

    private readonly IFilter _inflate = new Nameless(new FlateFilter());

    public IReadOnlyList<IFilter> GetFilters(DictionaryToken dictionary) => Replaced(DefaultFilterProvider.Instance.GetFilters(dictionary));

    public IReadOnlyList<IFilter> GetNamedFilters(IReadOnlyList<NameToken> names) =>
        Replaced(DefaultFilterProvider.Instance.GetNamedFilters(names));

    public IReadOnlyList<IFilter> GetAllFilters() => Replaced(DefaultFilterProvider.Instance.GetAllFilters());

    private List<IFilter> Replaced(IReadOnlyList<IFilter> filters) => [.. filters.Select(filter => filter is FlateFilter ? _inflate : filter)];

    private sealed class Nameless(IFilter inflate) : IFilter
    {
        public bool IsSupported => inflate.IsSupported;

        public Memory<byte> Decode(Memory<byte> input, DictionaryToken streamDictionary, IFilterProvider filterProvider, int filterIndex)
        {
            var decoded = inflate.Decode(input, streamDictionary, filterProvider, filterIndex);
            HideNames(decoded.Span);
            return decoded;
        }

        // A TrueType font: its version, how many tables it has, and for each a tag of four letters with three numbers.
        private static void HideNames(Span<byte> font)
        {
            const int Header = 12, Entry = 16;
            if (font.Length < Header || !(font.StartsWith("\0\u0001\0\0"u8) || font.StartsWith("true"u8) || font.StartsWith("OTTO"u8))) return;
            var tables = BinaryPrimitives.ReadUInt16BigEndian(font[4..]);
            for (var at = Header; tables > 0 && at + Entry <= font.Length; at += Entry, tables--)
                if (font[at..].StartsWith("name"u8)) "none"u8.CopyTo(font[at..]);
        }
    }
}
