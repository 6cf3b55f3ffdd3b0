using System.Globalization;

namespace Ingestion.Extraction.Office;

/// <summary>Characters of symbol fonts, which sit in Unicode's private area and mean nothing without their font.</summary>
internal static class SymbolFonts
{
    private const string SymbolUpper = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ";
    private const string SymbolLower = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ";

    /// <param name="code">Hexadecimal, usually F000–F0FF.</param>
    public static string Text(string? font, string? code)
    {
        if (!int.TryParse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)) return "";
        if (value is >= 0xF000 and <= 0xF0FF) value -= 0xF000;
        else if (value is > 0xFF and <= 0xFFFF && !char.IsSurrogate((char)value)) return ((char)value).ToString();
        if (font is null || value is < 0x20 or > 0xFF) return "";
        return font.Equals("Symbol", StringComparison.OrdinalIgnoreCase) ? Symbol(value) : Wingdings(value);
    }

    private static string Symbol(int value) => value switch
    {
        >= 'A' and <= 'Z' => SymbolUpper[value - 'A'].ToString(),
        >= 'a' and <= 'z' => SymbolLower[value - 'a'].ToString(),
        < 0x7F => ((char)value).ToString(),
        0xA3 => "≤",
        0xA5 => "∞",
        0xAC => "←",
        0xAE => "→",
        0xB0 => "°",
        0xB1 => "±",
        0xB3 => "≥",
        0xB4 => "×",
        0xB7 => "•",
        0xB9 => "≠",
        0xBB => "≈",
        0xD6 => "√",
        0xE5 => "∑",
        0xF2 => "∫",
        _ => "",
    };

    public static string Wingdings(int value) => value switch
    {
        0x4A => "☺",
        0x6C or 0x9F or 0xA7 => "•",
        0x6E => "■",
        0x6F or 0xA8 => "☐",
        0xE0 => "→",
        0xFB => "✗",
        0xFC => "✓",
        0xFD => "☒",
        0xFE => "☑",
        _ => "",
    };
}
