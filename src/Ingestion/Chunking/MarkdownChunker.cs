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
        var chunks = new List<Chunk>();
        var sections = new SectionPacker(document, options, cancel);
        foreach (var (piece, header) in sections.Pack()) chunks.Add(place.Describe(piece) with { TableHeader = header });
        return Task.FromResult<IReadOnlyList<Chunk>>(chunks);
    }
}
