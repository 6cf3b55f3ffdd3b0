using System.Buffers;

namespace Ingestion.Chunking.Splitting;

/// <summary>Divisions at a separator, which stays at the start of the part that follows it.</summary>
internal static class Separators
{
    public static Division Before(string separator) => (text, start, end) => Starts(text, start, end, separator);

    private static IEnumerable<int> Starts(string text, int start, int end, string separator)
    {
        var at = text.AsSpan(start, end - start).IndexOf(separator);
        if (at != 0) yield return start;
        while (at >= 0)
        {
            var found = start + at;
            yield return found;
            start = found + separator.Length;
            at = text.AsSpan(start, end - start).IndexOf(separator);
        }
    }
}

/// <summary>Divisions after marks, such as commas, each part with its mark.</summary>
internal static class Clauses
{
    /// <summary>Those of LlamaIndex: comma, semicolon and sentence ends, the Chinese ends included.</summary>
    public static readonly SearchValues<char> LlamaIndexMarks = SearchValues.Create(",.;。？！");

    public static readonly SearchValues<char> AllMarks = SearchValues.Create(",.;:!?。？！｡，、；：､،؛।…");

    public static Division After(SearchValues<char> marks) => (text, start, end) => Starts(text, start, end, marks);

    private static IEnumerable<int> Starts(string text, int start, int end, SearchValues<char> marks)
    {
        while (start < end)
        {
            yield return start;
            var at = text.AsSpan(start, end - start).IndexOfAny(marks);
            start = at < 0 ? end : start + at + 1;
        }
    }
}
