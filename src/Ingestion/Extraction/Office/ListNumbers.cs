using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>Numbers as lists show them.</summary>
internal static class ListNumbers
{
    private static readonly (int Worth, string Sign)[] RomanSigns =
    [
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ];

    /// <summary>a … z, aa, bb, … as Office counts; digits where that would be absurdly long.</summary>
    public static string Letters(int value, char first) => value is < 1 or > 26 * 32
        ? value.ToString(CultureInfo.InvariantCulture)
        : new string((char)(first + ((value - 1) % 26)), ((value - 1) / 26) + 1);

    /// <summary>Upper case; digits for what Roman numbers cannot say.</summary>
    public static string Roman(int value)
    {
        if (value is < 1 or > 3999) return value.ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder();
        foreach (var (worth, sign) in RomanSigns)
            for (; value >= worth; value -= worth) text.Append(sign);
        return text.ToString();
    }
}
