using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>
/// A chunk is a sentence, as in LlamaIndex's SentenceWindowNodeParser, and knows the sentences around it. A sentence over the size is split
/// further, and its parts share one window.
/// </summary>
public sealed class SentenceWindowChunker : IChunker
{
    public string Name => "sentence_window";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var text = document.Text;
        var place = new ChunkPlace(document);
        Division sentences = options.KeepAbbreviations ? Abbreviations.SentenceStarts : Punkt.Starts;
        List<int> starts = [.. sentences(text, 0, text.Length), text.Length];
        var exact = options with { Overlap = 0, Strict = true };
        var chunks = new List<Chunk>();
        for (var i = 0; i < starts.Count - 1; i++)
        {
            var first = starts[Math.Max(0, i - options.WindowSentences)];
            var last = starts[Math.Min(starts.Count - 1, i + 1 + options.WindowSentences)];
            var (start, end) = PythonCharacter.Strip(text, first, last);
            foreach (var piece in LlamaIndexSplitter.Sentences(text, starts[i], starts[i + 1], exact, cancel))
                chunks.Add(place.Describe(piece) with { Window = new TextSlice(start, end) });
        }
        return Task.FromResult<IReadOnlyList<Chunk>>(chunks);
    }
}
