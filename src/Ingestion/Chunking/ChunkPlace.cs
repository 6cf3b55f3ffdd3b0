using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>Tells the pages and headings of a document's slices.</summary>
internal sealed class ChunkPlace
{
    private readonly IReadOnlyList<int> _pageStarts;
    private readonly List<int> _headingStarts = [];
    private readonly List<IReadOnlyList<string>> _headingPaths = [];

    public ChunkPlace(ExtractedDocument document)
    {
        _pageStarts = document.PageStarts;
        var open = new List<(int Level, string Title)>();
        foreach (var element in document.Elements)
        {
            if (element.Kind != ElementKind.Heading) continue;
            while (open.Count > 0 && open[^1].Level >= element.Level) open.RemoveAt(open.Count - 1);
            open.Add((element.Level, Title(document.Text.AsSpan(element.Start, element.End - element.Start))));
            _headingStarts.Add(LineStart(document.Text, element.Start));
            _headingPaths.Add([.. open.Select(heading => heading.Title)]);
        }
    }

    public IReadOnlyList<Chunk> Describe(List<Piece> pieces) => pieces.ConvertAll(Describe);

    public Chunk Describe(Piece piece)
    {
        var heading = LastAtOrBefore(_headingStarts, piece.Start);
        var path = heading < 0 ? [] : _headingPaths[heading];
        return new Chunk(piece.Start, piece.End, piece.Tokens, Page(piece.Start), Page(piece.End - 1), path)
        {
            TableHeader = piece.Header is { } header ? new TextSlice(header.Start, header.End) : null,
        };
    }

    /// <summary>Text before the first page's start stands on that page.</summary>
    private int Page(int at) => _pageStarts.Count == 0 ? 0 : Math.Max(1, LastAtOrBefore(_pageStarts, at) + 1);

    /// <summary>Heading marks before the element belong to it.</summary>
    private static int LineStart(string text, int at)
    {
        while (at > 0 && text[at - 1] is '#' or ' ' or '\t') at--;
        return at;
    }

    /// <summary>Without Markdown's marks: "## Title ##", or a line under it.</summary>
    private static string Title(ReadOnlySpan<char> heading)
    {
        if (heading.LastIndexOf('\n') is var line and > 0 && !heading[line..].ContainsAnyExcept("=- \n")) heading = heading[..line];
        heading = heading.TrimStart('#').Trim();
        var open = heading.TrimEnd('#');
        if (open.Length > 0 && char.IsWhiteSpace(open[^1])) heading = open;
        return heading.Trim().ToString().ReplaceLineEndings(" ");
    }

    /// <summary>The index of the last start that is not after a place, or -1.</summary>
    private static int LastAtOrBefore(IReadOnlyList<int> starts, int place)
    {
        int low = 0, high = starts.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (starts[middle] <= place) low = middle + 1;
            else high = middle;
        }
        return low - 1;
    }
}
