using Ingestion.Extraction.Archives;
using Ingestion.Extraction.Data;
using Ingestion.Extraction.Mail;
using Ingestion.Extraction.Ocr;
using Ingestion.Extraction.Office;
using Ingestion.Extraction.Pdf;
using Ingestion.Extraction.Plain;
using Ingestion.Extraction.Rtf;
using Ingestion.Extraction.Web;

namespace Ingestion.Extraction;

/// <summary>The list of readers, and the one door to them.</summary>
public static class DocumentReaders
{
    /// <summary>One line a format.</summary>
    public static readonly IReadOnlyList<IDocumentReader> All =
    [
        new PlainTextReader(),
        new MarkdownReader(),
        new HtmlReader(),
        new PdfReader(),
        new DocxReader(),
        new PptxReader(),
        new XlsxReader(),
        new XlsReader(),
        new XlsbReader(),
        new OdfReader(),
        new CsvReader(),
        new JsonDocumentReader(),
        new XmlDocumentReader(),
        new RtfReader(),
        new SourceCodeReader(),
        new SubtitleReader(),
        new NotebookReader(),
        new EpubReader(),
        new MailReader(),
        new MsgReader(),
        new DocReader(),
        new PptReader(),
        new ZipReader(),
        new PictureReader(),
    ];

    private static readonly Dictionary<string, IDocumentReader> ByMediaType =
        All.SelectMany(reader => reader.MediaTypes, (reader, type) => (reader, type)).ToDictionary(pair => pair.type, pair => pair.reader);

    /// <summary>Media types that some reader takes.</summary>
    public static IReadOnlyCollection<string> Supported => ByMediaType.Keys;

    /// <summary>File extensions, with their dot, that some reader takes, in alphabetical order.</summary>
    public static IReadOnlyList<string> SupportedExtensions { get; } =
        [.. MediaTypes.ExtensionsOf(ByMediaType.Keys).Order(StringComparer.Ordinal)];

    /// <summary>Null where no reader takes the media type.</summary>
    public static IDocumentReader? Find(string mediaType) => ByMediaType.GetValueOrDefault(mediaType);

    /// <summary>Finds out what the document is, has it read, and lets nothing out that a store or a client could choke on.</summary>
    /// <param name="content">Its <see cref="DocumentContent.MediaType"/> is what was declared, a whole <c>Content-Type</c> or nothing:
    /// it may be wrong.</param>
    /// <exception cref="ExtractionException">The document cannot be read, for whatever reason.</exception>
    public static async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (content.Bytes.Length == 0)
            throw new ExtractionException(ExtractionFailure.Empty, "The document is empty: it has no bytes. Send the file again.");
        var detected = content.IsTypeCertain
            ? new DetectedType(content.MediaType, null)
            : MediaTypes.Detect(content.Bytes, content.FileName, content.MediaType, content.Limits);
        if (detected.MediaType == MediaTypes.EncryptedOffice)
            throw new ExtractionException(
                ExtractionFailure.Encrypted,
                "The document is locked by a password. Save it without one and send it again.");
        var reader = Find(detected.MediaType) ?? throw Unsupported(detected.MediaType);

        var charset = content.Charset ?? CharsetOf(content.MediaType);
        var document = await ReadAsync(reader, content with { MediaType = detected.MediaType, Charset = charset }, cancel);
        if (document.Text.Length > content.Limits.MaxTextLength)
            throw ExtractionException.TextTooLong(content.Limits);
        if (string.IsNullOrWhiteSpace(document.Text))
            throw new ExtractionException(
                ExtractionFailure.Empty,
                $"The document was read as {detected.MediaType} and holds no text. "
                + (content.Ocr is null
                    ? "If it is a scan, ask the operator to set OCR=auto, or send its text."
                    : "Nothing was recognised in its pictures either.")
                + string.Concat(document.Warnings.Select(warning => " " + warning)));
        return document with
        {
            Text = Sanitised(document.Text),
            Title = Line(document.Title),
            Author = Line(document.Author),
            Language = Line(document.Language),
            MediaType = detected.MediaType,
            Warnings = detected.Warning is null ? document.Warnings : [detected.Warning, .. document.Warnings],
        };
    }

    /// <summary>Has this reader read it, whatever it is.</summary>
    internal static async Task<ExtractedDocument> ReadAsync(IDocumentReader reader, DocumentContent content, CancellationToken cancel)
    {
        try
        {
            return await reader.ReadAsync(content, cancel);
        }
        catch (Exception fault) when (fault is not (ExtractionException or OperationCanceledException))
        {
            throw fault is OutOfMemoryException
                ? ExtractionException.OutOfMemory(fault)
                : new ExtractionException(ExtractionFailure.Corrupt,
                    $"The document could not be read as {content.MediaType}: it is broken or cut short. Open it with its own program,"
                    + " save it again, and send that.", fault);
        }
    }

    private static ExtractionException Unsupported(string mediaType) => new(ExtractionFailure.Unsupported,
        (mediaType == MediaTypes.Unknown ? "The document's content is of no known type." : $"Documents of type {mediaType} cannot be read.")
        + $" Send one of: {string.Join(", ", UsualExtensions())}.");

    private static IEnumerable<string> UsualExtensions() =>
        ByMediaType.Keys.SelectMany(type => MediaTypes.ExtensionsOf([type]).Take(1)).Order(StringComparer.Ordinal);

    private static string? CharsetOf(string? contentType)
    {
        var at = contentType?.IndexOf("charset=", StringComparison.OrdinalIgnoreCase) ?? -1;
        return at < 0 ? null : contentType![(at + 8)..].Split(';', 2)[0].Trim(' ', '"', '\'');
    }

    // Every character stays at its place, so that the reader's offsets stay right.
    private static string Sanitised(string text)
    {
        var bad = MarkdownWriter.FirstUnclean(text);
        if (bad < 0) return text;
        var clean = text.ToCharArray();
        for (; bad >= 0; bad = MarkdownWriter.FirstUnclean(text, bad + 1))
            clean[bad] = char.IsSurrogate(clean[bad]) ? '\uFFFD' : clean[bad] is '\r' or '\f' or '\v' ? '\n' : ' ';
        return new string(clean);
    }

    private static string? Line(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : MarkdownWriter.Clean(text).ReplaceLineEndings(" ").Trim();
}
