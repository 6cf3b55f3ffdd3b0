using System.Globalization;
using System.Runtime.CompilerServices;

namespace Ingestion.Chunking.Splitting;

/// <summary>Character questions as Python answers them where .NET answers otherwise.</summary>
internal static class PythonCharacter
{
    // Other_Lowercase and Other_Uppercase of Unicode's PropList: lower or upper case, but of no cased letter category.
    private static readonly (int First, int Last)[] OtherLower =
    [
        (0xAA, 0xAA), (0xBA, 0xBA), (0x2B0, 0x2B8), (0x2C0, 0x2C1), (0x2E0, 0x2E4), (0x345, 0x345), (0x37A, 0x37A),
        (0x1D2C, 0x1D6A), (0x1D78, 0x1D78), (0x1D9B, 0x1DBF), (0x2071, 0x2071), (0x207F, 0x207F), (0x2090, 0x209C),
        (0x2170, 0x217F), (0x24D0, 0x24E9), (0x2C7C, 0x2C7D), (0xA69C, 0xA69D), (0xA770, 0xA770), (0xA7F8, 0xA7F9),
        (0xAB5C, 0xAB5F), (0x10780, 0x10780), (0x10783, 0x10785), (0x10787, 0x107B0), (0x107B2, 0x107BA),
    ];

    private static readonly (int First, int Last)[] OtherUpper =
    [
        (0x2160, 0x216F), (0x24B6, 0x24CF), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189),
    ];

    /// <summary><c>\s</c>, and what <c>strip()</c> takes away: White_Space and four separators.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSpace(char c) =>
        c is ' ' or >= '\t' and <= '\r' or >= '\u001C' and <= '\u001F' || c > 0x7F && char.IsWhiteSpace(c);

    /// <summary>Python's <c>string.whitespace</c>, which is ASCII's.</summary>
    public static bool IsAsciiSpace(char c) => c is ' ' or >= '\t' and <= '\r';

    /// <summary><c>[^\W\d]</c>.</summary>
    public static bool IsWordButNoDigit(int scalar) => scalar == '_' || CharUnicodeInfo.GetUnicodeCategory(scalar)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary><c>\d</c>.</summary>
    public static bool IsDigit(int scalar) => CharUnicodeInfo.GetUnicodeCategory(scalar) == UnicodeCategory.DecimalDigitNumber;

    public static bool IsLower(int scalar) =>
        CharUnicodeInfo.GetUnicodeCategory(scalar) == UnicodeCategory.LowercaseLetter || IsIn(OtherLower, scalar);

    public static bool IsUpper(int scalar) =>
        CharUnicodeInfo.GetUnicodeCategory(scalar) == UnicodeCategory.UppercaseLetter || IsIn(OtherUpper, scalar);

    /// <summary>The code point that starts at an index; a lone surrogate is one of its own.</summary>
    public static int CodePointAt(ReadOnlySpan<char> text, int index) =>
        text[index..] is [var high, var low, ..] && char.IsSurrogatePair(high, low)
        ? char.ConvertToUtf32(high, low)
        : text[index];

    /// <summary>The text without white space at its ends, as <c>[start, end)</c> of the same string.</summary>
    public static (int Start, int End) Strip(ReadOnlySpan<char> text, int start, int end)
    {
        while (start < end && IsSpace(text[start])) start++;
        while (end > start && IsSpace(text[end - 1])) end--;
        return (start, end);
    }

    private static bool IsIn((int First, int Last)[] ranges, int scalar)
    {
        if (scalar < 0xAA) return false;
        foreach (var (first, last) in ranges)
        {
            if (scalar >= first && scalar <= last) return true;
        }
        return false;
    }
}
