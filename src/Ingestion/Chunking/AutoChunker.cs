using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary><c>markdown</c> where the document has headings, otherwise <c>sentence</c>.</summary>
public sealed class AutoChunker : IChunker
{
    private readonly MarkdownChunker _markdown = new();
    private readonly SentenceChunker _sentence = new();

    public string Name => "auto";

    public Task<IReadOnlyList<Chunk>> SplitAsync(ExtractedDocument document, ChunkOptions options, CancellationToken cancel) =>
        document.Elements.Any(element => element.Kind == ElementKind.Heading)
            ? _markdown.SplitAsync(document, options, cancel)
            : _sentence.SplitAsync(document, options, cancel);
}
