using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>
/// LlamaIndex's SemanticSplitterNodeParser: cuts between two sentences whose surroundings have the most different vectors.
/// What is over the size is split further, which the original does not do.
/// </summary>
public sealed class SemanticChunker : IChunker
{
    private const int TextsPerCall = 64;

    public string Name => "semantic";

    public async Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var text = document.Text;
        var place = new ChunkPlace(document);
        var exact = options with { Overlap = 0, Strict = true };
        var chunks = new List<Chunk>();
        foreach (var (start, end) in await CutAsync(text, options, cancel))
        {
            foreach (var piece in ReadableSplitter.Split(text, start, end, exact, cancel)) chunks.Add(place.Describe(piece));
        }
        return chunks;
    }

    /// <summary>The slices between the cuts, of any size, which tile the text.</summary>
    internal static async Task<List<TextSlice>> CutAsync(string text, ChunkOptions options, CancellationToken cancel)
    {
        var embed = options.Embed
            ?? throw new ChunkingException(
                "The semantic chunker needs an embedding provider. Choose another chunker, or configure EMBEDDING_PROVIDER.");
        List<int> starts = [.. ScriptSentences.Division(options.KeepAbbreviations)(text, 0, text.Length), text.Length];
        var sentences = starts.Count - 1;
        var distances = await DistancesAsync();
        var threshold = Percentile(distances, options.SemanticPercentile);

        var slices = new List<TextSlice>();
        var from = 0;
        for (var i = 0; i < distances.Length; i++)
        {
            if (distances[i] <= threshold) continue;
            slices.Add(new TextSlice(starts[from], starts[i + 1]));
            from = i + 1;
        }
        if (from < sentences) slices.Add(new TextSlice(starts[from], text.Length));
        return slices;

        async Task<double[]> DistancesAsync()
        {
            if (sentences < 2) return [];
            var found = new double[sentences - 1];
            ReadOnlyMemory<float> previous = default;
            for (var first = 0; first < sentences; first += TextsPerCall)
            {
                var count = Math.Min(TextsPerCall, sentences - first);
                var vectors = await embed([.. Enumerable.Range(first, count).Select(Surroundings)], cancel);
                if (vectors.Count != count)
                {
                    throw new ChunkingException(
                        $"The embedding provider gave {vectors.Count} vectors for {count} texts. Try again, or choose another chunker.");
                }
                for (var i = 0; i < count; i++)
                {
                    if (first + i > 0) found[first + i - 1] = 1 - Cosine(previous.Span, vectors[i].Span);
                    previous = vectors[i];
                }
            }
            return found;
        }

        string Surroundings(int sentence)
        {
            var first = starts[Math.Max(0, sentence - options.SemanticBuffer)];
            var last = starts[Math.Min(sentences, sentence + 1 + options.SemanticBuffer)];
            return text[first..last];
        }
    }

    /// <summary>Between the two nearest values, linearly, as numpy does.</summary>
    internal static double Percentile(double[] values, double percent)
    {
        if (values.Length == 0) return 0;
        double[] sorted = [.. values.Order()];
        var rank = percent / 100 * (sorted.Length - 1);
        var below = (int)Math.Floor(rank);
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, lengthA = 0, lengthB = 0;
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            dot += (double)a[i] * b[i];
            lengthA += (double)a[i] * a[i];
            lengthB += (double)b[i] * b[i];
        }
        return lengthA == 0 || lengthB == 0 ? 0 : dot / Math.Sqrt(lengthA * lengthB);
    }
}
