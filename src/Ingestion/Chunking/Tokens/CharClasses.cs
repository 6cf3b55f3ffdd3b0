using System.Globalization;
using System.Runtime.CompilerServices;

namespace Ingestion.Chunking.Tokens;

/// <summary>What the encodings' patterns ask of a character. <c>\s</c> is Unicode's White_Space.</summary>
[Flags]
internal enum CharClass : byte
{
    /// <summary>Punctuation, symbols, marks, controls: whatever is no letter, number or space.</summary>
    Other = 0,
    Letter = 1,
    Number = 2,
    Space = 4,

    /// <summary><c>[\r\n]</c>, which are also <see cref="Space"/>.</summary>
    NewLine = 8,

    /// <summary><c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>.</summary>
    UpperLike = 16,

    /// <summary><c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>.</summary>
    LowerLike = 32,

    /// <summary>Half of a scalar, or half of nothing.</summary>
    Surrogate = 64,
}

internal static class CharClasses
{
    private static readonly CharClass[] Table = BuildTable();

    /// <summary>The class of the scalar that starts at an index; a lone surrogate is <see cref="CharClass.Other"/>.</summary>
    /// <param name="width">Its UTF-16 units, 1 or 2.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CharClass At(ReadOnlySpan<char> text, int index, out int width)
    {
        var found = Table[text[index]];
        if (found == CharClass.Surrogate) return AtSurrogate(text, index, out width);
        width = 1;
        return found;
    }

    private static CharClass AtSurrogate(ReadOnlySpan<char> text, int index, out int width)
    {
        if (index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]))
        {
            width = 2;
            return Of(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text[index], text[index + 1])));
        }
        width = 1;
        return CharClass.Other;
    }

    private static CharClass[] BuildTable()
    {
        var table = new CharClass[char.MaxValue + 1];
        for (var c = 0; c < table.Length; c++)
        {
            table[c] = (char)c switch
            {
                '\r' or '\n' => CharClass.Space | CharClass.NewLine,
                _ when char.IsSurrogate((char)c) => CharClass.Surrogate,
                _ when char.IsWhiteSpace((char)c) => CharClass.Space,
                _ => Of(CharUnicodeInfo.GetUnicodeCategory((char)c)),
            };
        }
        return table;
    }

    private static CharClass Of(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharClass.Letter | CharClass.UpperLike,
        UnicodeCategory.LowercaseLetter => CharClass.Letter | CharClass.LowerLike,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharClass.Letter | CharClass.UpperLike | CharClass.LowerLike,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            => CharClass.UpperLike | CharClass.LowerLike,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharClass.Number,
        _ => CharClass.Other,
    };
}
