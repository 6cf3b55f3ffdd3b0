namespace Ingestion.Extraction;

/// <summary>Decides what a document is: from its content, then its name, then what was declared.</summary>
public static partial class MediaTypes
{
    public const string PlainText = "text/plain";
    public const string Markdown = "text/markdown";
    public const string Html = "text/html";
    public const string Xml = "application/xml";
    public const string Json = "application/json";
    public const string JsonLines = "application/jsonl";
    public const string Notebook = "application/x-ipynb+json";
    public const string Csv = "text/csv";
    public const string Tsv = "text/tab-separated-values";
    public const string SubRip = "application/x-subrip";
    public const string WebVtt = "text/vtt";
    public const string SourceCode = "text/x-source";
    public const string Rtf = "application/rtf";
    public const string Email = "message/rfc822";
    public const string Mailbox = "application/mbox";
    public const string Pdf = "application/pdf";
    public const string Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    public const string Pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
    public const string Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    public const string Xlsb = "application/vnd.ms-excel.sheet.binary.macroenabled.12";
    public const string Odt = "application/vnd.oasis.opendocument.text";
    public const string Ods = "application/vnd.oasis.opendocument.spreadsheet";
    public const string Odp = "application/vnd.oasis.opendocument.presentation";
    public const string Epub = "application/epub+zip";
    public const string Doc = "application/msword";
    public const string Xls = "application/vnd.ms-excel";
    public const string Ppt = "application/vnd.ms-powerpoint";
    public const string Msg = "application/vnd.ms-outlook";
    public const string Zip = "application/zip";

    /// <summary>An Office document locked by a password; the format inside cannot be known.</summary>
    public const string EncryptedOffice = "application/x-encrypted-office";

    /// <summary>Content that no format is known for.</summary>
    public const string Unknown = "application/octet-stream";

    private const int HeadLength = 64 * 1024;

    /// <summary>Formats that are text to look at: which of them a text is, its name says better than its first lines.</summary>
    private static readonly Dictionary<string, string> Texts = Extensions(
        (PlainText, "txt text log asc nfo rst adoc org tex diff patch"), (Markdown, "md markdown mdown mkd mdx qmd rmd"),
        (Html, "html htm xhtml shtml"), (Xml, "xml rss atom xsd xsl svg wsdl"),
        (Json, "json geojson jsonld webmanifest"), (JsonLines, "jsonl ndjson"), (Notebook, "ipynb"), (Csv, "csv"), (Tsv, "tsv tab"),
        (SubRip, "srt"), (WebVtt, "vtt"), (Rtf, "rtf"), (Email, "eml"), (Mailbox, "mbox"),
        (SourceCode,
            "c h cc cpp cxx hpp cs java kt kts scala go rs py pyi rb php pl pm lua r jl swift m mm js mjs cjs jsx ts tsx vue svelte"
            + " css scss sass less "
            + "sh bash zsh fish ps1 bat cmd sql yaml yml toml ini cfg conf properties env gradle groovy dart ex exs erl hrl hs ml "
            + "fs fsx vb clj lisp el tf proto graphql "
            + "cmake make mk dockerfile asm s v vhd sol zig nim"));

    /// <summary>Formats that their first bytes or entries tell.</summary>
    private static readonly Dictionary<string, string> Binaries = Extensions(
        (Pdf, "pdf"), (Docx, "docx docm dotx dotm"), (Pptx, "pptx pptm ppsx potx"), (Xlsx, "xlsx xlsm xltx"), (Xlsb, "xlsb"),
        (Odt, "odt ott"), (Ods, "ods ots"), (Odp, "odp otp"), (Epub, "epub"),
        (Doc, "doc dot"), (Xls, "xls xlt"), (Ppt, "ppt pps"), (Msg, "msg"), (Zip, "zip"),
        ("image/png", "png"), ("image/jpeg", "jpg jpeg"), ("image/tiff", "tif tiff"), ("image/webp", "webp"), ("image/gif", "gif"),
        ("image/bmp", "bmp"));

    private static readonly Dictionary<string, string> ByExtension = new(Texts.Concat(Binaries));
    private static readonly HashSet<string> TextTypes = [.. Texts.Values];

