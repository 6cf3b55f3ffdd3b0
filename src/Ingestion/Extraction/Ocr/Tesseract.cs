using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Ocr;

/// <summary>Text recognition by the program tesseract, where it is installed.</summary>
internal static class Tesseract
{
    private const string Program = "tesseract";
    private const int MaxTable = 64 * 1024 * 1024;

    private static readonly Lazy<Task<IReadOnlyList<string>>> Known = new(ListLanguagesAsync);

    /// <summary>What stands in the way of recognising these languages: a sentence that says what to install; null where nothing does.</summary>
    public static async Task<string?> FindObstacleAsync(string languages)
    {
        if (!ExternalTool.IsInstalled(Program)) return "needs the program tesseract, which is not installed (Debian: apt-get install tesseract-ocr tesseract-ocr-spa)";
        var known = await Known.Value;
        var missing = languages.Split('+').Where(language => !known.Contains(language)).ToList();
        return missing.Count == 0
            ? null
            : $"tesseract has no data for {string.Join(" and ", missing)}, only for {string.Join(", ", known)}"
                + $" (Debian: apt-get install {string.Join(' ', missing.Select(language => "tesseract-ocr-" + language.Replace('_', '-')))})";
    }

    /// <summary>The pages of a picture; more than one where it is a TIFF of several.</summary>
    /// <param name="resolution">Dots an inch; null where only the picture itself can know.</param>
    /// <returns>Null where it could not be recognised, and why; whether it was time that lacked.</returns>
    public static async Task<(IReadOnlyList<RecognisedPage>? Pages, string? Why, bool IsLate)> RecogniseAsync(
        ReadOnlyMemory<byte> picture, int? resolution, OcrOptions options, CancellationToken cancel)
    {
        // With the data for it, a page that lies on its side is turned first.
        var mode = (await Known.Value).Contains("osd") ? "1" : "3";
        List<string> arguments = ["stdin", "stdout", "-l", options.Languages, "--psm", mode, "--loglevel", "ERROR"];
        if (resolution is { } dots) arguments.AddRange(["--dpi", dots.ToString(CultureInfo.InvariantCulture)]);
        arguments.Add("tsv");
        var result = await ExternalTool.RunAsync(Program, arguments, picture, MaxTable, options.PageTimeout, cancel);
        return result.End switch
        {
            ToolEnd.Well => (RecognisedPage.ParseTable(Encoding.UTF8.GetString(result.Output)), null, false),
            ToolEnd.TooLong => (null, $"its text was not recognised within {options.PageTimeout.TotalSeconds:0.#} s", true),
            ToolEnd.TooMuch => (null, "the recognition of its text found more than a page can hold", false),
            _ => (null, "the recognition of its text failed", false),
        };
    }

    private static async Task<IReadOnlyList<string>> ListLanguagesAsync()
    {
        var result = await ExternalTool.RunAsync(Program, ["--list-langs"], default, MaxTable, TimeSpan.FromSeconds(10), CancellationToken.None);
        return [.. Encoding.UTF8.GetString(result.Output).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Skip(1)];
    }
}
