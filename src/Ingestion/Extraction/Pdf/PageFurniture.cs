using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Finds what a page repeats from its neighbours: running titles, page numbers, marks at the margins.
/// Only what stands in the outer part of the page is looked at.
/// </summary>
internal static class PageFurniture
{
    private const float Zone = 0.15f;
    private const float NumberZone = 0.2f;
    private const float Edge = 0.09f;
    private const float HeadEdge = 0.12f;
    private const float LargerThanText = 1.1f;
    private const int MaxLines = 3;
    private const int MaxLength = 160;

    private readonly record struct Place(TextBlock Block, bool Top, string Key, int? Number);

    /// <summary>Takes the repeated blocks out of the pages and returns them.</summary>
    /// <param name="body">The type size of the document's text.</param>
    public static List<TextBlock> Take(List<List<TextBlock>> pages, Func<int, float> pageHeight, float body)
    {
        var places = new List<Place>();
        foreach (var page in pages)
        {
            foreach (var block in page)
            {
                if (PlaceOf(block, pageHeight(block.Page)) is { } place) places.Add(place);
            }
        }

        var taken = new HashSet<TextBlock>();
        var needed = pages.Count <= 6 ? 2 : 3;
        foreach (var group in places.GroupBy(place => (place.Top, place.Key)))
        {
            if (group.Select(place => place.Block.Page).Distinct().Count() >= needed) taken.UnionWith(group.Select(place => place.Block));
        }
        var numbered = places.Where(place => place.Number is not null);
        foreach (var group in numbered.GroupBy(place => (place.Top, place.Number - place.Block.Page)))
        {
            // Two sections may have the numbers of their pages by chance.
            if (group.Select(place => place.Block.Page).Distinct().Count() >= 3) taken.UnionWith(group.Select(place => place.Block));
        }
        foreach (var place in places)
        {
            if (IsAlone(place, pageHeight(place.Block.Page), body)) taken.Add(place.Block);
        }
        if (taken.Count == 0) return [];
        foreach (var page in pages) page.RemoveAll(taken.Contains);
        return [.. taken.OrderBy(block => block.Page).ThenBy(block => block.Box.Top)];
    }

    // What needs no second page to be known: a bare page number, a running title with a page number set apart,
    // or what the file itself marks so.
    private static bool IsAlone(Place place, float height, float body)
    {
        var block = place.Block;
        if (block.Lines.TrueForAll(line => line.Artifact)) return true;
        if (block.Lines.Count != 1) return false;
        if (place.Top && place.Number is not null && block.Lines[0].Pieces > 1 && block.Size < LargerThanText * body)
            return block.Box.Top < HeadEdge * height;
        var edge = place.Top ? block.Box.Top < Edge * height : block.Box.Bottom > (1 - Edge) * height;
        return edge && place.Key is "#" or "- # -" or "page #" or "page # of #" or "# / #" or "#/#" or "página #" or "página # de #";
    }

    private static Place? PlaceOf(TextBlock block, float height)
    {
        if (block.Kind == BlockKind.Table || block.Frame.Angle != 0) return null;
        if (block.Lines.Count is 0 or > MaxLines || block.Length > MaxLength) return null;
        var text = Paragraphs.Join(block.Lines);
        var key = KeyOf(text);
        var zone = key == "#" ? NumberZone : Zone;
        var top = block.Box.Bottom < zone * height;
        if (!top && block.Box.Top < (1 - zone) * height) return null;
        return new Place(block, top, key, NumberOf(text));
    }

    private static string KeyOf(string text)
    {
        var key = new StringBuilder(text.Length);
        var cut = text.LastIndexOf(' ') + 1;
        if (IsRoman(text.AsSpan(cut))) text = text[..cut] + '1';
        foreach (var c in text)
        {
            if (!char.IsDigit(c)) key.Append(char.ToLowerInvariant(c));
            else if (key.Length == 0 || key[^1] != '#') key.Append('#');
        }
        return key.ToString().Trim();
    }

    private static bool IsRoman(ReadOnlySpan<char> word) => word.Length is > 0 and <= 6 && word.IndexOfAnyExcept("ivxl") < 0;

    /// <summary>The number that the text starts or ends with.</summary>
    private static int? NumberOf(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) return null;
        if (words[^1].Length <= 4 && int.TryParse(words[^1], out var last)) return last;
        return words[0].Length <= 4 && int.TryParse(words[0], out var first) ? first : null;
    }
}
