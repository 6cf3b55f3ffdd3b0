namespace Ingestion.Extraction.Data;

/// <summary>Tables as text, their fields parted by commas, semicolons, tabs or bars: one Markdown table, its first full record the header row.</summary>
public sealed class CsvReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Csv, Extraction.MediaTypes.Tsv];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel);
        var writer = new MarkdownWriter(content.Limits);
        foreach (var warning in decoded.Warnings) writer.Warn(warning);

        var text = MarkdownWriter.Clean(decoded.Text);
        var delimiter = Declared(ref text) ?? DelimitedText.Detect(text, content.MediaType == Extraction.MediaTypes.Tsv ? '\t' : ',');
        var rows = Rows(text, delimiter, content.Limits, cancel);
        // Lines of one field above the table are its title or notes.
        var width = rows.Count == 0 ? 0 : rows.Max(row => row.Count);
        var notes = width > 1 ? rows.TakeWhile(row => row.Count == 1).ToList() : [];
        foreach (var note in notes) writer.Paragraph(note[0]);
        var table = rows.GetRange(notes.Count, rows.Count - notes.Count);
        if (table.Count > 0 && table.Min(row => row.Count) is var narrowest && narrowest < width)
            writer.Warn($"The records have from {narrowest} to {width} fields; missing ones were left blank.");
        writer.Table(table);
        return writer.ToDocument(content.MediaType);
    }

    private static List<List<string>> Rows(string text, char delimiter, ExtractionLimits limits, CancellationToken cancel)
    {
        var rows = new List<List<string>>();
        long cells = 0;
        foreach (var record in DelimitedText.Records(text, delimiter))
        {
            if ((rows.Count & 0x3FF) == 0) cancel.ThrowIfCancellationRequested();
            if (record.Count == 1 && record[0].Length == 0) continue;
            cells += record.Count;
            if (cells > limits.MaxTableCells)
                throw new ExtractionException(ExtractionFailure.TooLarge, $"The document has more than {limits.MaxTableCells} table cells. Split it and send the parts.");
            rows.Add(record);
        }
        return rows;
    }

    /// <summary>The delimiter that spreadsheets write into a first line <c>sep=;</c>, which is taken off.</summary>
    private static char? Declared(ref string text)
    {
        if (!text.StartsWith("sep=", StringComparison.OrdinalIgnoreCase) || text.Length < 5 || (text.Length > 5 && text[5] != '\n')) return null;
        var delimiter = text[4];
        text = text[Math.Min(text.Length, 6)..];
        return delimiter;
    }
}
