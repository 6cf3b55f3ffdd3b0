using System.Buffers;

namespace Ingestion.Extraction.Rtf;

internal enum RtfTokenKind
{
    Open,
    Close,
    Word,
    Symbol,
    Byte,
    Text,
    End,
}

/// <summary>Cuts RTF into its tokens; what a <c>\bin</c> announces is skipped.</summary>
internal sealed class RtfTokens(byte[] bytes)
{
    private static readonly SearchValues<byte> Ends = SearchValues.Create("\\{}\r\n\0"u8);

    private int _at;

    public RtfTokenKind Kind { get; private set; }

    /// <summary>The control word without its backslash.</summary>
    public string Word { get; private set; } = "";

    /// <summary>The word's number; null where it has none. Of a byte, its value.</summary>
    public int? Number { get; private set; }

    public char Symbol { get; private set; }

    /// <summary>Plain bytes, which are ASCII in RTF that keeps to the rules.</summary>
    public ReadOnlySpan<byte> Text => bytes.AsSpan(_textStart, _at - _textStart);

    private int _textStart;

    public bool Next()
    {
        while (_at < bytes.Length && bytes[_at] is (byte)'\r' or (byte)'\n' or 0) _at++;
        if (_at >= bytes.Length)
        {
            Kind = RtfTokenKind.End;
            return false;
        }
        var c = bytes[_at];
        if (c is (byte)'{' or (byte)'}')
        {
            _at++;
            Kind = c == '{' ? RtfTokenKind.Open : RtfTokenKind.Close;
        }
        else if (c == '\\') Control();
        else
        {
            _textStart = _at;
            var length = bytes.AsSpan(_at).IndexOfAny(Ends);
            _at = length < 0 ? bytes.Length : _at + length;
            Kind = RtfTokenKind.Text;
        }
        return true;
    }

    private void Control()
    {
        _at++;
        if (_at >= bytes.Length)
        {
            (Kind, Symbol) = (RtfTokenKind.Symbol, '\0');
            return;
        }
        if (!char.IsAsciiLetter((char)bytes[_at]))
        {
            Symbol = (char)bytes[_at++];
            Kind = RtfTokenKind.Symbol;
            if (Symbol != '\'') return;
            var hex = bytes.AsSpan(_at, Math.Min(2, bytes.Length - _at));
            if (hex.Length == 2 && char.IsAsciiHexDigit((char)hex[0]) && char.IsAsciiHexDigit((char)hex[1]))
            {
                (Kind, Number) = (RtfTokenKind.Byte, (Digit(hex[0]) * 16) + Digit(hex[1]));
                _at += 2;
            }
            return;
        }
        var start = _at;
        while (_at < bytes.Length && _at - start < 32 && char.IsAsciiLetter((char)bytes[_at])) _at++;
        Word = System.Text.Encoding.ASCII.GetString(bytes, start, _at - start);
        Number = ReadNumber();
        if (_at < bytes.Length && bytes[_at] == ' ') _at++;
        Kind = RtfTokenKind.Word;
        if (Word == "bin" && Number > 0) _at = (int)Math.Min(bytes.Length, (long)_at + Number.Value);
    }

    private int? ReadNumber()
    {
        var start = _at;
        if (_at < bytes.Length && bytes[_at] == '-') _at++;
        var digits = _at;
        long number = 0;
        while (_at < bytes.Length && _at - digits < 10 && char.IsAsciiDigit((char)bytes[_at])) number = (number * 10) + bytes[_at++] - '0';
        if (_at == digits)
        {
            _at = start;
            return null;
        }
        return (int)Math.Clamp(bytes[start] == '-' ? -number : number, int.MinValue, int.MaxValue);
    }

    private static int Digit(byte c) => c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}
