using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>
/// LlamaIndex's HierarchicalNodeParser: chunks of the size, each split into chunks of a quarter of it, and those once more
/// (2048, 512, 128). The list goes level by level, each in text order.
/// </summary>
public sealed class HierarchicalChunker : IChunker
{
    private const int Levels = 3;
    private const int Ratio = 4;

    public string Name => "hierarchical";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var place = new ChunkPlace(document);
        var chunks = new List<Chunk>();
        Add(0, document.Text.Length, parent: null, options);
        var levelStart = 0;
        var size = options.Size;
        var metadata = options.Size - options.SizeForText();
        for (var level = 1; level < Levels && size / Ratio > metadata; level++)
        {
            size /= Ratio;
            var levelEnd = chunks.Count;
            // An overlap of more than half of the smallest chunks would multiply them.
            var smaller = options with { Size = size, Overlap = Math.Min(options.Overlap, size / 2) };
            for (var parent = levelStart; parent < levelEnd; parent++)
            {
                Add(chunks[parent].Start, chunks[parent].End, parent, smaller);
                chunks[parent] = chunks[parent] with { IsParent = true };
            }
            levelStart = levelEnd;
        }
        return Task.FromResult<IReadOnlyList<Chunk>>(chunks);

        void Add(int start, int end, int? parent, ChunkOptions options)
        {
            foreach (var piece in LlamaIndexSplitter.Sentences(document.Text, start, end, options, cancel))
                chunks.Add(place.Describe(piece) with { Parent = parent });
        }
    }
}
