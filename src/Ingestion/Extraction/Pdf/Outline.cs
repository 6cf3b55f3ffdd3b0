using UglyToad.PdfPig;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Outline;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>One entry of the document's own table of contents (its bookmarks).</summary>
/// <param name="Depth">From 0.</param>
internal readonly record struct OutlineEntry(string Title, int Depth, int Page)
{
    private const int MaxEntries = 20_000;
    private const int MaxDepth = 64;

    /// <exception cref="PdfDocumentFormatException">It is nested without end.</exception>
    public static List<OutlineEntry> Of(PdfDocument document)
    {
        if (IsEndless(document)) throw new PdfDocumentFormatException("The outline is nested without end.");
        var entries = new List<OutlineEntry>();
        if (!document.TryGetBookmarks(out var bookmarks, false)) return entries;
        foreach (var node in bookmarks.GetNodes().Take(MaxEntries))
        {
            if (node is DocumentBookmarkNode { PageNumber: > 0 } entry && !string.IsNullOrWhiteSpace(entry.Title))
                entries.Add(new OutlineEntry(entry.Title, entry.Level, entry.PageNumber));
        }
        return entries;
    }

    // The library goes down as deep as it is sent, also round in a circle, until its stack is full.
    private static bool IsEndless(PdfDocument document)
    {
        var scanner = document.Structure.TokenScanner;
        if (document.Structure.Catalog.CatalogDictionary.Value<DictionaryToken>(NameToken.Outlines, scanner) is not { } root) return false;
        var seen = new HashSet<IndirectReference>();
        var waiting = new Stack<(DictionaryToken Parent, int Depth)>([(root, 0)]);
        while (waiting.TryPop(out var next))
        {
            if (next.Depth == MaxDepth) return true;
            var isFirst = true;
            for (var (entry, name) = (next.Parent, NameToken.First); entry.TryGet(name, out var token); (name, isFirst) = (NameToken.Next, false))
            {
                if (token is IndirectReferenceToken reference && !seen.Add(reference.Data))
                {
                    if (isFirst) return true;
                    break;
                }
                if (token.As<DictionaryToken>(scanner) is not { } child) break;
                entry = child;
                waiting.Push((entry, next.Depth + 1));
            }
        }
        return false;
    }
}
