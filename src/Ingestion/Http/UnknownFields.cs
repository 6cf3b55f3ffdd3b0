using Ingestion.Config;

namespace Ingestion.Http;

/// <summary>
/// Fields that nobody reads. Clients of other services send what those need, so they are no error; but a misspelt one must not vanish
/// without a word.
/// </summary>
public static class UnknownFields
{
    private const int MaxNamed = 10, MaxName = 64;

    public static IReadOnlyList<string> Warn(IEnumerable<string>? names, IReadOnlyList<string> known)
    {
        if (names is null) return [];
        var unknown = names.ToList();
        List<string> warnings = [.. unknown.Take(MaxNamed).Select(name => Warn(name, known))];
        if (unknown.Count > MaxNamed) warnings.Add($"{unknown.Count - MaxNamed} more fields of the request are not known and were ignored.");
        return warnings;
    }

    private static string Warn(string name, IReadOnlyList<string> known)
    {
        if (name.Length > MaxName || !RequestIds.IsValid(name)) return "A field with a name that cannot be shown is not known and was ignored.";
        var nearest = NearestName.Find(name, known.Select(one => one.ToUpperInvariant()));
        return $"The field {name} is not known and was ignored{(nearest is null ? "." : $"; did you mean {nearest.ToLowerInvariant()}?")}";
    }
}
