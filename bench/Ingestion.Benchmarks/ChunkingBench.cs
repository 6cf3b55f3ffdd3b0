using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ingestion.Chunking;
using Ingestion.Extraction;
using Microsoft.ML.Tokenizers;

namespace Ingestion.Benchmarks;

/// <summary>
/// <c>chunking [text files]</c>: counting and splitting, one thread, warm, beside Microsoft.ML.Tokenizers. Without files it takes the
/// English and Spanish texts of the study material's goldens. The npm peers are in <c>bench/peers/chunking</c>.
/// </summary>
internal static class ChunkingBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        var texts = args.Length > 0 ? args.Select(file => (Path.GetFileName(file), File.ReadAllText(file))).ToList() : GoldenTexts();
        if (texts.Count == 0)
        {
            await Console.Error.WriteLineAsync("Name some text files: the goldens of the study material are not here.");
            return 1;
        }
        var tokens = TokenCounters.Cl100kBase;
        var reference = TiktokenTokenizer.CreateForEncoding("cl100k_base");
        foreach (var (name, text) in texts)
        {
            var bytes = System.Text.Encoding.UTF8.GetByteCount(text);
            Console.WriteLine($"{name}: {bytes / 1e6:0.00} MB, {text.Length} UTF-16 units, {tokens.Count(text)} tokens");
            Rate("count", bytes, () => tokens.Count(text));
            Rate("count, Microsoft.ML.Tokenizers", bytes, () => reference.CountTokens(text, considerNormalization: false));
            foreach (var (chunker, size, overlap) in new[] { ("sentence", 1000, 200), ("sentence", 256, 20) })
            {
                var document = new ExtractedDocument { Text = text };
                var options = new ChunkOptions { Size = size, Overlap = overlap, Tokens = tokens };
                Rate($"{chunker} {size}/{overlap}", bytes,
                    () => Chunkers.Find(chunker)!.SplitAsync(document, options, CancellationToken.None).GetAwaiter().GetResult().Count);
            }
        }
        return 0;
    }

    /// <summary>The median of the runs that fit into a second and a half, after as long a warm-up.</summary>
    private static void Rate(string what, int bytes, Func<int> run)
    {
        var warm = Stopwatch.StartNew();
        var result = 0;
        while (warm.ElapsedMilliseconds < 1_500) result = run();
        var seconds = new List<double>();
        var all = Stopwatch.StartNew();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        while (seconds.Count < 5 || all.ElapsedMilliseconds < 1_500)
        {
            var one = Stopwatch.StartNew();
            run();
            seconds.Add(one.Elapsed.TotalSeconds);
        }
        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / seconds.Count;
        seconds.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {what,-34} {bytes / 1e6 / seconds[seconds.Count / 2],8:0.0} MB/s   {allocated,12:N0} B allocated   gives {result}"));
    }

    private static List<(string Name, string Text)> GoldenTexts()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ingestion.slnx"))) folder = folder.Parent;
        var goldens = Path.GetFullPath(Path.Combine(folder!.FullName, "..", "shared", "golden", "chunking"));
        if (!Directory.Exists(goldens)) return [];
        string Joined(params string[] names) => string.Join("\n\n", names.Select(name =>
            JsonDocument.Parse(File.ReadAllText(Path.Combine(goldens, name + ".json"))).RootElement.GetProperty("text").GetString()));
        return
        [
            ("English", Joined("en_room", "en_romeo", "en_lincoln1861", "udhr_eng")),
            ("Spanish", Joined("es_quijote_crlf_1mb", "es_quijote_lf", "udhr_spa")),
        ];
    }
}
