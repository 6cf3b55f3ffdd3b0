using UglyToad.PdfPig;
using UglyToad.PdfPig.Outline;

namespace Ingestion.Extraction.Pdf;

/// <summary>One entry of the document's own table of contents (its bookmarks).</summary>
/// <param name="Depth">From 0.</param>
internal readonly record struct OutlineEntry(string Title, int Depth, int Page)
{
    private const int MaxEntries = 20_000;

    public static List<OutlineEntry> Of(PdfDocument document)
    {
        var entries = new List<OutlineEntry>();
        if (!document.TryGetBookmarks(out var bookmarks, false)) return entries;
        foreach (var node in bookmarks.GetNodes().Take(MaxEntries))
        {
            if (node is DocumentBookmarkNode { PageNumber: > 0 } entry && !string.IsNullOrWhiteSpace(entry.Title))
                entries.Add(new OutlineEntry(entry.Title, entry.Level, entry.PageNumber));
        }
        return entries;
    }
}
