using System.Globalization;

namespace Ingestion.Text;

/// <summary>
/// Walks the words of a text, lower case and without accents. A word is a run of letters and digits; scripts that write no spaces
/// (Han, kana, Thai and its neighbours) give one word a character. A run of more than <see cref="MaxLength"/> comes as several words.
/// </summary>
public ref struct FoldedWords
{
    public const int MaxLength = 64;

    private readonly ReadOnlySpan<char> _text;
    private readonly Span<char> _word;
    private int _at;
    private int _length;

    /// <param name="buffer">At least <see cref="MaxLength"/> characters, which hold the current word.</param>
    public FoldedWords(ReadOnlySpan<char> text, Span<char> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, MaxLength);
        _text = text;
        _word = buffer;
    }

    /// <summary>Valid until the next move.</summary>
    public readonly ReadOnlySpan<char> Current => _word[.._length];

    public bool MoveNext()
    {
        _length = 0;
        while (_at < _text.Length)
        {
            var character = _text[_at];
            switch (KindOf(character))
            {
                case Kind.Letter:
                    // A surrogate pair stays in one word.
                    if (_length == MaxLength || (_length == MaxLength - 1 && char.IsHighSurrogate(character))) return true;
                    _word[_length++] = Folding.Fold(character);
                    _at++;
                    break;
                case Kind.Alone:
                    if (_length > 0) return true;
                    _word[_length++] = character;
                    _at++;
                    return true;
                case Kind.Mark:
                    _at++;
                    break;
                case Kind.Gap:
                    _at++;
                    if (_length > 0) return true;
                    break;
            }
        }
        return _length > 0;
    }

    private static Kind KindOf(char character)
    {
        if (character < 0x80) return char.IsAsciiLetterOrDigit(character) ? Kind.Letter : Kind.Gap;
        if (character is >= '\u0300' and <= '\u036F' or '\u00AD') return Kind.Mark;
        if (character is >= '\u3040' and <= '\u30FF' or >= '\u3400' and <= '\u4DBF' or >= '\u4E00' and <= '\u9FFF'
            or >= '\uF900' and <= '\uFAFF' or >= '\u0E00' and <= '\u0EFF' or >= '\u1000' and <= '\u109F' or >= '\u1780' and <= '\u17FF')
            return char.IsLetterOrDigit(character) ? Kind.Alone : Kind.Gap;
        if (char.IsLetterOrDigit(character) || char.IsSurrogate(character)) return Kind.Letter;
        return char.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            ? Kind.Letter
            : Kind.Gap;
    }

    private enum Kind
    {
        Gap,
        Letter,

        /// <summary>An accent or soft hyphen of its own: left out of the word that it stands in.</summary>
        Mark,

        /// <summary>A word by itself.</summary>
        Alone,
    }
}
