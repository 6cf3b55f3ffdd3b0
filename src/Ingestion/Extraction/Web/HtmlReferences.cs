using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Web;

/// <summary>
/// Character references by the HTML standard's rules: <c>&amp;eacute;</c>, <c>&amp;#233;</c>, <c>&amp;#xE9;</c>, and those of old that need
/// no semicolon. What a reference stands for is never longer than the reference.
/// </summary>
internal static class HtmlReferences
{
    private const int MaxName = 32, MaxNameWithoutEnd = 6, MinNameWithoutEnd = 2;

    // Numbers that the web has always taken for letters of windows-1252.
    private const string Windows = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

    private static readonly SearchValues<char> Letters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private static readonly Lazy<Dictionary<string, string>> ByName = new(Load);

    /// <summary>Writes the text with its references replaced.</summary>
    /// <param name="to">As long as the text at least.</param>
    /// <param name="inAttribute">There, a name without semicolon before a letter, a digit or <c>=</c> is part of an address.</param>
    /// <returns>How much was written.</returns>
    public static int Decode(ReadOnlySpan<char> text, Span<char> to, bool inAttribute)
    {
        var written = 0;
        while (true)
        {
            var mark = text.IndexOf('&');
            var plain = mark < 0 ? text : text[..mark];
            plain.CopyTo(to[written..]);
            written += plain.Length;
            if (mark < 0) return written;
            text = text[mark..];
            var length = text.Length > 1 && text[1] == '#'
                ? Number(text, to[written..], out var made) : Named(text, to[written..], inAttribute, out made);
            written += made;
            text = text[length..];
        }
    }

    private static int Number(ReadOnlySpan<char> text, Span<char> to, out int made)
    {
        var hex = text.Length > 2 && text[2] is 'x' or 'X';
        var from = hex ? 3 : 2;
        int at = from, number = 0;
        for (; at < text.Length && (hex ? char.IsAsciiHexDigit(text[at]) : char.IsAsciiDigit(text[at])); at++)
            if (number <= 0x10FFFF) number = (number * (hex ? 16 : 10)) + Digit(text[at]);
        if (at == from) return Literally(to, out made);
        if (at < text.Length && text[at] == ';') at++;
        if (number is >= 0x80 and < 0xA0) number = Windows[number - 0x80];
        made = (number != 0 && Rune.IsValid(number) ? new Rune(number) : Rune.ReplacementChar).EncodeToUtf16(to);
        return at;
    }

    private static int Digit(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static int Named(ReadOnlySpan<char> text, Span<char> to, bool inAttribute, out int made)
    {
        var name = text[1..Math.Min(text.Length, MaxName + 1)];
        var end = name.IndexOfAnyExcept(Letters);
        if (end >= 0) name = name[..(end + (name[end] == ';' ? 1 : 0))];
        if (name is [.., ';'] && Find(name) is { } whole) return Write(whole, name.Length + 1, to, out made);
        for (var length = Math.Min(name.Length, MaxNameWithoutEnd); length >= MinNameWithoutEnd; length--)
        {
            if (Find(name[..length]) is not { } known) continue;
            var next = length + 1 < text.Length ? text[length + 1] : '\0';
            if (inAttribute && (next == '=' || char.IsAsciiLetterOrDigit(next))) break;
            return Write(known, length + 1, to, out made);
        }
        return Literally(to, out made);
    }

    private static string? Find(ReadOnlySpan<char> name) => name switch
    {
        "amp;" => "&",
        "lt;" => "<",
        "gt;" => ">",
        "quot;" => "\"",
        "nbsp;" => "\u00A0",
        _ => ByName.Value.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var known) ? known : null,
    };

    private static int Write(string known, int length, Span<char> to, out int made)
    {
        known.CopyTo(to);
        made = known.Length;
        return length;
    }

    private static int Literally(Span<char> to, out int made)
    {
        to[0] = '&';
        made = 1;
        return 1;
    }

    // Each line: a name, with its semicolon where it needs one, and the characters that it stands for, in hexadecimal.
    private static Dictionary<string, string> Load()
    {
        var names = new Dictionary<string, string>(2300);
        var here = typeof(HtmlReferences);
        using var lines = new StreamReader(here.Assembly.GetManifestResourceStream(here, "HtmlReferences.txt")!);
        while (lines.ReadLine() is { } line)
        {
            var words = line.Split(' ');
            var codes = words[1..].Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            names.Add(words[0], string.Concat(codes.Select(char.ConvertFromUtf32)));
        }
        return names;
    }
}
