using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary><c>markdown</c> where the document has headings, otherwise <c>sentence</c>.</summary>
public sealed class AutoChunker : IChunker
{
    private readonly MarkdownChunker _markdown = new();
    private readonly SentenceChunker _sentence = new();

    public string Name => "auto";

    /// <summary>The chunker that it is for this document.</summary>
    public IChunker For(ExtractedDocument document) =>
        document.Elements.Any(element => element.Kind == ElementKind.Heading) ? _markdown : _sentence;

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel) =>
        For(document).SplitAsync(document, options, cancel);
}
