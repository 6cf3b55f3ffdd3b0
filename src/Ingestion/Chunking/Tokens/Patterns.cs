using System.Runtime.CompilerServices;

namespace Ingestion.Chunking.Tokens;

/// <summary>Cuts text into the pieces that an encoding merges bytes within, as its regular expression would, scalar by scalar.</summary>
internal interface IPattern
{
    /// <summary>Where the piece that starts at <paramref name="start"/> ends.</summary>
    static abstract int End(ReadOnlySpan<char> text, int start);
}

internal readonly struct Cl100kPattern : IPattern
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int End(ReadOnlySpan<char> text, int start)
    {
        var first = CharClasses.At(text, start, out var width);
        if ((first & CharClass.Letter) != 0) return Runs.Letters(text, start + width);
        if ((first & CharClass.Number) != 0) return Runs.Number(text, start + width);

        if (text[start] == '\'' && Runs.Contraction(text, start) is var contraction and > 0) return start + contraction;
        var next = start + width;
        if (next < text.Length && (first & CharClass.NewLine) == 0
            && (CharClasses.At(text, next, out var nextWidth) & CharClass.Letter) != 0)
        {
            return Runs.Letters(text, next + nextWidth);
        }
        return Runs.Symbols(text, start, out var end)
            ? Runs.NewLines(text, end)
            : Runs.Spaces(text, start);
    }
}

internal readonly struct O200kPattern : IPattern
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int End(ReadOnlySpan<char> text, int start)
    {
        var first = CharClasses.At(text, start, out var width);
        if ((first & CharClass.Number) != 0) return Runs.Number(text, start + width);

        // One character that is no letter may open a word; a word without it is the second choice.
        var opens = (first & (CharClass.Letter | CharClass.NewLine)) == 0;
        var inner = opens ? Word.Scan(text, start + width) : default;
        var whole = (first & (CharClass.UpperLike | CharClass.LowerLike)) != 0 ? Word.Scan(text, start) : default;
        var end = inner.EndingLower > 0 ? inner.EndingLower
            : whole.EndingLower > 0 ? whole.EndingLower
            : inner.Upper > 0 ? inner.Upper
            : whole.Upper;
        if (end > 0) return end < text.Length && text[end] == '\'' ? end + Runs.Contraction(text, end) : end;

        return Runs.Symbols(text, start, out end)
            ? Runs.NewLinesAndSlashes(text, end)
            : Runs.Spaces(text, start);
    }

    /// <param name="EndingLower">End of "upper-like*, lower-like+", 0 for no match.</param>
    /// <param name="Upper">End of "upper-like+" where the first form does not match, 0 for no match.</param>
    private readonly record struct Word(int EndingLower, int Upper)
    {
        public static Word Scan(ReadOnlySpan<char> text, int start)
        {
            var at = start;
            var lastShared = 0;
            while (at < text.Length)
            {
                var found = CharClasses.At(text, at, out var width);
                if ((found & CharClass.UpperLike) == 0) break;
                at += width;
                if ((found & CharClass.LowerLike) != 0) lastShared = at;
            }
            var upper = at;
            while (at < text.Length && (CharClasses.At(text, at, out var width) & CharClass.LowerLike) != 0) at += width;
            if (at > upper) return new Word(at, 0);

            // The expression gives back what it took until a letter that may also end a word is last.
            return lastShared > 0 ? new Word(lastShared, 0) : new Word(0, upper > start ? upper : 0);
        }
    }
}

/// <summary>The parts that the encodings' expressions share.</summary>
internal static class Runs
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Letters(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && (CharClasses.At(text, at, out var width) & CharClass.Letter) != 0) at += width;
        return at;
    }

    /// <summary>Up to three digits, the first of which is already passed.</summary>
    public static int Number(ReadOnlySpan<char> text, int at)
    {
        for (var digits = 1; digits < 3 && at < text.Length; digits++)
        {
            if ((CharClasses.At(text, at, out var width) & CharClass.Number) == 0) break;
            at += width;
        }
        return at;
    }

    /// <summary><c>(?i:'s|'t|'re|'ve|'m|'ll|'d)</c> at an apostrophe: its length, or 0.</summary>
    public static int Contraction(ReadOnlySpan<char> text, int at)
    {
        if (at + 1 >= text.Length) return 0;
        // Case folding makes the long s an s.
        if (text[at + 1] is 's' or 'S' or '\u017F' or 't' or 'T' or 'm' or 'M' or 'd' or 'D') return 2;
        if (at + 2 >= text.Length) return 0;
        return (text[at + 1], text[at + 2]) switch
        {
            ('r' or 'R' or 'v' or 'V', 'e' or 'E') => 3,
            ('l' or 'L', 'l' or 'L') => 3,
            _ => 0,
        };
    }

    /// <summary><c> ?[^\s\p{L}\p{N}]+</c>.</summary>
    public static bool Symbols(ReadOnlySpan<char> text, int start, out int end)
    {
        end = text[start] == ' ' ? start + 1 : start;
        var from = end;
        while (end < text.Length
            && (CharClasses.At(text, end, out var width) & (CharClass.Letter | CharClass.Number | CharClass.Space)) == 0)
        {
            end += width;
        }
        return end > from;
    }

    public static int NewLines(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] is '\r' or '\n') at++;
        return at;
    }

    public static int NewLinesAndSlashes(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] is '\r' or '\n' or '/') at++;
        return at;
    }

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c>: up to the last line end, or all but the space that leads the next word.</summary>
    public static int Spaces(ReadOnlySpan<char> text, int start)
    {
        var at = start;
        var lastNewLine = -1;
        while (at < text.Length && (CharClasses.At(text, at, out _) & CharClass.Space) != 0)
        {
            if (text[at] is '\r' or '\n') lastNewLine = at;
            at++;
        }
        if (lastNewLine >= 0) return lastNewLine + 1;
        return at == text.Length || at == start + 1 ? at : at - 1;
    }
}
