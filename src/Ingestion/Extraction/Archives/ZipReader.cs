namespace Ingestion.Extraction.Archives;

/// <summary>
/// A ZIP of documents as one document: each file that can be read, in the archive's order of names, under a heading with its path.
/// </summary>
public sealed class ZipReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Zip];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var archive = new Archive(content, cancel);
        var writer = new MarkdownWriter(content.Limits);
        var files = archive.Entries
            .Where(entry => entry.Name.Length > 0 && !IsLeftover(entry.FullName))
            .OrderBy(entry => entry.FullName, StringComparer.Ordinal)
            .ToList();
        for (var i = 0; i < files.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                await DocumentPart.AppendAsync(writer, content, await archive.ReadAsync(files[i], cancel), files[i].FullName, "", cancel);
            }
            catch (InvalidDataException)
            {
                writer.Warn($"\"{files[i].FullName}\" is broken in the archive and was not read.");
            }
            content.Progress?.Invoke(new ReadProgress(i + 1, files.Count, "part"));
        }
        return writer.ToDocument(content.MediaType);
    }

    // What systems leave in archives for themselves.
    private static bool IsLeftover(string path) =>
        path.StartsWith("__MACOSX/", StringComparison.Ordinal) || path.EndsWith(".DS_Store", StringComparison.Ordinal)
            || path.EndsWith("Thumbs.db", StringComparison.OrdinalIgnoreCase);
}
