using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>LlamaIndex's TokenTextSplitter, chunk by chunk the same.</summary>
public sealed class TokenChunker : IChunker
{
    public string Name => "token";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var pieces = LlamaIndexSplitter.Tokens(document.Text, 0, document.Text.Length, options, cancel);
        return Task.FromResult(new ChunkPlace(document).Describe(pieces));
    }
}
