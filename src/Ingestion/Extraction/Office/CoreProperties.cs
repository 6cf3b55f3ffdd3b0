using System.Globalization;

namespace Ingestion.Extraction.Office;

/// <summary>A document's own description of itself (docProps/core.xml, meta.xml).</summary>
internal sealed record CoreProperties
{
    public string? Title { get; init; }
    public string? Author { get; init; }
    public string? Language { get; init; }
    public DateTimeOffset? Created { get; init; }
    public DateTimeOffset? Modified { get; init; }

    /// <param name="depth">Of the element whose children are the properties.</param>
    public static CoreProperties Read(XmlPart xml, int depth)
    {
        var found = new CoreProperties();
        while (xml.NextChild(depth))
        {
            found = xml.Name switch
            {
                "title" => found with { Title = Text(xml) },
                "creator" => found with { Author = Text(xml) },
                "initial-creator" => found with { Author = found.Author ?? Text(xml) },
                "language" => found with { Language = Text(xml) },
                "created" or "creation-date" => found with { Created = Time(xml.Text()) },
                "modified" => found with { Modified = Time(xml.Text()) },
                "date" => found with { Modified = found.Modified ?? Time(xml.Text()) },
                _ => found,
            };
        }
        return found;
    }

    public ExtractedDocument Describe(ExtractedDocument document, string? title = null, string? language = null) => document with
    {
        Title = Title ?? title,
        Author = Author,
        Language = Language ?? language,
        Created = Created,
        Modified = Modified,
    };

    private static string? Text(XmlPart xml)
    {
        var text = MarkdownWriter.Clean(xml.Text()).Trim();
        return text.Length == 0 ? null : text;
    }

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