    private static readonly Dictionary<string, string> Synonyms = new()
    {
        ["text/x-markdown"] = Markdown,
        ["application/xhtml+xml"] = Html,
        ["text/xml"] = Xml,
        ["text/json"] = Json,
        ["application/x-ndjson"] = JsonLines,
        ["application/ndjson"] = JsonLines,
        ["application/json-lines"] = JsonLines,
        ["application/csv"] = Csv,
        ["text/rtf"] = Rtf,
        ["application/x-rtf"] = Rtf,
        ["application/x-pdf"] = Pdf,
        ["application/x-zip-compressed"] = Zip,
        ["application/vnd.ms-word.document.macroenabled.12"] = Docx,
        ["application/vnd.ms-word.template.macroenabled.12"] = Docx,
        ["application/vnd.openxmlformats-officedocument.wordprocessingml.template"] = Docx,
        ["application/vnd.ms-powerpoint.presentation.macroenabled.12"] = Pptx,
        ["application/vnd.openxmlformats-officedocument.presentationml.slideshow"] = Pptx,
        ["application/vnd.openxmlformats-officedocument.presentationml.template"] = Pptx,
        ["application/vnd.ms-excel.sheet.macroenabled.12"] = Xlsx,
        ["application/vnd.openxmlformats-officedocument.spreadsheetml.template"] = Xlsx,
        ["binary/octet-stream"] = Unknown,
        ["application/x-www-form-urlencoded"] = Unknown,
        ["application/binary"] = Unknown,
    };

    /// <summary>The media type that the content has, or that the name or the header gives to content that could be anything.</summary>
    /// <param name="bytes">Seekable; left at position 0.</param>
    /// <param name="declared">A <c>Content-Type</c>; its parameters are ignored.</param>
    /// <exception cref="ExtractionException">More entries in a container than <see cref="ExtractionLimits.MaxArchiveEntries"/>.</exception>
    public static DetectedType Detect(Stream bytes, string? fileName, string? declared, ExtractionLimits limits)
    {
        var head = new byte[(int)Math.Min(HeadLength, bytes.Length)];
        bytes.Position = 0;
        var length = bytes.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var named = FromName(fileName);
        var header = Canonical(declared);
        var found = FromContent(head.AsSpan(0, length), bytes, named ?? header, limits);
        bytes.Position = 0;

        var type = found ?? (IsText(named) ? named : null) ?? (IsText(header) ? header : null) ?? PlainText;
        var claimed = named ?? header;
        if (claimed is null or Unknown || Compatible(type, claimed)) return new DetectedType(type, null);
        return new DetectedType(type, named is null
            ? $"The document was sent as {claimed}, but it holds {type}, and was read as that."
            : $"The name of the document says {claimed}, but it holds {type}, and was read as that.");
    }

    /// <summary>Null where the name has no extension or an unknown one.</summary>
    public static string? FromName(string? fileName)
    {
        if (fileName is null) return null;
        var name = fileName[(fileName.LastIndexOfAny(['/', '\\']) + 1)..];
        return ByExtension.GetValueOrDefault(name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant());
    }

    /// <summary>Extensions with their dot of the formats that any of the media types names, the usual one of each format first.</summary>
    public static IEnumerable<string> ExtensionsOf(IEnumerable<string> mediaTypes)
    {
        var wanted = mediaTypes.ToHashSet();
        return ByExtension.Where(pair => wanted.Contains(pair.Value)).Select(pair => "." + pair.Key);
    }

    private static string? Canonical(string? declared)
    {
        var type = declared?.Split(';', 2)[0].Trim().ToLowerInvariant();
        if (string.IsNullOrEmpty(type)) return null;
        var canonical = Synonyms.GetValueOrDefault(type, type);
        if (IsSource(canonical)) return SourceCode;
        return canonical == Unknown ? null : canonical;
    }

    // text/x-python, application/javascript and their like; there are hundreds.
    private static bool IsSource(string type) =>
        (type.StartsWith("text/x-", StringComparison.Ordinal) && !TextTypes.Contains(type))
        || type is "text/javascript" or "text/css" or "text/yaml" or "application/javascript" or "application/x-sh" or "application/yaml"
        or "application/x-yaml"
            or "application/sql" or "application/toml" or "application/typescript";

    private static bool IsText(string? type) => type is not null && TextTypes.Contains(type);

    // Two texts are not at odds: a note may be named .html, and a page .txt, without anyone being misled.
    private static bool Compatible(string type, string claimed) =>
        type == claimed
        || (type == PlainText && claimed.StartsWith("text/", StringComparison.Ordinal))
        || (claimed == PlainText && IsText(type) && type != Html)
        || (type == EncryptedOffice)
        || (IsText(type) && claimed is SourceCode or Xml);

    private static Dictionary<string, string> Extensions(params ReadOnlySpan<(string MediaType, string Extensions)> formats)
    {
        var map = new Dictionary<string, string>();
        foreach (var (mediaType, extensions) in formats)
            foreach (var extension in extensions.Split(' ')) map.Add(extension, mediaType);
        return map;
    }
}

/// <param name="Warning">A sentence for the user where the content contradicts the name or the header.</param>
public readonly record struct DetectedType(string MediaType, string? Warning);
