using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ExcelDataReader;
using ExcelDataReader.Exceptions;

namespace Ingestion.Extraction.Office;

/// <summary>Excel's old binary workbooks (XLS), whose records ExcelDataReader knows.</summary>
public sealed class XlsReader : IDocumentReader
{
    private const int MaxRows = 65_536, MaxColumns = 256;

    static XlsReader() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    public IReadOnlyList<string> MediaTypes { get; } = ["application/vnd.ms-excel"];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel) => Task.Run(() => Read(content, cancel), cancel);

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        // The library's own reader of compound files takes what their tables say on trust.
        var container = CompoundFile.IsOne(content.Bytes) ? new CompoundFile(content.Bytes) : null;
        if (container is null) RefuseZip(content.Bytes);
        var records = container?.ReadStream("Workbook") ?? container?.ReadStream("Book");
        var damaged = records is null ? 0 : RemoveEndless(records);
        try
        {
            using var reader = ExcelReaderFactory.CreateReader(
                records is null ? content.Bytes : new MemoryStream(records, writable: false), new ExcelReaderConfiguration { LeaveOpen = true });
            var document = ReadSheets(reader, content, cancel);
            if (records is not null) document = document with { Warnings = [.. document.Warnings, .. LeftOut(records, damaged)] };
            return container is null ? document : SummaryInformation.Of(container).Describe(document);
        }
        catch (InvalidPasswordException)
        {
            throw OfficePackage.Encrypted();
        }
        catch (HeaderException e)
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The file is no Excel workbook, whatever its name says. Send it under its own type, or open it in its program and save it as XLSX.", e);
        }
        catch (Exception e) when (e is not (ExtractionException or OperationCanceledException or OutOfMemoryException))
        {
            // The library was not written for broken files and fails in a dozen ways.
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The workbook is broken or cut short. Send it again, or open it in its program and save it as XLSX.", e);
        }
    }

    /// <summary>
    /// Several cells of a row in one record, which ends with the number of the last: the library goes on until it has come there, however
    /// far that is. Such a record gets a type that means nothing. Returns how many there were.
    /// </summary>
    private static int RemoveEndless(byte[] records)
    {
        const int Numbers = 0x00BD, Blanks = 0x00BE, Password = 0x002F, Nothing = 0x7FFF;
        var removed = 0;
        foreach (var (at, type, length) in Walk(records))
        {
            // What follows is scrambled, and so as good as any.
            if (type == Password) break;
            if (type is not (Numbers or Blanks) || length < 6) continue;
            int first = BinaryPrimitives.ReadUInt16LittleEndian(records.AsSpan(at + 6)),
                last = BinaryPrimitives.ReadUInt16LittleEndian(records.AsSpan(at + 4 + length - 2));
            if (first <= last && last < MaxColumns) continue;
            BinaryPrimitives.WriteUInt16LittleEndian(records.AsSpan(at), Nothing);
            removed++;
        }
        return removed;
    }

    /// <summary>Where each record begins, its type and the length of what it holds: two bytes for either stand in front.</summary>
    private static IEnumerable<(int At, int Type, int Length)> Walk(byte[] records)
    {
        for (int at = 0, length; at + 4 <= records.Length; at += 4 + length)
        {
            length = BinaryPrimitives.ReadUInt16LittleEndian(records.AsSpan(at + 2));
            if (at + 4 + length <= records.Length) yield return (at, BinaryPrimitives.ReadUInt16LittleEndian(records.AsSpan(at)), length);
        }
    }

    /// <summary>What the library has no eyes for, told by the types of the records.</summary>
    private static IEnumerable<string> LeftOut(byte[] records, int damaged)
    {
        const int Note = 0x001C, Link = 0x01B8, Chart = 0x1002;
        int notes = 0, links = 0, charts = 0;
        foreach (var (_, type, _) in Walk(records))
        {
            switch (type)
            {
                case Note: notes++; break;
                case Link: links++; break;
                case Chart: charts++; break;
            }
        }
        if (damaged > 0) yield return $"Stretches of cells that are damaged were left out: {damaged}. Open the workbook in its program and save it as XLSX.";
        if (notes > 0) yield return $"Comments on cells were left out: {notes}. Save the workbook as XLSX to have them read.";
        if (links > 0) yield return $"The addresses of links were left out: {links}. Save the workbook as XLSX to have them read.";
        if (charts > 0) yield return $"Charts were left out: {charts}. Save the workbook as XLSX to have them read.";
    }

    /// <summary>The library would read a zipped workbook, too, but without any limit on what it unpacks.</summary>
    private static void RefuseZip(Stream bytes)
    {
        var isZip = bytes.ReadByte() == 'P' && bytes.ReadByte() == 'K';
        bytes.Position = 0;
        if (!isZip) return;
        throw new ExtractionException(ExtractionFailure.Corrupt,
            "The file is a zipped workbook, not one in the old binary format. Send it as XLSX or XLSB, under its own type.");
    }

    private static ExtractedDocument ReadSheets(IExcelDataReader reader, DocumentContent content, CancellationToken cancel)
    {
        var writer = new MarkdownWriter(content.Limits);
        var done = 0;
        do
        {
            var grid = new SheetGrid(content.Limits);
            if (reader.RowCount > MaxRows || reader.FieldCount > MaxColumns)
            {
                // The library would look at each of up to four thousand million rows.
                writer.Warn($"The sheet {reader.Name} was left out: it is damaged, and says that it is larger than an XLS sheet can be.");
                continue;
            }
            for (var row = 0; reader.Read(); row++)
            {
                cancel.ThrowIfCancellationRequested();
                for (var column = 0; column < reader.FieldCount; column++)
                {
                    if (Text(reader, column) is { } text) grid.Add(row, column, text);
                }
            }
            grid.Merge((reader.MergeCells ?? []).Select(range => new CellRange(range.FromRow, range.FromColumn, range.ToRow, range.ToColumn)).ToList());
            content.Progress?.Invoke(new ReadProgress(++done, reader.ResultsCount, "sheet"));
            if (grid.IsEmpty) continue;
            writer.Heading(2, reader.VisibleState == "visible" ? reader.Name : $"{reader.Name} (hidden)");
            grid.Write(writer, cancel);
        }
        while (reader.NextResult());
        return writer.ToDocument(content.MediaType);
    }

    private static string? Text(IExcelDataReader reader, int column)
    {
        return reader.GetValue(column) switch
        {
            null => null,
            string text => text,
            bool value => value ? "TRUE" : "FALSE",
            DateTime moment => Moment(moment),
            TimeSpan span => NumberFormat.Text(span.TotalDays, NumberKind.Duration, from1904: false),
            IConvertible number => Number(number.ToDouble(CultureInfo.InvariantCulture), reader.GetNumberFormatString(column)),
            var other => other.ToString(),
        };
    }

    private static string? Number(double value, string? format)
    {
        var kind = NumberFormat.Kind(format ?? "");
        return NumberFormat.Text(value, kind >= NumberKind.Percent ? kind : NumberKind.Plain, from1904: false);
    }

    /// <summary>A moment before 1900 is only a time of day.</summary>
    private static string Moment(DateTime moment) => moment.ToString(
        moment.Year < 1900 ? "HH:mm:ss" : moment.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
