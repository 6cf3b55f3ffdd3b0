using System.Buffers.Binary;
using Ingestion.Extraction;
using Ingestion.Extraction.Office;

namespace Ingestion.Tests.Extraction;

public class XlsReaderTests
{
    private readonly XlsReader _reader = new();

    [Fact]
    public async Task Every_workbook_of_the_corpus_is_read()
    {
        var read = 0;
        foreach (var path in OfficeFiles.Golden("xls", "*.xls").Where(path => path.EndsWith(".xls", StringComparison.Ordinal)))
        {
            var document = await OfficeFiles.ReadAsync(_reader, await File.ReadAllBytesAsync(path, Cancel));
            Assert.StartsWith("## ", document.Text, StringComparison.Ordinal);
            read++;
        }
        Assert.NotEqual(0, read);
    }

    [Fact]
    public async Task Cells_of_a_binary_workbook_become_a_table()
    {
        var document = await OfficeFiles.ReadAsync(_reader, await File.ReadAllBytesAsync(
            OfficeFiles.Golden("xls", "testEXCEL_hyperlinks.xls").First(), Cancel));
        Assert.StartsWith("## Sheet1\n\n| this is a | http_tika_link |", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_workbook_or_only_a_part_of_one_is_corrupt()
    {
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, "name;value\n1;2\n"u8.ToArray()));
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, []));
        Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, OfficeFiles.Package(("xl/workbook.xml", "<workbook/>"))));
        var bytes = await File.ReadAllBytesAsync(OfficeFiles.Golden("xls", "testEXCEL_hyperlinks.xls").First(), Cancel);
        for (var tenth = 0; tenth < 5; tenth++)
            Assert.Equal(ExtractionFailure.Corrupt, await OfficeFiles.FailureAsync(_reader, bytes[..(bytes.Length * tenth / 10)]));
    }

    [Fact]
    public async Task Flipped_bytes_never_raise_anything_unforeseen()
    {
        var good = await File.ReadAllBytesAsync(OfficeFiles.Golden("xls", "testEXCEL_hyperlinks.xls").First(), Cancel);
        var random = new Random(11);
        for (var round = 0; round < 100; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var flips = random.Next(1, 30); flips > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                await OfficeFiles.ReadAsync(_reader, bytes);
            }
            catch (ExtractionException)
            {
                continue;
            }
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cells_that_go_on_without_end_are_left_out_with_a_warning()
    {
        // Two records, one of numbers and one of blanks, end in column 65,535: no number without sign gets beyond that.
        var bytes = await File.ReadAllBytesAsync(OfficeFiles.Golden("xls/hostile", "endless-cells.xls").First(), Cancel);
        var read = await OfficeFiles.ReadAsync(_reader, bytes);
        Assert.Contains(read.Warnings, warning => warning.StartsWith("Stretches of cells that are damaged were left out: 2.", StringComparison.Ordinal));
        Assert.Contains("| Total ", read.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sheet_that_says_it_is_larger_than_the_format_allows_is_left_out_with_a_warning()
    {
        var bytes = await File.ReadAllBytesAsync(OfficeFiles.Golden("xls", "testEXCEL_hyperlinks.xls").First(), Cancel);
        // The record of a sheet's size: type 0x0200, 14 bytes long, the first row and the one after the last.
        byte[] size = [0x00, 0x02, 0x0E, 0x00];
        var whole = (await OfficeFiles.ReadAsync(_reader, bytes)).Text;
        var at = bytes.AsSpan().IndexOf(size);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + 8), 0x7FFF_FFF0);

        var read = await OfficeFiles.ReadAsync(_reader, bytes);

        Assert.Contains(read.Warnings, warning => warning.Contains("larger than an XLS sheet can be", StringComparison.Ordinal));
        Assert.True(read.Text.Length < whole.Length);
    }
}
