namespace Ingestion.Extraction.Plain;

/// <summary>
/// Plain text of any charset: kept as it is, apart from line ends and control characters; blank lines part its paragraphs.
/// </summary>
public sealed class PlainTextReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.PlainText];

    public bool RunsInProcess => true;

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel);
        var text = MarkdownWriter.Clean(decoded.Text);
        return new ExtractedDocument
        {
            Text = text, Elements = Paragraphs(text, cancel), MediaType = content.MediaType,
            Warnings = decoded.Warnings
        };
    }

    private static List<Element> Paragraphs(string text, CancellationToken cancel)
    {
        var paragraphs = new List<Element>();
        int start = -1, end = 0;
        for (var line = 0; line < text.Length;)
        {
            var length = text.AsSpan(line).IndexOf('\n') is var at and >= 0 ? at : text.Length - line;
            var words = text.AsSpan(line, length).Trim();
            if (words.IsEmpty) Close();
            else
            {
                var indent = length - text.AsSpan(line, length).TrimStart().Length;
                if (start < 0) start = line + indent;
                end = line + indent + words.Length;
            }
            line += length + 1;
            if ((paragraphs.Count & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
        }
        Close();
        return paragraphs;

        void Close()
        {
            if (start >= 0) paragraphs.Add(new Element(ElementKind.Paragraph, 0, start, end));
            start = -1;
        }
    }
}
