using System.Diagnostics;
using System.Globalization;
using Ingestion.Extraction;
using Ingestion.Extraction.Host;

namespace Ingestion.Benchmarks;

/// <summary>What reading in a process of its own costs a document over reading it here, both warm, turn by turn.</summary>
internal static class HostBench
{
    private const int Rounds = 200;

    public static async Task<int> RunAsync()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 1, DocumentsPerProcess = int.MaxValue });
        var clock = Stopwatch.StartNew();
        await host.ReadAsync(Page(1_000), CancellationToken.None);
        Console.WriteLine($"start of a process to its first answer: {clock.ElapsedMilliseconds} ms\n");
        Console.WriteLine("| document | here, ms | own process, ms | more, ms |\n|---|---|---|---|");
        foreach (var size in (int[])[1_000, 30_000, 300_000, 3_000_000])
        {
            var (here, there) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                here.Add(await TimeAsync(Page(size), DocumentReaders.ReadAsync));
                there.Add(await TimeAsync(Page(size), host.ReadAsync));
                if (clock.Elapsed > TimeSpan.FromSeconds(100)) break;
            }
            var (a, b) = (Median(here), Median(there));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| web page of {size} bytes | {a:0.00} | {b:0.00} | {b - a:0.00} |"));
        }
        return 0;
    }

    private static DocumentContent Page(int bytes)
    {
        var page = new System.Text.StringBuilder("<!doctype html><title>t</title>");
        for (var i = 0; page.Length < bytes; i++) page.Append(CultureInfo.InvariantCulture, $"<p>Paragraph {i} of a page, with some <b>bold</b> words and some plain ones.</p>\n");
        return new() { Bytes = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(page.ToString())), MediaType = MediaTypes.Html, IsTypeCertain = true };
    }

    private static async Task<double> TimeAsync(DocumentContent page, Func<DocumentContent, CancellationToken, Task<ExtractedDocument>> read)
    {
        var clock = Stopwatch.StartNew();
        await read(page, CancellationToken.None);
        return clock.Elapsed.TotalMilliseconds;
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
