using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>Names pages in a warning: "Page 3", "Pages 1–4, 7 and 12 more".</summary>
internal static class PageNames
{
    private const int MaxRanges = 12;

    public static string Of(IReadOnlyList<int> pages)
    {
        if (pages.Count == 1) return $"Page {pages[0]}";
        var text = new StringBuilder("Pages ");
        var ranges = 0;
        for (var i = 0; i < pages.Count;)
        {
            if (ranges++ == MaxRanges) return text.Append(" and ").Append(pages.Count - i).Append(" more").ToString();
            var end = i;
            while (end + 1 < pages.Count && pages[end + 1] == pages[end] + 1) end++;
            if (i > 0) text.Append(", ");
            text.Append(pages[i]);
            if (end > i) text.Append('–').Append(pages[end]);
            i = end + 1;
        }
        return text.ToString();
    }
}
