using System.Buffers;

namespace Ingestion.Chunking.Splitting;

/// <summary>Sentences of every script: Punkt's, divided again at the ends that it does not know, such as the Chinese full stop.</summary>
internal static class ScriptSentences
{
    private static readonly SearchValues<char> Marks = SearchValues.Create("。！？｡।॥؟۔։።។။");
    private static readonly SearchValues<char> Closers = SearchValues.Create("」』）】》〉〕”’\"')]");

    public static Division Division(bool keepAbbreviations)
    {
        Division sentences = keepAbbreviations ? Abbreviations.SentenceStarts : Punkt.Starts;
        return (text, start, end) => Starts(text, start, end, sentences);
    }

    private static IEnumerable<int> Starts(string text, int start, int end, Division sentences)
    {
        var from = -1;
        foreach (var at in sentences(text, start, end))
        {
            if (from >= 0)
            {
                foreach (var inner in Within(text, from, at)) yield return inner;
            }
            from = at;
        }
        if (from < 0) yield break;
        foreach (var inner in Within(text, from, end)) yield return inner;
    }

    private static IEnumerable<int> Within(string text, int start, int end)
    {
        yield return start;
        var thai = text.AsSpan(start, end - start).ContainsAnyInRange('\u0E01', '\u0E5B');
        for (var at = start; at < end;)
        {
            var found = NextEnd(text.AsSpan(at, end - at), thai);
            if (found < 0) yield break;
            at += found;
            while (at < end && PythonCharacter.IsSpace(text[at])) at++;
            if (at < end) yield return at;
        }
    }

    /// <summary>Just after a sentence's mark and what closes it; Thai, which has none, ends a sentence at a space.</summary>
    private static int NextEnd(ReadOnlySpan<char> text, bool thai)
    {
        var at = thai ? NextThaiSpaceOrMark(text) : text.IndexOfAny(Marks);
        if (at < 0 || text[at] == ' ') return at;
        at++;
        while (at < text.Length && (Marks.Contains(text[at]) || Closers.Contains(text[at]))) at++;
        return at;
    }

    private static int NextThaiSpaceOrMark(ReadOnlySpan<char> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (Marks.Contains(text[at])) return at;
            if (text[at] == ' ' && at > 0 && at + 1 < text.Length && IsThaiLetter(text[at - 1]) && IsThaiLetter(text[at + 1])) return at;
        }
        return -1;
    }

    private static bool IsThaiLetter(char c) => c is >= '\u0E01' and <= '\u0E4F';
}
