using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>
/// Keeps sections together where they fit, then blocks, then sentences; tables and code stay whole where they fit. A table that is split
/// goes on by whole rows, and its later chunks name its header rows. No chunk is over the size, the header rows included.
/// </summary>
public sealed class MarkdownChunker : IChunker
{
    public string Name => "markdown";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        var place = new ChunkPlace(document);
        var pieces = new SectionPacker(document, options, cancel).Pack();
        var chunks = pieces.ConvertAll(piece => place.Describe(piece) with
        {
            TableHeader = piece.Header is { } header ? new TextSlice(header.Start, header.End) : null,
        });
        return Task.FromResult<IReadOnlyList<Chunk>>(chunks);
    }
}
