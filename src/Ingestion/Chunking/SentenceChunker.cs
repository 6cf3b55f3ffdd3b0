using Ingestion.Chunking.Rechunking;
using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>LlamaIndex's SentenceSplitter, chunk by chunk the same.</summary>
public sealed class SentenceChunker : IChunker, ISliceChunker
{
    public string Name => "sentence";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var pieces = LlamaIndexSplitter.Sentences(document.Text, 0, document.Text.Length, options, cancel);
        return Task.FromResult(new ChunkPlace(document).Describe(pieces));
    }

    Func<int, int, List<Piece>> ISliceChunker.SliceSplitter(ExtractedDocument document, ChunkOptions options, CancellationToken cancel) =>
        (start, end) => LlamaIndexSplitter.Sentences(document.Text, start, end, options, cancel);
}
