using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>The links of a page that lead out of the document.</summary>
internal static class LinkAnnotations
{
    private const int MaxLinks = 5_000;
    private const int MaxAddress = 2_048;

    public static void Read(DictionaryToken page, IPdfTokenScanner scanner, TransformationMatrix toPage, PdfPage into)
    {
        if (page.Value<ArrayToken>(NameToken.Annots, scanner) is not { } annotations) return;
        foreach (var item in annotations.Data)
        {
            if (into.Links.Count >= MaxLinks) return;
            try
            {
                if (item.As<DictionaryToken>(scanner) is { } annotation && ReadOne(annotation, scanner, toPage) is { } link) into.Links.Add(link);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                into.Damage ??= $"one of its links could not be read ({failure.GetType().Name})";
            }
        }
    }

    private static PageLink? ReadOne(DictionaryToken annotation, IPdfTokenScanner scanner, TransformationMatrix toPage)
    {
        if (annotation.Value<NameToken>(NameToken.Subtype, scanner)?.Data != "Link"
            || annotation.Value<DictionaryToken>(NameToken.A, scanner)?.Text(NameToken.Uri, scanner)?.Trim() is not { Length: > 0 and < MaxAddress } address
            || annotation.Value<ArrayToken>(NameToken.Rect, scanner) is not { Data.Count: >= 4 } rectangle)
            return null;

        if (address.Any(c => char.IsWhiteSpace(c) || c is '<' or '>')
            || !Uri.TryCreate(address, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https" or "mailto" or "ftp"))
            return null;

        Span<double> values = stackalloc double[4];
        for (var i = 0; i < 4; i++)
        {
            if (rectangle.Data[i].As<NumericToken>(scanner) is not { } number) return null;
            values[i] = number.Double;
        }
        var (one, two) = (toPage.Transform(new PdfPoint(values[0], values[1])), toPage.Transform(new PdfPoint(values[2], values[3])));
        return new PageLink(
            (float)Math.Min(one.X, two.X), (float)Math.Min(one.Y, two.Y), (float)Math.Max(one.X, two.X), (float)Math.Max(one.Y, two.Y), address);
    }
}
