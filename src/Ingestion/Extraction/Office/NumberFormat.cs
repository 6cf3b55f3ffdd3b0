using System.Buffers;
using System.Globalization;

namespace Ingestion.Extraction.Office;

/// <summary>What a spreadsheet's number format makes of a number: a date, a time, a share, or only digits.</summary>
internal enum NumberKind
{
    Plain,
    Date,
    Time,
    DateTime,

    /// <summary>Hours that do not stop at 24.</summary>
    Duration,
    Percent,

    /// <summary>And one more for each digit: postcodes and article numbers, whose zeros in front count.</summary>
    Padded,
}

/// <summary>Reads format codes, and writes numbers as their format means them: dates in ISO 8601, with a blank before the time.</summary>
internal static class NumberFormat
{
    /// <summary>Days between serial 0 of Excel's two date systems.</summary>
    private const int Days1904 = 1462;

    /// <summary>Characters of a plain number that is shown as it is stored.</summary>
    public const int Digits = 15;

    private static readonly SearchValues<char> Clock = SearchValues.Create("hHmMsS");

    /// <summary>The format that a number stands for when the workbook does not define it.</summary>
    public static NumberKind BuiltIn(int id) => id switch
    {
        9 or 10 => NumberKind.Percent,
        >= 14 and <= 17 => NumberKind.Date,
        >= 18 and <= 21 => NumberKind.Time,
        22 => NumberKind.DateTime,
        >= 27 and <= 31 => NumberKind.Date,
        32 or 33 => NumberKind.Time,
        >= 34 and <= 36 => NumberKind.Date,
        45 or 47 => NumberKind.Time,
        46 => NumberKind.Duration,
        >= 50 and <= 58 => NumberKind.Date,
        _ => NumberKind.Plain,
    };

    /// <param name="code">Such as <c>[$-409]d/mmm/yy;@</c>; only its first section counts.</param>
    public static NumberKind Kind(string code)
    {
        var zeros = code.Length - code.AsSpan().TrimStart('0').Length;
        if (zeros is > 1 and <= Digits && (zeros == code.Length || code[zeros] == ';')) return NumberKind.Padded + zeros;
        bool day = false, month = false, clock = false, percent = false;
        for (var i = 0; i < code.Length; i++)
        {
            switch (code[i])
            {
                case ';':
                    return Decide(day, month, clock, percent);
                case '"':
                    i = End(code, i + 1, '"');
                    break;
                case '[':
                    var end = End(code, i + 1, ']');
                    if (end - i > 1 && !code.AsSpan(i + 1, end - i - 1).ContainsAnyExcept(Clock)) return NumberKind.Duration;
                    i = end;
                    break;
                case '\\' or '_' or '*':
                    i++;
                    break;
                case 'G' or 'g' when code.AsSpan(i).StartsWith("General", StringComparison.OrdinalIgnoreCase):
                    i += "General".Length - 1;
                    break;
                case 'E' or 'e' when i + 1 < code.Length && code[i + 1] is '+' or '-':
                    return NumberKind.Plain;
                case 'y' or 'Y' or 'd' or 'D' or 'e':
                    day = true;
                    break;
                case 'm' or 'M':
                    month = true;
                    break;
                case 'h' or 'H' or 's' or 'S':
                    clock = true;
                    break;
                case '%':
                    percent = true;
                    break;
            }
        }
        return Decide(day, month, clock, percent);
    }

    /// <summary>The number as text; unchanged where it is no number or no date that a calendar knows.</summary>
    /// <param name="raw">As the file stores it, with a point.</param>
    public static string Text(string raw, NumberKind kind, bool from1904)
    {
        if (kind == NumberKind.Plain && raw.Length <= Digits) return raw;
        if (!double.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) return raw;
        return Text(value, kind, from1904) ?? raw;
    }

    /// <summary>Null for a date that no calendar knows.</summary>
    public static string? Text(double value, NumberKind kind, bool from1904) => kind switch
    {
        NumberKind.Plain => Shown(value),
        NumberKind.Percent => Shown(value * 100) + "%",
        NumberKind.Duration => Duration(value),
        > NumberKind.Padded when value == Math.Truncate(value) && Math.Abs(value) < 1e15 =>
            value.ToString(new string('0', kind - NumberKind.Padded), CultureInfo.InvariantCulture),
        >= NumberKind.Padded => Shown(value),
        _ => Moment(value, kind, from1904),
    };

    /// <summary>
    /// Fifteen digits, as spreadsheets show them; the rest is the noise of binary fractions. The conversion to decimal does just that.
    /// </summary>
    private static string Shown(double value) => Math.Abs(value) is > 1e-9 and < 1e20
        ? ((decimal)value).ToString(CultureInfo.InvariantCulture)
        : value.ToString("G15", CultureInfo.InvariantCulture);

    private static NumberKind Decide(bool day, bool month, bool clock, bool percent) =>
        day || (month && !clock) ? clock ? NumberKind.DateTime : NumberKind.Date
        : clock ? NumberKind.Time
        : percent ? NumberKind.Percent
        : NumberKind.Plain;

    private static string? Moment(double serial, NumberKind kind, bool from1904)
    {
        if (serial is not (>= 0 and < 2_958_466)) return null;
        // A second is the finest that is shown; whole seconds keep 0.1 + 0.2 from becoming 59.999.
        var seconds = (long)Math.Round(serial * 86_400);
        var days = (int)(seconds / 86_400);
        var time = TimeSpan.FromSeconds(seconds % 86_400);
        var clock = time.ToString("hh\\:mm\\:ss", CultureInfo.InvariantCulture);
        if (kind == NumberKind.Time && days == 0) return clock;
        var date = from1904 ? Date(days + Days1904) : Date(days);
        return date is null ? null : time == TimeSpan.Zero && kind != NumberKind.Time ? date : $"{date} {clock}";
    }

    /// <summary>Day 60 of the 1900 system is the 29th of February of a year that had none; the days before it count from 1.</summary>
    private static string? Date(int days) => days switch
    {
        60 => "1900-02-29",
        > 2_958_465 => null,
        _ => new DateTime(1899, 12, days < 60 ? 31 : 30).AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    private static string? Duration(double days)
    {
        if (Math.Abs(days) is not < 1e9) return null;
        var seconds = (long)Math.Round(Math.Abs(days) * 86_400);
        return string.Create(CultureInfo.InvariantCulture,
            $"{(days < 0 ? "-" : "")}{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}");
    }

    private static int End(string code, int from, char mark)
    {
        var at = code.IndexOf(mark, from);
        return at < 0 ? code.Length : at;
    }
}
