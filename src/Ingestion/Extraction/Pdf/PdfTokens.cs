using UglyToad.PdfPig.Parser.Parts;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>Values of PDF objects, through references, or null where they are absent or of another type.</summary>
internal static class PdfTokens
{
    public static T? Value<T>(this DictionaryToken dictionary, NameToken name, IPdfTokenScanner scanner) where T : class, IToken =>
        dictionary.TryGet(name, out var token) ? token.As<T>(scanner) : null;

    public static T? As<T>(this IToken token, IPdfTokenScanner scanner) where T : class, IToken =>
        token as T ?? (DirectObjectFinder.TryGet<T>(token, scanner, out var direct) ? direct : null);

    public static string? Text(this DictionaryToken dictionary, NameToken name, IPdfTokenScanner scanner) =>
        dictionary.Value<StringToken>(name, scanner)?.Data ?? dictionary.Value<HexToken>(name, scanner)?.Data;
}
