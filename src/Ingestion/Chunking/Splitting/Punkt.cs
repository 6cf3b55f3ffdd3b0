using System.Buffers;

namespace Ingestion.Chunking.Splitting;

/// <summary>
/// Finds sentences as NLTK's PunktSentenceTokenizer does without training data, which is how LlamaIndex uses it:
/// every ". ? !" before white space or closing punctuation ends a sentence, but for initials, numbers and ellipses.
/// </summary>
internal static class Punkt
{
    private static readonly SearchValues<char> Marks = SearchValues.Create(".?!");
    private static readonly SearchValues<char> AsciiSpaces = SearchValues.Create(" \t\n\r\v\f");

    /// <summary>
    /// Where the sentences of <c>[start, end)</c> begin, ascending. White space after a sentence is its own.
    /// The first begins at <paramref name="start"/>; blank text has none.
    /// </summary>
    public static IEnumerable<int> Starts(string text, int start, int end)
    {
        while (end > start && PythonCharacter.IsSpace(text[end - 1])) end--;
        var from = start;
        foreach (var (stop, next) in Breaks(text, start, end))
        {
            var closers = Closers(text, next, end);
            if (from < stop || closers > 0) yield return from;
            from = next + closers;
        }
        if (from < end) yield return from;
    }

    /// <summary>Quotes and brackets that open a slice but close the sentence before it, with the white space after them.</summary>
    private static int Closers(string text, int start, int end)
    {
        var at = start;
        while (at < end && text[at] is '"' or '\'' or ')' or ']' or '}') at++;
        if (at == start) return 0;
        if (at == end || at + 1 < end && text[at] == '-' && text[at + 1] == '-') return at - start;
        var closed = at;
        while (at < end && PythonCharacter.IsSpace(text[at])) at++;
        return at > closed ? at - start : 0;
    }

    /// <summary>Each end of a sentence, just after its mark, and where the next one begins.</summary>
    private static IEnumerable<(int Stop, int Next)> Breaks(string text, int start, int end)
    {
        // The mark seen last, not judged yet: where its word starts, where it is, what follows it.
        int word = start, mark = start, next = -1;
        for (var at = start; at < end; at++)
        {
            var found = text.AsSpan(at, end - at).IndexOfAny(Marks);
            if (found < 0) break;
            at += found;
            var following = at + 1;
            while (following < end && PythonCharacter.IsSpace(text[following])) following++;
            if (following == end || following == at + 1 && !PunktWords.EndsWord(text[following])) continue;

            // A space at the very start counts as none, as in the original; marks without a space between them are judged at the last.
            var space = text.AsSpan(mark, at - mark).LastIndexOfAny(AsciiSpaces);
            var newWord = space > 0 ? mark + space + 1 : word;
            if (next >= 0 && mark <= newWord && IsBreak(text, word, mark, next, end)) yield return (mark + 1, next);
            (word, mark, next) = (newWord, at, following);
        }
        if (next >= 0 && IsBreak(text, word, mark, next, end)) yield return (mark + 1, next);
    }

    /// <summary>Judges a mark by its word and what follows it: one character of punctuation, or the next word.</summary>
    private static bool IsBreak(string text, int word, int mark, int next, int end)
    {
        var stop = next + 1;
        if (next > mark + 1)
        {
            while (stop < end && !PythonCharacter.IsSpace(text[stop])) stop++;
        }
        return PunktWords.HasBreak(text.AsSpan(word, stop - word));
    }
}
