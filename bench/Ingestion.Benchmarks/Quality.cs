using System.Globalization;
using Ingestion.Extraction;

namespace Ingestion.Benchmarks;

/// <summary>
/// <c>quality [folder]</c>: reads every document that has a ground truth beside it (<c>x.html</c> and <c>x.html.expected.md</c>) and
/// prints a line a format. With <c>-v</c> it prints a line a document too; with <c>--into page.md</c> it puts the table into that page,
/// between the marks that say where.
/// </summary>
public static class Quality
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var verbose = arguments.Contains("-v");
        var page = arguments.SkipWhile(argument => argument != "--into").Skip(1).FirstOrDefault();
        var folder = arguments.FirstOrDefault(argument => !argument.StartsWith('-') && argument != page) ?? DefaultFolder();
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

        var table = new List<string>
        {
            "| format | files | failed | words F1 | order F1 | headings F1 | headings found | cells F1 |",
            "|---|---|---|---|---|---|---|---|",
        };
        table.ForEach(Console.WriteLine);
        foreach (var format in documents)
        {
            var scores = new List<TextScore>();
            var lines = new List<string>();
            foreach (var (document, truth) in format)
            {
                var (text, failure) = await ReadAsync(document);
                var score = text is null ? null : TextScore.Of(text, await File.ReadAllTextAsync(truth));
                if (score is not null) scores.Add(score);
                lines.Add($"  {Path.GetFileName(document)}: {(score is null ? failure : Show(score))}");
            }
            var failed = format.Count() - scores.Count;
            table.Add($"| {format.Key} | {format.Count()} | {failed} | "
                + $"{Show(Mean(scores.Select(score => (double?)score.Words)))} | "
                + $"{Show(Mean(scores.Select(score => (double?)score.Order)))} | {Show(Mean(scores.Select(score => score.Headings)))} | "
                + $"{Show(Mean(scores.Select(score => score.Found)))} | {Show(Mean(scores.Select(score => score.Cells)))} |");
            Console.WriteLine(table[^1]);
            if (verbose) lines.ForEach(Console.WriteLine);
        }
        if (page is not null) await PutAsync(page, table);
        return 0;
    }

    private static async Task PutAsync(string page, List<string> table)
    {
        const string Begin = "<!-- scores -->", End = "<!-- end of scores -->";
        var text = await File.ReadAllTextAsync(page);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin) throw new InvalidDataException($"{page} has no place for the scores: {Begin} and {End}.");
        await File.WriteAllTextAsync(page, $"{text[..begin]}{Begin}\n{string.Join('\n', table)}\n{text[end..]}");
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

    private static string Show(TextScore score) => $"{Show(score.Words)} {Show(score.Order)} {Show(score.Headings)} {Show(score.Found)} {Show(score.Cells)}";

    private static string Show(double? figure) => figure?.ToString("F3", CultureInfo.InvariantCulture) ?? "-";
}
