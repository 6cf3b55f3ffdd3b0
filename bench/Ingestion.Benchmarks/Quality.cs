using System.Diagnostics;
using System.Globalization;
using Ingestion.Extraction;

namespace Ingestion.Benchmarks;

/// <summary>
/// <c>quality [folder]</c>: reads every document that has a ground truth beside it (<c>x.html</c> and <c>x.html.expected.md</c>) and prints a table a format.
/// With <c>-v</c> it prints a line a document too.
/// </summary>
public static class Quality
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var verbose = arguments.Contains("-v");
        var folder = arguments.FirstOrDefault(argument => !argument.StartsWith('-')) ?? DefaultFolder();
        if (folder is null || !Directory.Exists(folder))
        {
            Console.Error.WriteLine("There is no corpus at ../shared/corpus. Give its folder: quality <folder>");
            return 2;
        }
        var documents = Directory.EnumerateFiles(folder, "*.expected.md", SearchOption.AllDirectories)
            .Select(truth => (Document: truth[..^".expected.md".Length], Truth: truth))
            .Where(pair => File.Exists(pair.Document))
            .OrderBy(pair => pair.Document, StringComparer.Ordinal)
            .GroupBy(pair => Path.GetExtension(pair.Document).TrimStart('.').ToLowerInvariant());

        Console.WriteLine("| format | files | failed | words F1 | order F1 | headings F1 | cells F1 | files/s | MB/s |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var format in documents)
        {
            var scores = new List<TextScore>();
            var lines = new List<string>();
            var clock = new Stopwatch();
            // The first reading compiles; the second is timed.
            foreach (var (document, truth) in format)
            {
                await ReadAsync(document);
                clock.Start();
                var (text, failure) = await ReadAsync(document);
                clock.Stop();
                var score = text is null ? null : TextScore.Of(text, await File.ReadAllTextAsync(truth));
                if (score is not null) scores.Add(score);
                lines.Add($"  {Path.GetFileName(document)}: {(score is null ? failure : $"{Show(score.Words)} {Show(score.Order)} {Show(score.Headings)} {Show(score.Cells)}")}");
            }
            var failed = format.Count() - scores.Count;
            Console.WriteLine($"| {format.Key} | {format.Count()} | {failed} | {Show(Mean(scores.Select(score => (double?)score.Words)))} | "
                + $"{Show(Mean(scores.Select(score => (double?)score.Order)))} | {Show(Mean(scores.Select(score => score.Headings)))} | "
                + $"{Show(Mean(scores.Select(score => score.Cells)))} | {format.Count() / clock.Elapsed.TotalSeconds:F0} | "
                + $"{format.Sum(pair => new FileInfo(pair.Document).Length) / 1e6 / clock.Elapsed.TotalSeconds:F1} |");
            if (verbose) lines.ForEach(Console.WriteLine);
        }
        return 0;
    }

    private static async Task<(string? Text, string Failure)> ReadAsync(string document)
    {
        try
        {
            await using var bytes = File.OpenRead(document);
            var read = await DocumentReaders.ReadAsync(
                new DocumentContent { Bytes = bytes, MediaType = "", FileName = Path.GetFileName(document) }, CancellationToken.None);
            return (read.Text, "");
        }
        catch (ExtractionException fault)
        {
            return (null, $"{fault.Failure}: {fault.Message}");
        }
    }

    private static string? DefaultFolder()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "shared", "corpus") is var corpus && Directory.Exists(corpus)) return corpus;
        return null;
    }

    private static double? Mean(IEnumerable<double?> figures) => figures.Where(figure => figure is not null).Average();

    private static string Show(double? figure) => figure?.ToString("F3", CultureInfo.InvariantCulture) ?? "-";
}
