using System.Buffers;

namespace Ingestion.Chunking.Splitting;

/// <summary>Divisions at a separator, which stays at the start of the part that follows it.</summary>
internal static class Separators
{
    /// <summary>Where the parts of <c>[start, end)</c> begin, ascending. The first begins at <paramref name="start"/>.</summary>
    public static IEnumerable<int> Starts(string text, int start, int end, string separator)
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

/// <summary>Divisions after a comma, a semicolon or a sentence's end, Chinese ones included, each with its mark.</summary>
internal static class Clauses
{
    private static readonly SearchValues<char> Marks = SearchValues.Create(",.;。？！");

    public static IEnumerable<int> Starts(string text, int start, int end)
    {
        while (start < end)
        {
            yield return start;
            var at = text.AsSpan(start, end - start).IndexOfAny(Marks);
            start = at < 0 ? end : start + at + 1;
        }
    }
}
