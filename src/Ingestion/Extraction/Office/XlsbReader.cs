namespace Ingestion.Extraction.Office;

/// <summary>Excel's zipped binary workbooks (XLSB): the package of an XLSX, its parts as binary records.</summary>
public sealed class XlsbReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes { get; } = ["application/vnd.ms-excel.sheet.binary.macroenabled.12"];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel) =>
        Task.Run(() => OfficePackage.Reading(() => Read(content, cancel)), cancel);

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        using var package = OfficePackage.Open(content, cancel);
        var packageParts = package.RelationshipsOf("");
        var workbookPart = packageParts.PartOfType("officeDocument") ?? "xl/workbook.bin";
        var relationships = package.RelationshipsOf(workbookPart);
        var book = new Workbook();
        if (!Read(package, workbookPart, record => ReadBook(record, book, relationships)))
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The package is not a binary workbook. Send it under its own type, or open it in its program and save it as XLSX.");
        }
        Read(package, relationships.PartOfType("styles"), record => ReadStyle(record, book));
        Read(package, relationships.PartOfType("sharedStrings"), record =>
        {
            if (record.Type == RecordType.SharedString) book.Strings.Add(record.Text(1));
        });

        var writer = new MarkdownWriter(content.Limits);
        for (var i = 0; i < book.Sheets.Count; i++)
        {
            var sheet = book.Sheets[i];
            var cells = new Sheet(new SheetGrid(content.Limits), []);
            if (!Read(package, sheet.Part, record => ReadCell(record, book, cells)))
                writer.Warn($"The sheet \"{sheet.Name}\" is missing from the file.");
            cells.Grid.Merge(cells.Merged);
            if (!cells.Grid.IsEmpty)
            {
                writer.Heading(2, sheet.Title);
                cells.Grid.Write(writer, cancel);
            }
            var parts = sheet.Part is null ? Relationships.None : package.RelationshipsOf(sheet.Part);
            if (parts.PartOfType("comments") is not null) writer.Warn($"Comments on cells of \"{sheet.Name}\" were left out.");
            if (parts.PartOfType("drawing") is not null) writer.Warn($"Charts and pictures on \"{sheet.Name}\" were left out.");
            content.Progress?.Invoke(new ReadProgress(i + 1, book.Sheets.Count, "sheet"));
        }

        var properties = new CoreProperties();
        package.TryRead(packageParts.PartOfType("core-properties"), writer, xml =>
        {
            if (xml.ReadRoot()) properties = CoreProperties.Read(xml, xml.Depth);
        });
        return properties.Describe(writer.ToDocument(content.MediaType));
    }

    /// <summary>False where the package has no such part.</summary>
    private static bool Read(OfficePackage package, string? part, Action<BinaryRecord> read)
    {
        using var stream = part is null ? null : package.OpenPart(part);
        if (stream is null) return false;
        using var buffered = new BufferedStream(stream, 64 * 1024);
        var record = new BinaryRecord();
        while (record.ReadNext(buffered)) read(record);
        return true;
    }

    private static void ReadBook(BinaryRecord record, Workbook book, Relationships relationships)
    {
        if (record.Type == RecordType.WorkbookProperties)
        {
            book.From1904 = (record.UInt32(0) & 1) != 0;
        }
        else if (record.Type == RecordType.BundleSheet)
        {
            var id = record.Text(8);
            book.Sheets.Add(new XlsxSheetEntry(record.Text(12 + (2 * id.Length)), relationships.Part(id), record.UInt32(0) != 0));
        }
    }

    private static void ReadStyle(BinaryRecord record, Workbook book)
    {
        switch (record.Type)
        {
            case RecordType.NumberFormat: book.Codes[record.UInt16(0)] = NumberFormat.Kind(record.Text(2)); break;
            case RecordType.BeginCellFormats: book.InCellFormats = true; break;
            case RecordType.EndCellFormats: book.InCellFormats = false; break;
            case RecordType.Format when book.InCellFormats:
                var id = record.UInt16(2);
                book.Formats.Add(book.Codes.TryGetValue(id, out var kind) ? kind : NumberFormat.BuiltIn(id));
                break;
        }
    }

    private static void ReadCell(BinaryRecord record, Workbook book, Sheet sheet)
    {
        if (record.Type == RecordType.Row)
        {
            sheet.Row = (int)Math.Min(record.UInt32(0), CellReference.MaxRows - 1);
            return;
        }
        if (record.Type == RecordType.MergedCells)
        {
            if (record.UInt32(4) < CellReference.MaxRows && record.UInt32(12) < CellReference.MaxColumns)
                sheet.Merged.Add(new CellRange((int)record.UInt32(0), (int)record.UInt32(8), (int)record.UInt32(4), (int)record.UInt32(12)));
            return;
        }
        if (record.Type is < RecordType.Number or > RecordType.FormulaError) return;
        var column = record.UInt32(0);
        if (column >= CellReference.MaxColumns) return;
        var format = (int)(record.UInt32(4) & 0xFFFFFF);
        var text = record.Type switch
        {
            RecordType.Number => Number(Rk(record.UInt32(8)), format, book),
            RecordType.Real or RecordType.FormulaReal => Number(record.Double(8), format, book),
            RecordType.Bool or RecordType.FormulaBool => record.Byte(8) != 0 ? "TRUE" : "FALSE",
            RecordType.Error or RecordType.FormulaError => Error(record.Byte(8)),
            RecordType.Text or RecordType.FormulaText => record.Text(8),
            _ => record.UInt32(8) is var index && index < book.Strings.Count ? book.Strings[(int)index] : "",
        };
        sheet.Grid.Add(sheet.Row, (int)column, text);
    }

    private static string Number(double value, int format, Workbook book)
    {
        var kind = format < book.Formats.Count ? book.Formats[format] : NumberKind.Plain;
        return NumberFormat.Text(value, kind, book.From1904) ?? NumberFormat.Text(value, NumberKind.Plain, book.From1904)!;
    }

    /// <summary>A number in 30 bits: an integer, or the upper half of a double; divided by 100 where the lowest bit says so.</summary>
    private static double Rk(uint packed)
    {
        var value = (packed & 2) != 0 ? (int)packed >> 2 : BitConverter.UInt64BitsToDouble((ulong)(packed & ~3u) << 32);
        return (packed & 1) != 0 ? value / 100 : value;
    }

    private static string Error(byte code) => code switch
    {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        _ => "#ERROR",
    };

    private sealed class Workbook
    {
        public List<XlsxSheetEntry> Sheets { get; } = [];
        public List<string> Strings { get; } = [];
        public Dictionary<int, NumberKind> Codes { get; } = [];
        public List<NumberKind> Formats { get; } = [];
        public bool InCellFormats { get; set; }
        public bool From1904 { get; set; }
    }

    private sealed record Sheet(SheetGrid Grid, List<CellRange> Merged)
    {
        public int Row { get; set; }
    }
}
