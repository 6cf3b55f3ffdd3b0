using Ingestion.Chunking.Sentences;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>LlamaIndex's SentenceSplitter, chunk by chunk the same.</summary>
public sealed class SentenceChunker : IChunker
{
    public string Name => "sentence";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var text = document.Text;
        var place = new ChunkPlace(document);
        var pieces = SentenceSplitter.Split(text, 0, text.Length, options.Size, options.Overlap, options.Tokens, cancel);
        return Task.FromResult<IReadOnlyList<Chunk>>(pieces.ConvertAll(piece => place.Describe(piece.Start, piece.End, piece.Tokens)));
    }
}
