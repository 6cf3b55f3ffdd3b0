using System.Text.RegularExpressions;

namespace Ingestion.Tests.Extraction;

/// <summary>How much of a document's words, and of their order, an extraction found: F1 over words and over pairs of neighbours.</summary>
internal static partial class WordScore
{
    public static (double Words, double Order) Of(string text, string expected)
    {
        var found = Words(text);
        var wanted = Words(expected.Replace("<!-- image -->", "", StringComparison.Ordinal));
        return (F1(found, wanted), F1(Pairs(found), Pairs(wanted)));
    }

    private static List<string> Words(string text) =>
        Word().Matches(System.Net.WebUtility.HtmlDecode(text).Replace("\\_", "_", StringComparison.Ordinal))
            .Select(match => match.Value.ToLowerInvariant()).ToList();

    private static List<string> Pairs(List<string> words) => words.Zip(words.Skip(1), (a, b) => $"{a} {b}").ToList();

    private static double F1(List<string> found, List<string> wanted)
    {
        if (found.Count == 0 && wanted.Count == 0) return 1;
        var counts = wanted.CountBy(word => word).ToDictionary();
        var matched = found.CountBy(word => word).Sum(one => Math.Min(one.Value, counts.GetValueOrDefault(one.Key)));
        return 2.0 * matched / (found.Count + wanted.Count);
    }

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();
}
