using System.Text;
using System.Text.RegularExpressions;

namespace Ingestion.Benchmarks;

/// <summary>
/// How near an extracted text comes to a ground truth; every figure is 0 to 1, and null where the ground truth has nothing of the kind.
/// </summary>
/// <param name="Words">F1 of the words as a multiset, in lower case, without marks and link addresses.</param>
/// <param name="Order">F1 of the pairs of neighbouring words: it falls when lines or columns are mixed up.</param>
/// <param name="Headings">F1 of the headings, each with its level.</param>
/// <param name="Found">Of the ground truth's headings, the share that is there, at whatever level: some truths know no levels.</param>
/// <param name="Cells">F1 of the table cells as a multiset.</param>
public sealed partial record TextScore(double Words, double Order, double? Headings, double? Found, double? Cells)
{
    public static TextScore Of(string actual, string expected)
    {
        var (words, truth) = (WordsOf(actual), WordsOf(expected));
        return new TextScore(
            F1(words, truth) ?? 1,
            F1(Pairs(words), Pairs(truth)) ?? 1,
            F1(HeadingsOf(actual), HeadingsOf(expected)),
            Recall(Unlevelled(actual), Unlevelled(expected)),
            F1(CellsOf(actual), CellsOf(expected)));
    }

    private static List<string> WordsOf(string markdown)
    {
        var plain = Comment().Replace(markdown, " ");
        plain = Address().Replace(plain, "]");
        // A backslash before a mark is Markdown's own.
        plain = plain.Replace("\\", "", StringComparison.Ordinal).Normalize(NormalizationForm.FormKC).ToLowerInvariant();
        return [.. Word().Matches(plain).Select(match => match.Value)];
    }

    private static List<string> Pairs(List<string> words)
    {
        var pairs = new List<string>(words.Count);
        for (var i = 1; i < words.Count; i++) pairs.Add(words[i - 1] + " " + words[i]);
        return pairs;
    }

    private static List<string> HeadingsOf(string markdown) =>
        [.. Lines(markdown).Where(line => Heading().IsMatch(line))
            .Select(line => line.Split(' ', 2)[0] + " " + string.Join(' ', WordsOf(line)))];

    private static List<string> Unlevelled(string markdown) => HeadingsOf(markdown).ConvertAll(heading => heading.TrimStart('#'));

    private static List<string> CellsOf(string markdown)
    {
        var cells = new List<string>();
        foreach (var line in Lines(markdown))
        {
            var row = line.Trim();
            if (row is not ['|', .., '|'] || DelimiterRow().IsMatch(row)) continue;
            foreach (var cell in CellEnd().Split(row[1..^1]))
                if (string.Join(' ', WordsOf(cell)) is { Length: > 0 } words) cells.Add(words);
        }
        return cells;
    }

    // Headings and tables inside code fences are code. A heading that is underlined is written as one with its marks in front.
    private static IEnumerable<string> Lines(string markdown)
    {
        var code = false;
        var before = "";
        foreach (var line in markdown.Split('\n'))
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                code = !code;
                continue;
            }
            if (code) continue;
            var next = line.TrimEnd('\r');
            if (before.Length > 0 && char.IsLetterOrDigit(before[0]) && Underline().IsMatch(next))
                (before, next) = ((next[0] == '=' ? "# " : "## ") + before, "");
            yield return before;
            before = next;
        }
        yield return before;
    }

    private static double? F1(List<string> actual, List<string> expected) =>
        expected.Count == 0 ? null : 2.0 * Hits(actual, expected) / (actual.Count + expected.Count);

    private static double? Recall(List<string> actual, List<string> expected) =>
        expected.Count == 0 ? null : 1.0 * Hits(actual, expected) / expected.Count;

    private static int Hits(List<string> actual, List<string> expected)
    {
        var left = expected.GroupBy(item => item).ToDictionary(group => group.Key, group => group.Count());
        var hits = 0;
        foreach (var item in actual)
        {
            if (!left.TryGetValue(item, out var count) || count == 0) continue;
            left[item] = count - 1;
            hits++;
        }
        return hits;
    }

    [GeneratedRegex(@"[\p{L}\p{M}\p{N}]+")]
    private static partial Regex Word();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\]\([^)\s]*\)")]
    private static partial Regex Address();

    [GeneratedRegex(@"^#{1,6} \S")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\|[\s\-:|]+\|$")]
    private static partial Regex DelimiterRow();

    [GeneratedRegex("^(={2,}|-{2,})$")]
    private static partial Regex Underline();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex CellEnd();
}
