using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>What stands on a page without being drawn by it: links out of the document, values of form fields, and text notes.</summary>
internal sealed class Annotations(IPdfTokenScanner scanner, TransformationMatrix toPage, PdfPage page)
{
    private const int MaxAnnotations = 10_000;
    private const int MaxLinks = 500;
    private const int MaxAddress = 2_048;
    private const int MaxValue = 100_000;
    private const int MaxParents = 16;

    private const int Hidden = 1 << 1;
    private const int NoView = 1 << 5;
    private const int Password = 1 << 13;
    private const int PushButton = 1 << 16;

    private readonly record struct Area(float X0, float Y0, float X1, float Y1);

    public void Read(DictionaryToken dictionary)
    {
        if (dictionary.Value<ArrayToken>(NameToken.Annots, scanner) is not { } annotations) return;
        var read = 0;
        foreach (var item in annotations.Data)
        {
            if (++read > MaxAnnotations)
            {
                page.Damage ??= $"only its first {MaxAnnotations} links and form fields were read";
                return;
            }
            try
            {
                if (item.As<DictionaryToken>(scanner) is { } annotation) ReadOne(annotation);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                page.Damage ??= $"one of its links or form fields could not be read ({failure.GetType().Name})";
            }
        }
    }

    private void ReadOne(DictionaryToken annotation)
    {
        var flags = annotation.Value<NumericToken>(NameToken.F, scanner)?.Int ?? 0;
        if ((flags & (Hidden | NoView)) != 0 || AreaOf(annotation) is not { } area) return;
        switch (annotation.Value<NameToken>(NameToken.Subtype, scanner)?.Data)
        {
            case "Link":
                if (page.Links.Count < MaxLinks && AddressOf(annotation) is { } address)
                    page.Links.Add(new PageLink(area.X0, area.Y0, area.X1, area.Y1, address));
                break;
            case "Widget":
                Write(ValueOf(annotation), area);
                break;
            case "FreeText":
                Write(annotation.Text(NameToken.Contents, scanner), area);
                break;
        }
    }

    private string? AddressOf(DictionaryToken annotation)
    {
        var address = annotation.Value<DictionaryToken>(NameToken.A, scanner)?.Text(NameToken.Uri, scanner)?.Trim();
        return address is { Length: > 0 and < MaxAddress }
            && !address.Any(c => char.IsWhiteSpace(c) || c is '<' or '>' or '(' or ')')
            && Uri.TryCreate(address, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" or "mailto" or "tel" or "ftp"
            ? address
            : null;
    }

    private string? ValueOf(DictionaryToken widget)
    {
        var flags = Inherited<NumericToken>(widget, NameToken.Ff)?.Int ?? 0;
        switch (Inherited<NameToken>(widget, NameToken.Ft)?.Data)
        {
            case "Tx":
                return (flags & Password) != 0 ? null : InheritedText(widget, NameToken.V);
            case "Ch":
                return InheritedText(widget, NameToken.V)
                    ?? (Inherited<ArrayToken>(widget, NameToken.V) is { } chosen
                        ? string.Join(", ", chosen.Data.Select(item => item.As<StringToken>(scanner)?.Data).OfType<string>())
                        : null);
            case "Btn" when (flags & PushButton) == 0:
                var state = widget.Value<NameToken>(NameToken.As, scanner) ?? Inherited<NameToken>(widget, NameToken.V);
                return state?.Data is null or "Off" ? "[ ]" : "[x]";
            default:
                return null;
        }
    }

    /// <summary>Fields inherit from their parents, which a hostile file may make a circle.</summary>
    private T? Inherited<T>(DictionaryToken field, NameToken name) where T : class, IToken
    {
        for (var depth = 0; depth < MaxParents; depth++)
        {
            if (field.Value<T>(name, scanner) is { } value) return value;
            if (field.Value<DictionaryToken>(NameToken.Parent, scanner) is not { } parent) return null;
            field = parent;
        }
        return null;
    }

    private string? InheritedText(DictionaryToken field, NameToken name) =>
        Inherited<StringToken>(field, name)?.Data ?? Inherited<HexToken>(field, name)?.Data;

    private Area? AreaOf(DictionaryToken annotation)
    {
        if (annotation.Value<ArrayToken>(NameToken.Rect, scanner) is not { Data.Count: >= 4 } rectangle) return null;
        Span<double> values = stackalloc double[4];
        for (var i = 0; i < 4; i++)
        {
            if (rectangle.Data[i].As<NumericToken>(scanner) is not { } number) return null;
            values[i] = number.Double;
        }
        var (one, two) = (toPage.Transform(new PdfPoint(values[0], values[1])), toPage.Transform(new PdfPoint(values[2], values[3])));
        return new Area(
            (float)Math.Min(one.X, two.X), (float)Math.Min(one.Y, two.Y), (float)Math.Max(one.X, two.X), (float)Math.Max(one.Y, two.Y));
    }

    // As glyphs in the field's place, so that a value follows its label in the reading order.
    private void Write(string? text, Area area)
    {
        if (string.IsNullOrWhiteSpace(text)) return;
        if (text.Length > MaxValue)
        {
            page.Damage ??= $"a form value was cut after {MaxValue} characters";
            text = text[..MaxValue];
        }
        var lines = MarkdownWriter.Clean(text).Split('\n');
        var size = Math.Clamp((area.Y1 - area.Y0) / lines.Length * 0.75f, 1, 10);
        var y = lines.Length == 1 ? ((area.Y0 + area.Y1) / 2) - (size * 0.35f) : area.Y1 - size;
        foreach (var line in lines)
        {
            var advance = Math.Min(size * 0.5f, Math.Max(0.1f, (area.X1 - area.X0 - 2) / Math.Max(1, line.Length)));
            var x = area.X0 + 1;
            foreach (var rune in line.EnumerateRunes())
            {
                page.Glyphs.Add(new Glyph(rune.ToString(), x, y, 1, 0, advance, size, FontStyle.None, Artifact: false));
                x += advance;
            }
            y -= size * 1.2f;
        }
    }
}
