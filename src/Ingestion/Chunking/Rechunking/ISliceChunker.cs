using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking.Rechunking;

/// <summary>A chunker that can split a slice of a document as it would split the whole.</summary>
internal interface ISliceChunker
{
    /// <summary>Splits slices of one document.</summary>
    Func<int, int, List<Piece>> SliceSplitter(ExtractedDocument document, ChunkOptions options, CancellationToken cancel);
}
