namespace Ingestion.Extraction.Plain;

/// <summary>Source code and configuration: one code block, in which each run of lines after a blank line, back at the margin, is an element.</summary>
public sealed class SourceCodeReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.SourceCode];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel);
        var code = MarkdownWriter.Clean(decoded.Text).Trim('\n');
        if (string.IsNullOrWhiteSpace(code)) return new ExtractedDocument { Text = "", MediaType = content.MediaType, Warnings = decoded.Warnings };
        var fence = new string('`', Math.Max(3, MarkdownWriter.LongestRun(code, '`') + 1));
        var head = fence + Path.GetExtension(content.FileName ?? "").TrimStart('.').ToLowerInvariant() + "\n";
        return new ExtractedDocument
        {
            Text = head + code + "\n" + fence,
            Elements = Parts(code, head.Length, cancel),
            Title = content.FileName is null ? null : Path.GetFileName(content.FileName),
            MediaType = content.MediaType,
            Warnings = decoded.Warnings,
        };
    }

    private static List<Element> Parts(string code, int offset, CancellationToken cancel)
    {
        var parts = new List<Element>();
        int start = 0, end = 0;
        var blank = false;
        for (var line = 0; line < code.Length;)
        {
            if ((parts.Count & 0x3FF) == 0) cancel.ThrowIfCancellationRequested();
            var length = code.AsSpan(line).IndexOf('\n') is var at and >= 0 ? at : code.Length - line;
            var text = code.AsSpan(line, length).TrimEnd();
            if (text.IsEmpty) blank = true;
            else
            {
                // A closing bracket at the margin belongs to what it closes.
                if (blank && end > start && !char.IsWhiteSpace(text[0]) && text[0] is not ('}' or ')' or ']'))
                {
                    parts.Add(new Element(ElementKind.Code, 0, offset + start, offset + end));
                    start = line;
                }
                if (end <= start) start = line;
                (blank, end) = (false, line + text.Length);
            }
            line += length + 1;
        }
        if (end > start) parts.Add(new Element(ElementKind.Code, 0, offset + start, offset + end));
        return parts;
    }
}
