using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Ingestion.Extraction;
using Ingestion.Extraction.Host;

namespace Ingestion.Benchmarks;

/// <summary>
/// <c>formats [folder]</c>: how fast one warm worker reads each format, beside <c>pdftotext</c> and <c>@kreuzberg/node</c> where they run,
/// and how much memory it takes for all documents of the folder.
/// </summary>
public static class FormatsBench
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var folder = arguments.FirstOrDefault() ?? "../shared/corpus";
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"There is no folder {folder}. Give one: formats <folder>");
            return 2;
        }
        Console.WriteLine("| what | measured |");
        Console.WriteLine("|---|---|");
        await PdfAsync(folder);
        foreach (var extension in (string[])["docx", "pptx", "xlsx", "html", "odt", "rtf", "eml", "epub"])
        {
            var files = Load(folder, extension);
            if (files.Count == 0) continue;
            var (rounds, seconds) = await RepeatAsync(files);
            var bytes = files.Sum(file => (long)file.Bytes.Length);
            Row($"{extension}, {files.Count} files", $"{rounds * files.Count / seconds:F0} files/s, {rounds * bytes / 1e6 / seconds:F1} MB/s");
        }
        var cells = (Name: "cells.xlsx", Bytes: Workbook(100_000, 10));
        var (times, took) = await RepeatAsync([cells]);
        Row("xlsx, a million cells", $"{times / took:F2} M cells/s");
        var page = (Name: "long.html", Bytes: Encoding.UTF8.GetBytes(Page(5_000_000)));
        (times, took) = await RepeatAsync([page]);
        Row("html, one page of 5 MB", $"{times * page.Bytes.Length / 1e6 / took:F1} MB/s");
        Row("memory of a worker that reads all of the folder", $"{await WorkerMemoryAsync(folder) / 1e6:F0} MB");
        return 0;
    }

    private static async Task PdfAsync(string folder)
    {
        var files = Load(folder, "pdf");
        var readable = new List<(string Name, byte[] Bytes)>();
        var counts = new List<int>();
        var pages = 0;
        foreach (var file in files)
        {
            // Only what all can read counts, and single pages measure starting more than reading.
            if (await ReadAsync(file.Name, file.Bytes) is not { PageCount: > 1 and var count }) continue;
            readable.Add(file);
            counts.Add(count);
            pages += count;
        }
        if (readable.Count == 0) return;
        var (rounds, seconds) = await RepeatAsync(readable);
        var own = rounds * pages / seconds;
        Row($"pdf, {readable.Count} files, {pages} pages", $"{own:F0} pages/s");
        if (await OthersAsync("pdftotext", file => ["-q", "-enc", "UTF-8", file, "/dev/null"], readable) is { } other)
            Row("the same by pdftotext", $"{pages / other:F0} pages/s: ours is {own / (pages / other):F2} of it");
        await RatiosAsync(readable, counts);
        var script = Path.Combine("bench", "peers", "extraction", "kreuzberg.mjs");
        if (!Directory.Exists(Path.Combine("bench", "peers", "extraction", "node_modules")))
            Row("the same by @kreuzberg/node", "not there: run `npm install` in bench/peers/extraction");
        else if (await OutputAsync("node", [script, .. readable.Select(file => file.Name)]) is { } output
            && double.TryParse(output.Trim(), CultureInfo.InvariantCulture, out var kreuzberg))
            Row("the same by @kreuzberg/node", $"{pages / kreuzberg:F0} pages/s: ours is {own / (pages / kreuzberg):F2} of it");
        else
            Row("the same by @kreuzberg/node", "does not run here: its native part needs glibc 2.38");
    }

    /// <summary>Document by document, since one that is hard for either would be all of the sum.</summary>
    private static async Task RatiosAsync(List<(string Name, byte[] Bytes)> files, List<int> pages)
    {
        var times = new List<(string Name, int Pages, double Ours, double Theirs)>();
        for (var i = 0; i < files.Count; i++)
        {
            await ReadAsync(files[i].Name, files[i].Bytes);
            var clock = Stopwatch.StartNew();
            await ReadAsync(files[i].Name, files[i].Bytes);
            var ours = clock.Elapsed.TotalSeconds;
            if (await OthersAsync("pdftotext", name => ["-q", "-enc", "UTF-8", name, "/dev/null"], [files[i]]) is not { } theirs) return;
            times.Add((Path.GetFileName(files[i].Name), pages[i], ours, theirs));
        }
        var ratios = times.OrderBy(time => time.Theirs / time.Ours).ToList();
        string Ratio((string Name, int Pages, double Ours, double Theirs) time) => $"{time.Theirs / time.Ours:F2} ({time.Name})";
        Row("how many times as fast, the document in the middle; the slowest", $"{Ratio(ratios[ratios.Count / 2])}; {Ratio(ratios[0])}");
        var hardest = times.MaxBy(time => time.Theirs);
        times.Remove(hardest);
        var (own, other, rest) = (times.Sum(time => time.Ours), times.Sum(time => time.Theirs), times.Sum(time => time.Pages));
        Row($"without {hardest.Name}, hardest for pdftotext ({hardest.Theirs:F1} s)",
            $"{rest / own:F0} pages/s, pdftotext {rest / other:F0}: ours is {other / own:F2} of it");
    }

    /// <summary>Resident bytes, at their highest, of a reading process as the service runs it.</summary>
    private static async Task<long> WorkerMemoryAsync(string folder)
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 1 });
        var reading = Task.Run(async () =>
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                if (path.Contains("/hostile/", StringComparison.Ordinal) || MediaTypes.FromName(path) is null) continue;
                await ReadAsync(path, await File.ReadAllBytesAsync(path), host.ReadAsync);
            }
        });
        var highest = 0L;
        while (!reading.IsCompleted)
        {
            foreach (var process in host.ProcessIds) highest = Math.Max(highest, ResidentMemory.HighestOf(process));
            await Task.Delay(2);
        }
        await reading;
        return highest;
    }

    private static async Task<double?> OthersAsync(string program, Func<string, string[]> arguments, List<(string Name, byte[] Bytes)> files)
    {
        var clock = Stopwatch.StartNew();
        foreach (var (name, _) in files)
            if (await OutputAsync(program, arguments(name)) is null) return null;
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Null where the program is missing or fails.</summary>
    private static async Task<string?> OutputAsync(string program, string[] arguments)
    {
        try
        {
            using var child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
            var output = await child.StandardOutput.ReadToEndAsync();
            await child.WaitForExitAsync();
            return child.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Once to compile, then for three seconds at least.</summary>
    private static async Task<(int Rounds, double Seconds)> RepeatAsync(List<(string Name, byte[] Bytes)> files)
    {
        for (var warm = Stopwatch.StartNew(); warm.Elapsed < Long;)
            foreach (var (name, bytes) in files) await ReadAsync(name, bytes);
        var clock = Stopwatch.StartNew();
        var rounds = 0;
        while (clock.Elapsed < Long)
        {
            foreach (var (name, bytes) in files) await ReadAsync(name, bytes);
            rounds++;
        }
        return (rounds, clock.Elapsed.TotalSeconds);
    }

    private static async Task<ExtractedDocument?> ReadAsync(
        string name, byte[] bytes, Func<DocumentContent, CancellationToken, Task<ExtractedDocument>>? read = null)
    {
        try
        {
            return await (read ?? DocumentReaders.ReadAsync)(
                new DocumentContent { Bytes = new MemoryStream(bytes), MediaType = "", FileName = Path.GetFileName(name) }, CancellationToken.None);
        }
        catch (ExtractionException)
        {
            return null;
        }
    }

    private static List<(string Name, byte[] Bytes)> Load(string folder, string extension) =>
    [
        .. Directory.EnumerateFiles(folder, "*." + extension, SearchOption.AllDirectories)
            .Where(path => !path.Contains("/hostile/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => (path, File.ReadAllBytes(path))),
    ];

    private static byte[] Workbook(int rows, int columns)
    {
        const string Main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        const string Office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        const string Packages = "http://schemas.openxmlformats.org/package/2006/relationships";
        var sheet = new StringBuilder($"<worksheet xmlns=\"{Main}\"><sheetData>");
        for (var row = 1; row <= rows; row++)
        {
            sheet.Append(CultureInfo.InvariantCulture, $"<row r=\"{row}\">");
            for (var column = 0; column < columns; column++)
                sheet.Append(CultureInfo.InvariantCulture, $"<c r=\"{(char)('A' + column)}{row}\"><v>{(row * 31) + column}.5</v></c>");
            sheet.Append("</row>");
        }
        sheet.Append("</sheetData></worksheet>");
        var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("_rels/.rels", $"<Relationships xmlns=\"{Packages}\"><Relationship Id=\"a\" Type=\"{Office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
            Add("xl/workbook.xml", $"<workbook xmlns=\"{Main}\" xmlns:r=\"{Office}\"><sheets><sheet name=\"Cells\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>");
            Add("xl/_rels/workbook.xml.rels", $"<Relationships xmlns=\"{Packages}\"><Relationship Id=\"a\" Type=\"{Office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>");
            Add("xl/worksheets/sheet1.xml", sheet.ToString());

            void Add(string name, string text)
            {
                using var entry = new StreamWriter(zip.CreateEntry(name, CompressionLevel.Fastest).Open());
                entry.Write(text);
            }
        }
        return packed.ToArray();
    }

    private static string Page(int length)
    {
        var page = new StringBuilder("<!doctype html><html><body><main>");
        for (var i = 0; page.Length < length; i++)
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>Section {i}</h2><p>Some <b>words</b> about <a href=\"/{i}\">thing {i}</a>, ");
            page.Append("long enough to be a paragraph as people write them, with a few clauses and a full stop at its end.</p><ul><li>one</li><li>two</li></ul>");
        }
        return page.Append("</main></body></html>").ToString();
    }

    private static void Row(string what, string measured) => Console.WriteLine($"| {what} | {measured} |");
}
