using System.Diagnostics.CodeAnalysis;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.PdfFonts;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// A font that remembers what a character is. The library goes through all of a font's ranges for each character anew, and fonts of
/// Chinese, Japanese and Korean have thousands.
/// </summary>
internal sealed class RememberedFont(IFont font) : IFont
{
    private const int MaxCharacters = 65_536;

    private readonly Dictionary<int, string?> _unicode = [];
    private readonly Dictionary<int, CharacterBoundingBox> _boxes = [];

    public NameToken? Name => font.Name;

    public bool IsVertical => font.IsVertical;

    public FontDetails Details => font.Details;

    public int ReadCharacterCode(IInputBytes bytes, out int codeLength) => font.ReadCharacterCode(bytes, out codeLength);

    public bool TryGetUnicode(int characterCode, [NotNullWhen(true)] out string? value)
    {
        if (!_unicode.TryGetValue(characterCode, out value))
        {
            value = font.TryGetUnicode(characterCode, out var found) ? found : null;
            if (_unicode.Count < MaxCharacters) _unicode.Add(characterCode, value);
        }
        return value is not null;
    }

    public CharacterBoundingBox GetBoundingBox(int characterCode)
    {
        if (_boxes.TryGetValue(characterCode, out var box)) return box;
        box = font.GetBoundingBox(characterCode);
        if (_boxes.Count < MaxCharacters) _boxes.Add(characterCode, box);
        return box;
    }

    public TransformationMatrix GetFontMatrix() => font.GetFontMatrix();

    public double GetDescent() => font.GetDescent();

    public double GetAscent() => font.GetAscent();

    public bool TryGetPath(int characterCode, [NotNullWhen(true)] out IReadOnlyList<PdfSubpath>? path) => font.TryGetPath(characterCode, out path);

    public bool TryGetNormalisedPath(int characterCode, [NotNullWhen(true)] out IReadOnlyList<PdfSubpath>? path) =>
        font.TryGetNormalisedPath(characterCode, out path);
}
