using Ingestion.Chunking.Rechunking;
using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>
/// Keeps sections together where they fit, then blocks, then sentences; tables and code stay whole where they fit. A table that is split
/// goes on by whole rows, and its later chunks name its header rows. No chunk is over the size, the header rows included.
/// </summary>
public sealed class MarkdownChunker : IChunker, ISliceChunker
{
    public string Name => "markdown";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var pieces = new SectionPacker(document.Text, Block.Of(document), options, cancel).Pack();
        return Task.FromResult(new ChunkPlace(document).Describe(pieces));
    }

    Func<int, int, List<Piece>> ISliceChunker.SliceSplitter(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var blocks = Block.Of(document);
        return (start, end) => new SectionPacker(document.Text, Block.Within(blocks, start, end), options, cancel).Pack();
    }
}
