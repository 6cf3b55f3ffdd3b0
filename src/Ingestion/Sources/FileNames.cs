namespace Ingestion.Sources;

/// <summary>Names of files as clients and web servers give them.</summary>
public static class FileNames
{
    private const int MaxLength = 255;

    /// <summary>
    /// Without folders, control and direction characters, and at most 255 UTF-16 units long, the extension kept.
    /// Null where nothing is left. For showing and for telling the type; never for a path.
    /// </summary>
    public static string? Clean(string? name)
    {
        if (name is null) return null;
        var last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        var clean = string.Concat(last.Where(c => !char.IsControl(c) && !IsDirection(c))).Trim(' ', '.', '"');
        if (clean.Length > MaxLength)
        {
            var extension = Path.GetExtension(clean) is { Length: <= 16 } short16 ? short16 : "";
            var stem = clean[..(MaxLength - extension.Length)];
            clean = (char.IsHighSurrogate(stem[^1]) ? stem[..^1] : stem) + extension;
        }
        return clean.Length == 0 ? null : clean;
    }

    // They make "fdp.exe" look like "exe.pdf".
    private static bool IsDirection(char c) => c is '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
