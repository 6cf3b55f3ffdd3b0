namespace Ingestion.Extraction.Plain;

/// <summary>
/// Markdown: kept as it is, its blocks found where they stand. A YAML front matter gives title, author, language and dates.
/// </summary>
public sealed class MarkdownReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Markdown];

    public bool RunsInProcess => true;

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel);
        var text = MarkdownWriter.Clean(decoded.Text);
        var front = FrontMatter.Find(text);
        var elements = MarkdownBlocks.Find(text, front.End, cancel);
        if (front.End > 0) elements.Insert(0, new Element(ElementKind.Code, 0, 0, front.End));
        return new ExtractedDocument
        {
            Text = text,
            Elements = elements,
            Title = front["title"] ?? FirstTitle(text, elements),
            Author = front["author"] ?? front["authors"],
            Language = front["lang"] ?? front["language"],
            Created = Date(front["date"] ?? front["created"]),
            Modified = Date(front["lastmod"] ?? front["updated"] ?? front["modified"]),
            MediaType = content.MediaType,
            Warnings = decoded.Warnings,
        };
    }

    private static string? FirstTitle(string text, List<Element> elements)
    {
        var at = elements.FindIndex(element => element is { Kind: ElementKind.Heading, Level: 1 });
        if (at < 0) return null;
        var line = text.AsSpan(elements[at].Start, elements[at].End - elements[at].Start);
        return line.StartsWith("#") ? line.Trim("# \t").ToString() : line[..Math.Max(0, line.LastIndexOf('\n'))].Trim().ToString();
    }

    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture,
            System.Globalization.DateTimeStyles.AssumeUniversal, out var date)
            ? date.ToUniversalTime()
            : null;
}

/// <summary>The block of <c>name: value</c> lines between two <c>---</c> at a text's start.</summary>
internal sealed class FrontMatter
{
    private const int MaxLines = 500;

    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>After its closing line, without the line end; 0 where the text has no front matter.</summary>
    public int End { get; private init; }

    /// <summary>Null where it does not say, or says it in more than one line.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    public static FrontMatter Find(string text)
    {
        if (!text.StartsWith("---\n", StringComparison.Ordinal)) return new FrontMatter();
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var line = 4;
        for (var i = 0; i < MaxLines && line < text.Length; i++)
        {
            var length = text.AsSpan(line).IndexOf('\n') is var at and >= 0 ? at : text.Length - line;
            var words = text.AsSpan(line, length).TrimEnd();
            if (words is "---" or "...")
            {
                var found = new FrontMatter { End = line + words.Length };
                foreach (var (name, value) in values) found._values[name] = value;
                return found;
            }
            var colon = words.IndexOf(':');
            if (colon > 0 && !char.IsWhiteSpace(words[0]) && words[0] != '-')
            {
                var value = words[(colon + 1)..].Trim().Trim("\"'[]").Trim();
                if (!value.IsEmpty) values.TryAdd(words[..colon].TrimEnd().ToString(), value.ToString());
            }
            line += length + 1;
        }
        return new FrontMatter();
    }
}
