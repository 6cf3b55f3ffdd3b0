namespace Ingestion.Extraction.Archives;

/// <summary>A document within a document: a file in an archive, an attachment of a mail.</summary>
internal static class DocumentPart
{
    /// <summary>
    /// Reads the part and appends it under a heading with its name; one that cannot be read is a warning, not the end of the whole.
    /// </summary>
    public static async Task AppendAsync(MarkdownWriter writer, DocumentContent whole, byte[] bytes, string name, string mediaType,
        CancellationToken cancel)
    {
        if (whole.Nesting + 1 > whole.Limits.MaxNesting)
        {
            writer.Warn($"\"{name}\" lies in more than {whole.Limits.MaxNesting} documents and was not read. Send it by itself.");
            return;
        }
        try
        {
            var part = await DocumentReaders.ReadAsync(
                new DocumentContent
                {
                    Bytes = new MemoryStream(bytes, writable: false),
                    MediaType = mediaType,
                    FileName = name,
                    Limits = whole.Limits with { MaxTextLength = Math.Max(1, whole.Limits.MaxTextLength - writer.Length) },
                    Nesting = whole.Nesting + 1,
                    Ocr = whole.Ocr,
                },
                cancel);
            writer.Heading(1, name);
            writer.Append(part with { Warnings = [.. part.Warnings.Select(warning => $"{name}: {warning}")] });
        }
        catch (ExtractionException fault) when (fault.Failure is not (ExtractionFailure.TooLarge or ExtractionFailure.OutOfMemory))
        {
            writer.Warn(fault.Failure == ExtractionFailure.Unsupported
                ? $"\"{name}\" was not read: its type is none of those that are."
                : $"\"{name}\" was not read. {fault.Message}");
        }
    }
}
