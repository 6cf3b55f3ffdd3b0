using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text.Json;

namespace Ingestion.Config;

internal delegate bool Parse<T>(string text, out T value);

/// <summary>How a variable's text becomes a value, and back for the reference.</summary>
/// <param name="Allowed">Completes "must be …".</param>
/// <param name="Write">Null is "not set".</param>
internal sealed record ValueKind<T>(string Allowed, Parse<T> Read, Func<T, string?> Write);

internal static class ValueKinds
{
    private const int MaxLength = 4096;

    public static ValueKind<bool> Flag { get; } = new("true or false", ReadFlag, value => value ? "true" : "false");

    public static ValueKind<T> Whole<T>(T min, T max) where T : struct, IBinaryInteger<T> => new(
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"),
        (string text, out T value) =>
            T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max,
        value => value.ToString(null, CultureInfo.InvariantCulture));

    public static ValueKind<int?> OptionalWhole(int min, int max)
    {
        var kind = Whole(min, max);
        return new(kind.Allowed,
            (string text, out int? value) =>
            {
                var read = kind.Read(text, out var number);
                value = number;
                return read;
            },
            value => value is { } number ? kind.Write(number) : null);
    }

    public static ValueKind<TimeSpan> Duration(string min, string max)
    {
        var (low, high) = (DurationOf(min), DurationOf(max));
        return new($"seconds, or a number with ms, s, m, h or d, from {min} to {max}",
            (string text, out TimeSpan value) => ReadDuration(text, out value) && value >= low && value <= high,
            WriteDuration);
    }

    public static ValueKind<string> Choice(params string[] names) => new(
        "one of " + string.Join(", ", names),
        (string text, out string value) => names.Contains(value = text.ToLowerInvariant()),
        value => value);

    /// <summary>A name that ends up in lists, headers and log lines: no spaces, no control characters.</summary>
    public static ValueKind<string> Name { get; } = Text("1 to 200 printable characters without spaces",
        text => text.Length <= 200 && text.All(c => c is > ' ' and < '\x7f'));

    public static ValueKind<string> Folder { get; } = Text("the path of a folder", text => !text.Any(char.IsControl));

    public static ValueKind<string> HostName { get; } = Text("an IP address or a host name", IsHost);

    public static ValueKind<string> Languages { get; } = Text("Tesseract language names joined by +, such as spa+eng",
        text => text.Split('+').All(name => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')));

    public static ValueKind<string?> Optional(ValueKind<string> kind) => new(kind.Allowed,
        (string text, out string? value) =>
        {
            var read = kind.Read(text, out var some);
            value = some;
            return read;
        },
        value => value is null ? null : kind.Write(value));

    public static ValueKind<string?> OptionalText(string allowed, Func<string, bool> isAllowed) => Optional(Text(allowed, isAllowed));

    /// <summary>User names and passwords are refused: HTTP clients drop them silently.</summary>
    public static ValueKind<string?> WebAddress { get; } = OptionalText("an http:// or https:// address without user name and password",
        text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && IsWeb(uri) && uri.UserInfo.Length == 0);

    public static ValueKind<IReadOnlyList<string>> Origins { get; } = List(
        """a JSON list or a comma list of origins such as ["https://app.example.com"], or *""",
        item => item == "*" || (Uri.TryCreate(item, UriKind.Absolute, out var uri) && IsWeb(uri) && uri.UserInfo.Length == 0
            && item.TrimEnd('/').IndexOf('/', uri.Scheme.Length + 3) < 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0));

    public static ValueKind<IReadOnlyList<string>> Hosts { get; } = List(
        "a JSON list or a comma list of host names, such as docs.example.com or *.example.com",
        item => IsHost(item.StartsWith("*.", StringComparison.Ordinal) ? item[2..] : item));

    private static ValueKind<string> Text(string allowed, Func<string, bool> isAllowed) => new(allowed,
        (string text, out string value) => (value = text).Length <= MaxLength && isAllowed(text),
        value => value);

    private static ValueKind<IReadOnlyList<string>> List(string allowed, Func<string, bool> isAllowed) => new(allowed,
        (string text, out IReadOnlyList<string> value) => ReadList(text, out value) && value.All(isAllowed),
        value => value.Count == 0 ? null : JsonSerializer.Serialize(value));

    private static bool ReadFlag(string text, out bool value)
    {
        value = text.ToLowerInvariant() is "true" or "1" or "yes" or "on";
        return value || text.ToLowerInvariant() is "false" or "0" or "no" or "off";
    }

    private static bool ReadList(string text, out IReadOnlyList<string> value)
    {
        value = [];
        if (text[0] != '[')
        {
            value = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return true;
        }
        try
        {
            var items = JsonSerializer.Deserialize<string?[]>(text) ?? [];
            value = [.. items.OfType<string>().Select(item => item.Trim())];
            return value.Count == items.Length;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];

    private static bool ReadDuration(string text, out TimeSpan value)
    {
        value = default;
        var digits = text.TrimEnd("mshdMSHD ".ToCharArray());
        var suffix = text[digits.Length..].Trim().ToLowerInvariant();
        var unit = suffix.Length == 0 ? 1 : Units.FirstOrDefault(u => u.Suffix == suffix).Seconds;
        if (unit == 0) return false;
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        if (!(number * unit < TimeSpan.MaxValue.TotalSeconds / 2)) return false; // also NaN
        value = TimeSpan.FromSeconds(number * unit);
        return true;
    }

    private static TimeSpan DurationOf(string text) => ReadDuration(text, out var value) ? value : throw new FormatException(text);

    private static string WriteDuration(TimeSpan value) => value > TimeSpan.Zero && value.Ticks % TimeSpan.TicksPerDay == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{value.Days}d")
        : value.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    private static bool IsWeb(Uri uri) => uri.Scheme is "http" or "https" && uri.Host.Length > 0;

    private static bool IsHost(string text) => Uri.CheckHostName(text) switch
    {
        UriHostNameType.IPv6 => true,
        // 1.2.3 is an address to old parsers and 999.1.1.1 a name; nobody means either.
        UriHostNameType.IPv4 => IPAddress.Parse(text).ToString() == text,
        UriHostNameType.Dns => text.All(char.IsAscii) && !text.All(c => char.IsAsciiDigit(c) || c == '.'),
        _ => false,
    };
}
