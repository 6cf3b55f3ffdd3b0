using Ingestion.Chunking;

namespace Ingestion.Store;

/// <summary>A version's text, read once for all its hits.</summary>
internal sealed class SlicedContent(string text)
{
    private readonly CodePoints _points = new(text);

    public string Slice(CodePointRange range) => text[_points.OffsetOf(range.Start).._points.OffsetOf(range.End)];
}
