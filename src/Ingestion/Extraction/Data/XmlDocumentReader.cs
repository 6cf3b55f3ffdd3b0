using System.Text;
using System.Xml;

namespace Ingestion.Extraction.Data;

/// <summary>
/// Any XML: elements that hold only elements become nested lists, elements that hold text become items or paragraphs, titles become headings.
/// No entity of the document's own and nothing from outside is ever resolved.
/// </summary>
public sealed class XmlDocumentReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Xml];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel, DeclaredInside);
        var writer = new MarkdownWriter(content.Limits);
        foreach (var warning in decoded.Warnings) writer.Warn(warning);
        var tree = new XmlTree();
        try
        {
            using var source = new StringReader(decoded.Text.TrimStart());
            using var reader = XmlReader.Create(source, new XmlReaderSettings
            {
                DtdProcessing = DtdProcessing.Ignore,
                XmlResolver = null,
                CheckCharacters = false,
                IgnoreComments = true,
                IgnoreProcessingInstructions = true,
            });
            tree.Read(reader, content.Limits, cancel);
        }
        catch (XmlException fault)
        {
            if (tree.IsEmpty)
                throw new ExtractionException(ExtractionFailure.Corrupt, $"The XML is broken at line {fault.LineNumber}: {fault.Message} Mend it and send it again.", fault);
            writer.Warn($"The XML is broken at line {fault.LineNumber}; what stands before that was read, and the rest was not.");
        }
        tree.Write(writer, cancel);
        return writer.ToDocument(content.MediaType) with { Title = tree.Title, Language = tree.Language };
    }

    private static string? DeclaredInside(byte[] bytes)
    {
        var head = Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, 200));
        var at = head.StartsWith("<?xml", StringComparison.Ordinal) ? head.IndexOf("encoding=", StringComparison.Ordinal) : -1;
        if (at < 0 || at + 10 >= head.Length) return null;
        var end = head.IndexOf(head[at + 9], at + 10);
        return end < 0 ? null : head[(at + 10)..end];
    }
}
