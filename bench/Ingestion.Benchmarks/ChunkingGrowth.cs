using System.Globalization;
using Ingestion.Chunking;
using Ingestion.Extraction;

namespace Ingestion.Benchmarks;

/// <summary>How the time and memory of splitting grow with the text: prose up to 100 MB, and words and marks without an end.</summary>
internal static class ChunkingGrowth
{
    private static readonly ChunkOptions Options = new() { Size = 1000, Overlap = 200, Tokens = TokenCounters.Cl100kBase };

    public static void Run(IReadOnlyList<(string Name, string Text)> texts)
    {
        Console.WriteLine("prose, sentence 1000/200: seconds of processor time, and the process's peak above what it had with the text, as a multiple of the text");
        var points = new List<(double Length, double Seconds)>();
        foreach (var length in (int[])[10_000, 100_000, 1_000_000, 10_000_000, 100_000_000])
        {
            var text = ChunkingTexts.Shuffled(texts.Select(text => text.Text), length);
            var (seconds, memory) = Split(new SentenceChunker(), text, length < 1_000_000 ? 20 : 1);
            points.Add((length, seconds));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {length,11:N0} characters {seconds,9:0.0000} s   {Multiple(memory, length)}"));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  exponent {Exponent(points):0.00}"));

        Console.WriteLine("10,000,000 characters of one kind");
        (string Name, string Part)[] kinds =
        [
            ("one word", "a"), ("one word of many letters", "abcdefghijklmnopqrstuvwxyzñ"), ("Chinese", "漢字"), ("dots", "."),
            ("dots and spaces", ". "), ("closed marks", "?)"), ("spaces", " "), ("line ends", "\n"), ("emoji", "😀"),
        ];
        foreach (var (name, part) in kinds)
        {
            var text = string.Concat(Enumerable.Repeat(part, 10_000_000 / part.Length));
            foreach (var chunker in Chunkers.All.Where(chunker => chunker.Name is "sentence" or "token" or "markdown"))
            {
                var (seconds, memory) = Split(chunker, text, 1);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  {name,-26} {chunker.Name,-10} {seconds,7:0.00} s   {Multiple(memory, text.Length)}"));
            }
        }
    }

    private static (double Seconds, long? Memory) Split(IChunker chunker, string text, int runs)
    {
        var document = new ExtractedDocument { Text = text };
        var fastest = double.MaxValue;
        for (var i = 0; i < runs; i++)
        {
            var used = Environment.CpuUsage.TotalTime;
            chunker.SplitAsync(document, Options, CancellationToken.None).GetAwaiter().GetResult();
            fastest = Math.Min(fastest, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
        }
        var memory = ResidentMemory.PeakOf(() => chunker.SplitAsync(document, Options, CancellationToken.None).GetAwaiter().GetResult());
        return (fastest, memory);
    }

    /// <summary>A multiple of the text in UTF-16; what the runtime takes anyway says nothing of a small text.</summary>
    private static string Multiple(long? memory, int length) =>
        memory is null || length < 1_000_000 ? "" : string.Create(CultureInfo.InvariantCulture, $"{memory / (2.0 * length):0.00} ×");

    /// <summary>The slope of a straight line through the logarithms: 1 is linear.</summary>
    private static double Exponent(List<(double Length, double Seconds)> points)
    {
        var x = points.Select(point => Math.Log(point.Length)).ToArray();
        var y = points.Select(point => Math.Log(point.Seconds)).ToArray();
        return x.Zip(y, (a, b) => (a - x.Average()) * (b - y.Average())).Sum() / x.Sum(a => (a - x.Average()) * (a - x.Average()));
    }
}
