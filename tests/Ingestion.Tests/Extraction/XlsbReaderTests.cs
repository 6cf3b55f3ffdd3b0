using System.IO.Compression;
using System.Text;
using Ingestion.Extraction;
using Ingestion.Extraction.Office;

namespace Ingestion.Tests.Extraction;

public class XlsbReaderTests
{
    private readonly XlsbReader _reader = new();

    [Fact]
    public async Task Cells_of_each_type_are_read()
    {
        var document = await OfficeFiles.ReadAsync(_reader, Xlsb(
            Row(0), Cell(6, 0, 0, Wide("name")), Cell(7, 1, 0, [0, 0, 0, 0]), Cell(4, 2, 0, [1]),
            Row(1), Cell(5, 0, 1, BitConverter.GetBytes(45352.0)), Cell(2, 1, 0, BitConverter.GetBytes((1234 << 2) | 3)), Cell(11, 2, 0, [0x2A])));
        Assert.Equal("## Data (hidden)\n\n| name | shared | TRUE |\n| --- | --- | --- |\n| 2024-03-01 | 12.34 | #N/A |", document.Text);
    }

    [Fact]
    public async Task Merged_cells_repeat_their_label()
    {
        byte[] merge = [.. new byte[12], 1, 0, 0, 0];
        var document = await OfficeFiles.ReadAsync(_reader, Xlsb(
            Row(0), Cell(6, 0, 0, Wide("Both")), Row(1), Cell(6, 0, 0, Wide("a")), Cell(6, 1, 0, Wide("b")), (176, merge)));
        Assert.Equal("## Data (hidden)\n\n| Both | Both |\n| --- | --- |\n| a | b |", document.Text);
    }

    [Fact]
    public async Task Lengths_and_places_that_lie_do_no_harm()
    {
        var document = await OfficeFiles.ReadAsync(_reader, Xlsb(
            Row(-1), Cell(6, 0, 0, [255, 255, 255, 255]), Cell(6, 1, 0, [255, 255, 255, 127, 65]), Cell(7, 2, 0, [9, 9, 9, 9]), Cell(5, -1, 0, []),
            (176, []), (6, []), Cell(6, 3, 0xFFFFFF, Wide("kept"))));
        Assert.Equal("## Data (hidden)\n\nkept", document.Text);
    }

    [Fact]
    public async Task A_part_that_ends_inside_a_record_is_corrupt() => Assert.Equal(ExtractionFailure.Corrupt,
        await OfficeFiles.FailureAsync(_reader, Package(("xl/workbook.bin", [156, 1, 200, 1, 0, 0]))));

    [Fact]
    public async Task A_package_without_a_workbook_is_corrupt() =>
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, Package(("xl/other.bin", [1]))));

    [Fact]
    public async Task A_zip_bomb_is_too_large() => Assert.Equal(ExtractionFailure.TooLarge, await OfficeFiles.FailureAsync(_reader,
        Xlsb([.. Enumerable.Repeat((999, new byte[1000]), 4000)]), new ExtractionLimits { ExpansionFloor = 1_000_000, MaxExpansionRatio = 20 }));

    private static (int, byte[]) Row(int number) => (0, [.. BitConverter.GetBytes(number), .. new byte[21]]);

    private static (int, byte[]) Cell(int type, int column, int format, byte[] value) =>
        (type, [.. BitConverter.GetBytes(column), .. BitConverter.GetBytes(format), .. value]);

    /// <summary>A hidden sheet "Data"; format 1 is a date, string 0 is "shared".</summary>
    private static byte[] Xlsb(params (int Type, byte[] Data)[] sheet) => Package(
        ("xl/workbook.bin", Records((153, new byte[12]), (156, [1, 0, 0, 0, 1, 0, 0, 0, .. Wide("one"), .. Wide("Data")]))),
        ("xl/_rels/workbook.bin.rels", Encoding.UTF8.GetBytes(OfficeFiles.Relations(("one", "worksheet", "worksheets/sheet1.bin"),
            ("two", "styles", "styles.bin"), ("three", "sharedStrings", "sharedStrings.bin")))),
        ("xl/styles.bin", Records((47, new byte[16]), (617, [2, 0, 0, 0]), (47, new byte[16]), (47, [0, 0, 14, 0]), (618, []))),
        ("xl/sharedStrings.bin", Records((19, [0, .. Wide("shared")]))),
        ("xl/worksheets/sheet1.bin", Records(sheet)));

    private static byte[] Package(params (string Name, byte[] Content)[] parts)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in parts)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }
        return bytes.ToArray();
    }

    private static byte[] Wide(string text) => [.. BitConverter.GetBytes(text.Length), .. Encoding.Unicode.GetBytes(text)];

    private static byte[] Records(params (int Type, byte[] Data)[] records) =>
        [.. records.SelectMany(one => (byte[])[.. Varint(one.Type), .. Varint(one.Data.Length), .. one.Data])];

    private static byte[] Varint(int value) => value < 128 ? [(byte)value] : [(byte)((value & 0x7F) | 0x80), (byte)(value >> 7)];
}
