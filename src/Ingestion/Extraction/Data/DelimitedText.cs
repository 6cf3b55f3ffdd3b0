using System.Buffers;

namespace Ingestion.Extraction.Data;

/// <summary>Records of fields parted by a delimiter, quoted with <c>"</c> where they hold one (RFC 4180, and what programs make of it).</summary>
internal static class DelimitedText
{
    private const int SampleLength = 64 * 1024, SampleRecords = 200;

    private static readonly char[] Delimiters = [',', ';', '\t', '|'];

    /// <summary>The delimiter that gives most records the same number of fields, more than one.</summary>
    public static char Detect(string text, char usual)
    {
        var sample = text.Length <= SampleLength ? text : text[..(text.LastIndexOf('\n', SampleLength) is var at and > 0 ? at : SampleLength)];
        var (best, bestScore) = (usual, 0.0);
        foreach (var delimiter in Delimiters)
        {
            var counts = Records(sample, delimiter).Take(SampleRecords).Where(record => record.Count > 1 || record[0].Length > 0).Select(record => record.Count).ToList();
            if (counts.Count == 0) continue;
            var usualCount = counts.GroupBy(count => count).MaxBy(group => group.Count() + (group.Key / 1000.0))!;
            if (usualCount.Key < 2) continue;
            var score = (double)usualCount.Count() / counts.Count + (Math.Min(usualCount.Key, 50) / 1000.0) + (delimiter == usual ? 0.01 : 0);
            if (score > bestScore) (best, bestScore) = (delimiter, score);
        }
        return best;
    }

    /// <summary>A blank line is a record of one empty field.</summary>
    public static IEnumerable<List<string>> Records(string text, char delimiter)
    {
        var ends = SearchValues.Create([delimiter, '\n']);
        var lastQuote = text.LastIndexOf('"');
        var record = new List<string>();
        for (var at = 0; at <= text.Length;)
        {
            if (at == text.Length && record.Count == 0) yield break;
            record.Add(Field(text, ref at, ends, lastQuote));
            if (at < text.Length && text[at] == delimiter)
            {
                at++;
                continue;
            }
            yield return record;
            record = new List<string>(record.Count);
            at++;
        }
    }

    private static string Field(string text, ref int at, SearchValues<char> ends, int lastQuote)
    {
        // A quote that nothing closes is a character like any other: it must not swallow the rest.
        var quoted = at < lastQuote && text[at] == '"';
        var value = quoted ? Quoted(text, ref at) : "";
        var length = text.AsSpan(at).IndexOfAny(ends) is var end and >= 0 ? end : text.Length - at;
        var rest = text.AsSpan(at, length);
        at += length;
        return quoted ? string.Concat(value, rest.TrimEnd()) : rest.Trim(" ").ToString();
    }

    private static string Quoted(string text, ref int at)
    {
        var start = ++at;
        var doubled = false;
        while (true)
        {
            var quote = text.AsSpan(at).IndexOf('"');
            if (quote < 0)
            {
                var all = text[start..];
                at = text.Length;
                return all;
            }
            at += quote + 1;
            if (at < text.Length && text[at] == '"')
            {
                doubled = true;
                at++;
                continue;
            }
            var value = text[start..(at - 1)];
            return doubled ? value.Replace("\"\"", "\"", StringComparison.Ordinal) : value;
        }
    }
}
