using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ingestion.Chunking;
using Ingestion.Extraction;
using Microsoft.ML.Tokenizers;

namespace Ingestion.Benchmarks;

/// <summary>
/// <c>chunking [text files]</c>: counting and splitting, one thread, warm, beside Microsoft.ML.Tokenizers and the npm peers of
/// <c>bench/peers/chunking</c>; then how time and memory grow with the text. Without files it takes the goldens of the study material.
/// </summary>
internal static class ChunkingBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        var texts = args.Length == 0
            ? ChunkingTexts.Goldens()
            : args.Select(file => (Path.GetFileName(file), File.ReadAllText(file))).ToList();
        if (texts.Count == 0)
        {
            await Console.Error.WriteLineAsync("Name some text files: the goldens of the study material are not here.");
            return 1;
        }
        var cold = Stopwatch.StartNew();
        var used = Environment.CpuUsage.TotalTime;
        var first = TokenCounters.Cl100kBase.Count(texts[0].Item2.AsSpan(0, Math.Min(texts[0].Item2.Length, 3_000)));
        var coldProcessor = (Environment.CpuUsage.TotalTime - used).TotalMilliseconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"first count, of {first} tokens, with the vocabulary: {cold.Elapsed.TotalMilliseconds:0} ms, {coldProcessor:0} ms of processor time"));
        foreach (var (name, text) in texts)
        {
            Rates(name, text);
            await PeersAsync(text);
        }
        ChunkingGrowth.Run(texts);
        return 0;
    }

    private static void Rates(string name, string text)
    {
        var tokens = TokenCounters.Cl100kBase;
        var reference = TiktokenTokenizer.CreateForEncoding("cl100k_base");
        var bytes = Encoding.UTF8.GetByteCount(text);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {bytes / 1e6:0.00} MB, {tokens.Count(text)} tokens"));
        Rate("count", bytes, () => tokens.Count(text));
        Rate("count, Microsoft.ML.Tokenizers 2.0.1", bytes, () => reference.CountTokens(text, considerNormalization: false));
        foreach (var chunker in Chunkers.All.Where(chunker => chunker.Name is not ("semantic" or "auto")))
        {
            foreach (var (size, overlap) in new[] { (1000, 200), (256, 20) })
            {
                var document = new ExtractedDocument { Text = text };
                var options = new ChunkOptions { Size = size, Overlap = overlap, Tokens = tokens };
                Rate(
                    $"{chunker.Name} {size}/{overlap}", bytes,
                    () => chunker.SplitAsync(document, options, CancellationToken.None).GetAwaiter().GetResult().Count);
            }
        }
    }

    /// <summary>Megabytes a second of processor time, which other work on the machine disturbs least: a second, after as long a warm-up.</summary>
    private static void Rate(string what, int bytes, Func<int> run)
    {
        var result = 0;
        for (var warm = Stopwatch.StartNew(); warm.ElapsedMilliseconds < 1_000;) result = run();
        var runs = 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var used = Environment.CpuUsage.TotalTime;
        for (; runs < 3 || Environment.CpuUsage.TotalTime - used < TimeSpan.FromSeconds(1); runs++) run();
        used = Environment.CpuUsage.TotalTime - used;
        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / runs;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {what,-58} {bytes / 1e6 / (used.TotalSeconds / runs),8:0.00} MB/s   gives {result}, allocates {allocated:N0} B"));
    }

    private static async Task PeersAsync(string text)
    {
        var folder = Path.Combine(ChunkingTexts.Root, "bench", "peers", "chunking");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Console.WriteLine("  (npm peers: run `npm install` in bench/peers/chunking)");
            return;
        }
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text);
            // A quarter of a megabyte: the slowest of them needs seconds for that.
            using var node = Process.Start(new ProcessStartInfo("node", ["peers.mjs", file, "250000"]) { WorkingDirectory = folder })!;
            await node.WaitForExitAsync();
        }
        finally
        {
            File.Delete(file);
        }
    }
}
