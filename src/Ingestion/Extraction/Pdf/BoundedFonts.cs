using System.Diagnostics.CodeAnalysis;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Graphics.Colors;
using UglyToad.PdfPig.PdfFonts;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// What the content draws with. Fonts that give widths for more characters than there can be come without these widths: the library keeps
/// one for each, and a range of two numbers would ask for billions. What no filter unpacks has not come past <see cref="FontFilters"/>
/// and is bounded here.
/// </summary>
internal sealed class BoundedFonts(IResourceStore store, IPdfTokenScanner scanner) : IResourceStore
{
    /// <summary>Of one font; a character has 16 bits.</summary>
    private const int MaxWidths = 3 * 65_536;

    private static readonly NameToken[] Programs = [NameToken.FontFile, NameToken.FontFile2, NameToken.FontFile3];

    private readonly Dictionary<IndirectReference, DictionaryToken?> _mended = [];
    private readonly HashSet<IndirectReference> _bounded = [];
    private readonly Dictionary<IFont, RememberedFont> _remembered = [];

    public void LoadResourceDictionary(DictionaryToken resourceDictionary)
    {
        if (resourceDictionary.Value<DictionaryToken>(NameToken.Font, scanner) is { } fonts)
        {
            Dictionary<string, IToken>? changed = null;
            foreach (var (name, font) in fonts.Data)
            {
                if (MendedOnce(font) is { } mended) (changed ??= new(fonts.Data))[name] = mended;
            }
            if (changed is not null)
                resourceDictionary = resourceDictionary.With(NameToken.Font, DictionaryToken.With(changed));
        }
        store.LoadResourceDictionary(resourceDictionary);
    }

    private DictionaryToken? MendedOnce(IToken font)
    {
        if (font is not IndirectReferenceToken reference) return Mended(font);
        if (!_mended.TryGetValue(reference.Data, out var mended)) _mended[reference.Data] = mended = Mended(font);
        return mended;
    }

    /// <summary>Null where it is well as it is.</summary>
    private DictionaryToken? Mended(IToken token)
    {
        if (token.As<DictionaryToken>(scanner) is not { } font) return null;
        var mended = font;
        BoundPrograms(font);
        if (font.Value<StreamToken>(NameToken.ToUnicode, scanner) is { } map && !map.StreamDictionary.ContainsKey(NameToken.Filter))
        {
            FontPrograms.Bound(map.Data.Span);
            mended = mended.With(NameToken.ToUnicode, map);
        }
        if (font.Value<ArrayToken>(NameToken.DescendantFonts, scanner) is { Length: > 0 } descendants
            && descendants[0].As<DictionaryToken>(scanner) is { } descendant)
        {
            BoundPrograms(descendant);
            var bounded = descendant;
            if (IsAbsurd(descendant.Value<ArrayToken>(NameToken.W, scanner), 1)) bounded = bounded.Without(NameToken.W);
            if (IsAbsurd(descendant.Value<ArrayToken>(NameToken.W2, scanner), 3)) bounded = bounded.Without(NameToken.W2);
            if (!ReferenceEquals(bounded, descendant)) mended = mended.With(NameToken.DescendantFonts, new ArrayToken([bounded]));
        }
        return ReferenceEquals(mended, font) ? null : mended;
    }

    // The library takes a font's program by its reference only, so that it is put under this one.
    private void BoundPrograms(DictionaryToken font)
    {
        if (font.Value<DictionaryToken>(NameToken.FontDescriptor, scanner) is not { } descriptor) return;
        foreach (var name in Programs)
        {
            if (!descriptor.Data.TryGetValue(name, out var token) || token is not IndirectReferenceToken reference) continue;
            if (!_bounded.Add(reference.Data) || reference.As<StreamToken>(scanner) is not { } program) continue;
            if (program.StreamDictionary.ContainsKey(NameToken.Filter)) continue;
            FontPrograms.Bound(program.Data.Span);
            scanner.ReplaceToken(reference.Data, program);
        }
    }

    /// <param name="each">How many numbers a range of characters has: "first last width", or the three of vertical writing.</param>
    private bool IsAbsurd(ArrayToken? widths, int each)
    {
        if (widths is null) return false;
        var characters = 0d;
        for (var i = 0; i + 1 < widths.Length; i++)
        {
            if (widths[i] is not NumericToken first) continue;
            if (widths[i + 1] is NumericToken last)
            {
                characters += Math.Max(0, last.Double - first.Double);
                i += 1 + each;
            }
            else
            {
                characters += widths[++i].As<ArrayToken>(scanner)?.Length ?? 0;
            }
            if (!(characters <= MaxWidths)) return true;
        }
        return false;
    }

    public void UnloadResourceDictionary() => store.UnloadResourceDictionary();

    public IFont? GetFont(NameToken name) => store.GetFont(name) is { } font ? Remembered(font) : null;

    public IFont GetFontDirectly(IndirectReferenceToken fontReferenceToken)
    {
        // The font of a graphics state, which stands in no dictionary of fonts.
        if (MendedOnce(fontReferenceToken) is { } mended) scanner.ReplaceToken(fontReferenceToken.Data, mended);
        return Remembered(store.GetFontDirectly(fontReferenceToken));
    }

    // The library asks these two kinds for more than a font's interface says.
    private IFont Remembered(IFont font)
    {
        if (font.IsVertical || font is IType3Font) return font;
        if (!_remembered.TryGetValue(font, out var remembered)) _remembered[font] = remembered = new RememberedFont(font);
        return remembered;
    }

    public bool TryGetXObject(NameToken name, [NotNullWhen(true)] out StreamToken? stream) => store.TryGetXObject(name, out stream);

    public bool TryGetXObjectReference(NameToken name, out IndirectReference reference) => store.TryGetXObjectReference(name, out reference);

    public DictionaryToken? GetExtendedGraphicsStateDictionary(NameToken name) => store.GetExtendedGraphicsStateDictionary(name);

    public bool TryGetNamedColorSpace(NameToken name, out ResourceColorSpace namedToken) => store.TryGetNamedColorSpace(name, out namedToken);

    public ColorSpaceDetails GetColorSpaceDetails(NameToken? name, DictionaryToken? dictionary) => store.GetColorSpaceDetails(name, dictionary);

    public ColorSpaceDetails GetDeviceColorSpaceDetails(ColorSpace space) => store.GetDeviceColorSpaceDetails(space);

    public DictionaryToken? GetMarkedContentPropertiesDictionary(NameToken name) => store.GetMarkedContentPropertiesDictionary(name);

    public IReadOnlyDictionary<NameToken, PatternColor> GetPatterns() => store.GetPatterns();

    public Shading GetShading(NameToken name) => store.GetShading(name);
}
