using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>Splits a document's text into chunks. A new one is one class and one line in <see cref="Chunkers"/>.</summary>
public interface IChunker
{
    /// <summary>As users write it in <c>chunker</c>: lower case, <c>snake_case</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Chunks in text order (<c>hierarchical</c>: level by level), each a slice of the text. White space at a chunk's ends may be left out;
    /// nothing else is.
    /// An empty or blank text gives no chunks.
    /// </summary>
    /// <exception cref="ChunkingException">The options leave no room for text, or lack what the chunker needs.</exception>
    Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel);
}

/// <summary>A document that cannot be split as asked. The message is for the user and says what to do.</summary>
public sealed class ChunkingException(string message) : Exception(message);
