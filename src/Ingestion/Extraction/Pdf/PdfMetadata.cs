using UglyToad.PdfPig;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>What the file says of itself.</summary>
internal static class PdfMetadata
{
    public static ExtractedDocument AddTo(ExtractedDocument extracted, PdfDocument document)
    {
        var information = document.Information;
        var xmp = XmpMetadata.Of(document);
        var title = Tidy(information.Title);
        if (title is null || LooksLikeFileName(title)) title = Tidy(xmp.Title) ?? title;
        if (title is null || LooksLikeFileName(title))
        {
            var heading = extracted.Elements.FirstOrDefault(element => element is { Kind: ElementKind.Heading, Level: 1 });
            title = heading.End > heading.Start ? extracted.Text[heading.Start..heading.End].TrimStart('#', ' ') : title;
        }
        return extracted with
        {
            Title = title,
            Author = Tidy(information.Author) ?? Tidy(xmp.Author),
            Language = Tidy(document.Structure.Catalog.CatalogDictionary.Text(NameToken.Lang, document.Structure.TokenScanner))
                ?? Tidy(xmp.Language),
            Created = information.GetCreatedDateTimeOffset() ?? xmp.Created,
            Modified = information.GetModifiedDateTimeOffset() ?? xmp.Modified,
        };
    }

    private static string? Tidy(string? text)
    {
        text = text is null ? "" : MarkdownWriter.Clean(text).ReplaceLineEndings(" ").Trim();
        return text.Length == 0 ? null : text;
    }

    // Word processors put the name of the file where the title belongs.
    private static bool LooksLikeFileName(string title) =>
        title.StartsWith("Microsoft ", StringComparison.OrdinalIgnoreCase)
        || title.Equals("untitled", StringComparison.OrdinalIgnoreCase)
        || Path.GetExtension(title).ToLowerInvariant()
            is ".doc" or ".docx" or ".pdf" or ".ppt" or ".pptx" or ".xls" or ".xlsx" or ".tex" or ".indd" or ".qxd" or ".dvi";
}
