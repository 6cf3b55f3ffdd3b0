namespace Ingestion.Extraction.Rtf;

/// <summary>Rich Text Format: paragraphs, headings, lists, tables, links and notes.</summary>
public sealed class RtfReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Rtf];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var bytes = await TextDecoding.ReadBytesAsync(content, cancel);
        if (bytes.AsSpan().IndexOf("{\\rtf"u8) is < 0 or > 1024)
            throw new ExtractionException(ExtractionFailure.Corrupt, "The document is no RTF: it does not start with \"{\\rtf\". Check the file's type.");
        return Read(bytes, content.Limits, cancel) with { MediaType = content.MediaType };
    }

    internal static ExtractedDocument Read(byte[] bytes, ExtractionLimits limits, CancellationToken cancel)
    {
        var body = new RtfBody(new MarkdownWriter(limits), limits);
        var tokens = new RtfTokens(bytes);
        for (var steps = 0; tokens.Next(); steps++)
        {
            if ((steps & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            body.Take(tokens);
        }
        return body.End();
    }
}
