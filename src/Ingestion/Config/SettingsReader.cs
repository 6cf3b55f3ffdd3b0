using System.Collections;
using System.Text;

namespace Ingestion.Config;

/// <param name="Settings">Null where there are problems.</param>
/// <param name="Problems">Everything that is wrong, at once: one line each, ready to print.</param>
/// <param name="Warnings">What the operator should know although the service can start.</param>
public sealed record SettingsResult(Settings? Settings, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings);

/// <summary>
/// Makes <see cref="Settings"/> of the process environment and of <c>.env</c>; the process environment wins, name by name.
/// </summary>
public static class SettingsReader
{
    private const int ShownLength = 100;

    /// <summary>Reads this process's environment and <c>.env</c> in <paramref name="folder"/>, if there is one.</summary>
    public static SettingsResult ReadProcess(string folder, params IReadOnlyList<Func<Settings, string?>> checks)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
        var path = Path.Combine(folder, ".env");
        if (!Path.Exists(path)) return Read(environment, null, checks);
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return Read(environment, reader.ReadToEnd(), checks);
        }
        catch (DecoderFallbackException)
        {
            return new SettingsResult(null, [".env: must be UTF-8 text; save it in that encoding"], []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SettingsResult(null, [$".env: cannot be read ({e.Message}); let this user read it, or remove it"], []);
        }
    }

    /// <param name="environment">The process environment. A name that is there with no value is not set, whatever <c>.env</c> says.</param>
    /// <param name="envFile">The text of <c>.env</c>; null where there is none.</param>
    /// <param name="checks">What other parts of the service know to be wrong: a line such as "NAME=value: must be …", or null.</param>
    public static SettingsResult Read(
        IReadOnlyDictionary<string, string?> environment, string? envFile, params IReadOnlyList<Func<Settings, string?>> checks)
    {
        var file = EnvFile.Parse(envFile ?? "");
        var problems = new List<string>(file.Problems);
        var warnings = new List<string>();
        var fromFile = CollectLines(file, warnings);

        var given = new Dictionary<string, Given>();
        var wrong = new HashSet<string>();
        var settings = new Settings();
        foreach (var variable in Variables.All)
        {
            if (Find(variable, environment, fromFile) is not { } value) continue;
            given.Add(variable.Name, value);
            if (variable.Apply(settings, value.Text) is { } applied) settings = applied;
            else
            {
                wrong.Add(variable.Name);
                problems.Add($"{value.Shown}: must be {variable.Allowed}{value.Origin}");
            }
        }
        if (settings.EmbeddingServiceUrl is not null && !given.ContainsKey("EMBEDDING_PROVIDER"))
            settings = settings with { EmbeddingProvider = "service" };

        problems.AddRange(Contradictions(settings, given, wrong));
        if (problems.Count == 0) problems.AddRange(checks.Select(check => check(settings)).OfType<string>());
        return new SettingsResult(problems.Count == 0 ? settings : null, problems, warnings);
    }

    private static IEnumerable<string> Contradictions(Settings settings, Dictionary<string, Given> given, HashSet<string> wrong)
    {
        if (settings.ChunkOverlap >= settings.ChunkSize && !wrong.Contains("CHUNK_OVERLAP") && !wrong.Contains("CHUNK_SIZE"))
        {
            var isDefault = given.ContainsKey("CHUNK_OVERLAP") ? "" : " (its default)";
            yield return $"CHUNK_OVERLAP={settings.ChunkOverlap}{isDefault}: must be below CHUNK_SIZE, which is {settings.ChunkSize}";
        }
        var (isThere, needed) = settings.EmbeddingProvider switch
        {
            "service" => (Any("EMBEDDING_SERVICE_URL"), "EMBEDDING_SERVICE_URL"),
            "openai" => (Any("OPENAI_API_KEY", "OPENAI_BASE_URL"), "OPENAI_API_KEY or OPENAI_BASE_URL"),
            "onnx" => (Any("ONNX_MODEL_DIR"), "ONNX_MODEL_DIR"),
            _ => (true, ""),
        };
        if (!isThere) yield return $"EMBEDDING_PROVIDER={settings.EmbeddingProvider}: needs {needed}";
        if (settings.AuthAuthority is { } authority)
        {
            if (!Any("AUTH_AUDIENCE"))
                yield return $"AUTH_AUTHORITY={authority}: needs AUTH_AUDIENCE, or a token for any other service of that issuer would be taken";
            if (!authority.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && !new Uri(authority).IsLoopback)
                yield return $"AUTH_AUTHORITY={authority}: must start with https://, or anybody on the way could give other keys";
        }
        if (settings is { AuthDisabled: true, HasAuthentication: true })
            yield return "AUTH_DISABLED=true: contradicts AUTH_SECRET, AUTH_AUTHORITY and API_KEYS; leave one or the other empty";

        bool Any(params string[] names) => names.Any(given.ContainsKey);
    }

    private static Dictionary<string, EnvLine> CollectLines(EnvFile file, List<string> warnings)
    {
        var known = Variables.All.Select(variable => variable.Name).ToHashSet();
        var lines = new Dictionary<string, EnvLine>();
        foreach (var line in file.Lines)
        {
            if (!known.Contains(line.Name))
            {
                var nearest = NearestName.Find(line.Name, known);
                warnings.Add($".env, line {line.Number}: {line.Name} is not a known name and is ignored"
                    + (nearest is null ? "" : $"; did you mean {nearest}?"));
                continue;
            }
            if (lines.TryGetValue(line.Name, out var earlier))
                warnings.Add($".env, line {line.Number}: {line.Name} is already on line {earlier.Number}; this line wins");
            lines[line.Name] = line;
        }
        return lines;
    }

    private static Given? Find(Variable variable, IReadOnlyDictionary<string, string?> environment, Dictionary<string, EnvLine> fromFile)
    {
        if (environment.TryGetValue(variable.Name, out var text)) return Make(text, "");
        return fromFile.TryGetValue(variable.Name, out var line) ? Make(line.Value, $" (.env, line {line.Number})") : null;

        Given? Make(string? value, string origin) => string.IsNullOrWhiteSpace(value)
            ? null
            : new Given(value.Trim(), $"{variable.Name}={(variable.Secret ? "***" : Show(value.Trim()))}", origin);
    }

    /// <summary>Fit for a terminal: short, on one line, and without the password of an address.</summary>
    private static string Show(string value)
    {
        var (scheme, at) = (value.IndexOf("://", StringComparison.Ordinal), value.LastIndexOf('@'));
        if (scheme >= 0 && at > scheme) value = string.Concat(value.AsSpan(0, scheme + 3), "***", value.AsSpan(at));
        if (value.Length > ShownLength) value = string.Concat(value.AsSpan(0, ShownLength), "…");
        return string.Concat(value.Select(c => char.IsControl(c) ? ' ' : c));
    }

    /// <param name="Shown">Name and value, fit for a message.</param>
    /// <param name="Origin">Ends a message: the line of <c>.env</c>, or nothing.</param>
    private sealed record Given(string Text, string Shown, string Origin);
}
