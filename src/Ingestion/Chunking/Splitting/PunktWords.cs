using System.Buffers;

namespace Ingestion.Chunking.Splitting;

/// <summary>Punkt's word tokens, and whether one of them ends a sentence.</summary>
internal static class PunktWords
{
    private static readonly SearchValues<char> WordEnds = SearchValues.Create("?!)\";}]*:@'({[");
    private static readonly SearchValues<char> NoWordStarts = SearchValues.Create("(\"`{[:;&#*@)}]-,");

    /// <summary>Whether the character cannot stand within a word.</summary>
    public static bool EndsWord(char c) => WordEnds.Contains(c);

    /// <summary>Whether any word but the last ends a sentence.</summary>
    public static bool HasBreak(ReadOnlySpan<char> context)
    {
        var previous = ReadOnlySpan<char>.Empty;
        for (var at = 0; at < context.Length;)
        {
            if (PythonCharacter.IsSpace(context[at]))
            {
                at++;
                continue;
            }
            var length = WordLength(context[at..]);
            var word = context.Slice(at, length);
            if (EndsSentence(previous) && !ContinuesAfter(previous, word)) return true;
            previous = word;
            at += length;
        }
        return false;
    }

    private static bool EndsSentence(ReadOnlySpan<char> word) => word switch
    {
        [] => false,
        ['.' or '?' or '!'] => true,
        [.., '.', '.'] => false,
        [.., '.'] => true,
        _ => false,
    };

    /// <summary>Whether an initial ("J.") or a number ("5.") goes on with the next word after all.</summary>
    private static bool ContinuesAfter(ReadOnlySpan<char> word, ReadOnlySpan<char> next)
    {
        if (word[^1] != '.') return false;
        var initial = IsInitial(word);
        if (!initial && !IsNumber(word)) return false;
        if (next is [';' or ':' or ',' or '.' or '!' or '?']) return true;
        var first = PythonCharacter.CodePointAt(next, 0);
        return PythonCharacter.IsLower(first) || initial && PythonCharacter.IsUpper(first);
    }

    private static bool IsInitial(ReadOnlySpan<char> word)
    {
        var first = PythonCharacter.CodePointAt(word, 0);
        return word.Length == (first > char.MaxValue ? 3 : 2) && PythonCharacter.IsWordButNoDigit(first);
    }

    /// <summary><c>[\.,]?\d[\d,\.-]*\.?</c>.</summary>
    private static bool IsNumber(ReadOnlySpan<char> word)
    {
        var at = word[0] == '.' ? 1 : 0;
        if (at == word.Length || !PythonCharacter.IsDigit(PythonCharacter.CodePointAt(word, at))) return false;
        while (at < word.Length)
        {
            var scalar = PythonCharacter.CodePointAt(word, at);
            if (scalar is not (',' or '.' or '-') && !PythonCharacter.IsDigit(scalar)) return false;
            at += scalar > char.MaxValue ? 2 : 1;
        }
        return true;
    }

    /// <summary>The length of the word that starts the text, which is no white space.</summary>
    private static int WordLength(ReadOnlySpan<char> text)
    {
        if (StartsWithRun(text)) return RunLength(text);
        if (NoWordStarts.Contains(text[0])) return 1;
        var at = 1;
        while (at < text.Length && !EndsWordAt(text[at..])) at++;
        return at;
    }

    private static bool EndsWordAt(ReadOnlySpan<char> text)
    {
        var c = text[0];
        if (c > '\u007F') return PythonCharacter.IsSpace(c);
        if (char.IsAsciiLetterOrDigit(c)) return false;
        return PythonCharacter.IsSpace(c)
            || EndsWord(c)
            || StartsWithRun(text)
            || c == ',' && (text.Length == 1 || PythonCharacter.IsSpace(text[1]) || EndsWord(text[1]) || StartsWithRun(text[1..]));
    }

    /// <summary>Two hyphens or more, two dots or more, or three dots or more with one space between each.</summary>
    private static bool StartsWithRun(ReadOnlySpan<char> text) => text switch
    {
        ['-', '-', ..] => true,
        ['.', '.', ..] => true,
        ['.', var first, '.', var second, '.', ..] => IsInnerSpace(first) && IsInnerSpace(second),
        _ => false,
    };

    private static int RunLength(ReadOnlySpan<char> text)
    {
        var length = 2;
        if (text[1] == text[0])
        {
            while (length < text.Length && text[length] == text[0]) length++;
            return length;
        }
        length = 5;
        while (length + 1 < text.Length && IsInnerSpace(text[length]) && text[length + 1] == '.') length += 2;
        return length;
    }

    /// <summary>Words are read line by line.</summary>
    private static bool IsInnerSpace(char c) => c != '\n' && PythonCharacter.IsSpace(c);
}
