using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Ingestion.Extraction.Archives;

namespace Ingestion.Extraction.Web;

/// <summary>Electronic books: the chapters in reading order, each read as a web page.</summary>
public sealed class EpubReader : IDocumentReader
{
    // Chapters link to one another by addresses that mean nothing outside the book; under this scheme such links stay plain text.
    private static readonly Uri Inside = new("epub:///");

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Epub];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var book = new Archive(content, cancel);
        var container = await XmlAsync(book, "META-INF/container.xml", content.Limits, cancel);
        var packagePath = (string?)Named(container, "rootfile").FirstOrDefault()?.Attribute("full-path")
            ?? book.Entries.FirstOrDefault(entry => entry.FullName.EndsWith(".opf", StringComparison.OrdinalIgnoreCase))?.FullName
            ?? throw Broken("it does not say where its contents are");
        var package = await XmlAsync(book, packagePath, content.Limits, cancel) ?? throw Broken("its list of contents is missing");
        if (book.Find("META-INF/rights.xml") is not null)
            throw new ExtractionException(
                ExtractionFailure.Encrypted,
                "The book is locked by its seller's copy protection. Send one without it.");

        var writer = new MarkdownWriter(content.Limits);
        var chapters = Chapters(package, packagePath[..(packagePath.LastIndexOf('/') + 1)]);
        for (var i = 0; i < chapters.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            await WriteChapterAsync(book, chapters[i], writer, content.Limits, cancel);
            content.Progress?.Invoke(new ReadProgress(i + 1, chapters.Count, "chapter"));
        }
        return writer.ToDocument(content.MediaType) with
        {
            Title = Metadata(package, "title"),
            Author = Authors(package),
            Language = Metadata(package, "language"),
            Created = Date(Metadata(package, "date")),
            Modified = Date(Named(package, "meta")
                .FirstOrDefault(meta => (string?)meta.Attribute("property") == "dcterms:modified")?.Value),
        };
    }

    private static async Task WriteChapterAsync(Archive book, string path, MarkdownWriter writer, ExtractionLimits limits,
        CancellationToken cancel)
    {
        if (book.Find(path) is not { } entry)
        {
            writer.Warn($"The chapter \"{path}\" is missing from the book.");
            return;
        }
        try
        {
            var bytes = await book.ReadAsync(entry, cancel);
            HtmlReader.Write(
                TextDecoding.Decode(bytes, HtmlReader.DeclaredInside(bytes), cancel).Text, writer, limits, Inside, cancel, isBook: true);
        }
        catch (InvalidDataException)
        {
            writer.Warn($"The chapter \"{path}\" is broken and was not read.");
        }
    }

    /// <summary>The paths of the pages in reading order, without the book's own table of contents.</summary>
    private static List<string> Chapters(XElement package, string folder)
    {
        var items = new Dictionary<string, XElement>();
        foreach (var item in Named(package, "item")) items.TryAdd((string?)item.Attribute("id") ?? "", item);
        var paths = new List<string>();
        foreach (var reference in Named(package, "itemref"))
        {
            if (!items.TryGetValue((string?)reference.Attribute("idref") ?? "", out var item)
                || (string?)item.Attribute("href") is not { } href)
                continue;
            var isContents = ((string?)item.Attribute("properties"))?.Split(' ').Contains("nav") == true;
            var isPage = (string?)item.Attribute("media-type") is null or "application/xhtml+xml" or "text/html" or "text/x-oeb1-document";
            if (isPage && !isContents) paths.Add(Resolved(folder, Uri.UnescapeDataString(href.Split('#')[0])));
        }
        return paths;
    }

    private static string Resolved(string folder, string href)
    {
        var parts = new List<string>();
        foreach (var part in (href.StartsWith('/') ? href : folder + href).Split('/'))
        {
            if (part == ".." && parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            else if (part is not ("" or "." or "..")) parts.Add(part);
        }
        return string.Join('/', parts);
    }

    private static async Task<XElement?> XmlAsync(Archive book, string path, ExtractionLimits limits, CancellationToken cancel)
    {
        if (book.Find(path) is not { } entry) return null;
        try
        {
            var bytes = await book.ReadAsync(entry, cancel);
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, CheckCharacters = false };
            using var reader = XmlReader.Create(new MemoryStream(bytes), settings);
            var depth = 0;
            // XElement's own loading is iterative, but what walks it later is not.
            while (reader.Read()) depth = Math.Max(depth, reader.Depth);
            if (depth > limits.MaxXmlDepth) throw Broken("its list of contents nests too deep");
            using var again = XmlReader.Create(new MemoryStream(bytes), settings);
            return XElement.Load(again);
        }
        catch (Exception fault) when (fault is XmlException or InvalidDataException)
        {
            throw Broken($"\"{Path.GetFileName(path)}\" cannot be read");
        }
    }

    private static IEnumerable<XElement> Named(XElement? root, string name) =>
        root?.DescendantsAndSelf().Where(element => element.Name.LocalName == name) ?? [];

    private static string? Authors(XElement package)
    {
        var names = Named(package, "creator").Select(creator => creator.Value.Trim()).Where(name => name.Length > 0).ToList();
        return names.Count == 0 ? null : string.Join(", ", names);
    }

    private static string? Metadata(XElement package, string name) =>
        Named(package, name).Select(element => element.Value.Trim()).FirstOrDefault(value => value.Length > 0);

    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date.ToUniversalTime() : null;

    private static ExtractionException Broken(string how) => new(
        ExtractionFailure.Corrupt,
        $"The book is broken: {how}. Open it in its program, save it again, and send that.");
}
