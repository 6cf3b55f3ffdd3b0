using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Web;

/// <summary>Web pages: what a reader sees, without navigation, page headers and footers, scripts and styles.</summary>
public sealed class HtmlReader : IDocumentReader
{
    private const int PrescanLength = 4096;

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Html];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel, DeclaredInside);
        var writer = new MarkdownWriter(content.Limits);
        foreach (var warning in decoded.Warnings) writer.Warn(warning);
        var outline = Write(decoded.Text, writer, content.Limits, content.Address, cancel);
        return writer.ToDocument(content.MediaType) with
        {
            Title = Line(outline.Title) ?? outline["og:title"],
            Author = outline["author"] ?? outline["article:author"] ?? outline["dc.creator"],
            Language = outline.Language ?? outline["content-language"],
            Created = Date(outline["article:published_time"] ?? outline["date"] ?? outline["dc.date"] ?? outline["dcterms.created"]),
            Modified = Date(outline["article:modified_time"] ?? outline["last-modified"] ?? outline["dcterms.modified"]),
        };
    }

    /// <summary>Writes a page into a document, of which it may be only a part, such as a chapter or the body of a mail.</summary>
    /// <param name="address">What relative links are resolved against.</param>
    /// <param name="isBook">All of the page is text: side notes of a book's chapter are its footnotes and boxes.</param>
    internal static HtmlOutline Write(
        string html, MarkdownWriter writer, ExtractionLimits limits, Uri? address, CancellationToken cancel, bool isBook = false)
    {
        using var tree = HtmlTreeBuilder.Parse(html, limits, cancel);
        if (tree.IsFlattened)
            writer.Warn($"The page nests deeper than {limits.MaxHtmlDepth} elements; below that its structure was flattened.");
        if (tree.EndsWithinTag) writer.Warn("The page ends in the middle of a tag, and what that began is missing.");
        var outline = HtmlOutline.Of(tree, isBook, cancel);
        if (outline.Root is { Exists: true } root) new HtmlWalk(outline, writer, limits, address).Write(root, cancel);
        return outline;
    }

    /// <summary>The charset that the page's first bytes declare, in an XML declaration or a <c>meta</c>.</summary>
    internal static string? DeclaredInside(byte[] bytes)
    {
        var head = Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, PrescanLength));
        var declared = head.StartsWith("<?xml", StringComparison.Ordinal)
            ? Value(head[..Math.Max(0, head.IndexOf("?>", StringComparison.Ordinal))], "encoding=") : null;
        for (var at = 0; declared is null && (at = head.IndexOf("<meta", at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
            declared = Value(head[at..(head.IndexOf('>', at) is var end and >= 0 ? end : head.Length)], "charset=");
        // Bytes in which this could be read as Latin letters are no UTF-16; the standard takes UTF-8 then.
        return declared?.StartsWith("utf-16", StringComparison.OrdinalIgnoreCase) == true ? "utf-8" : declared;
    }

    private static string? Value(string tag, string name)
    {
        var at = tag.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return null;
        var value = tag[(at + name.Length)..].TrimStart(' ', '"', '\'');
        var end = value.IndexOfAny(['"', '\'', ' ', ';', '/', '>']);
        return end < 0 ? value : value[..end];
    }

    private static string? Line(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date.ToUniversalTime() : null;
}
