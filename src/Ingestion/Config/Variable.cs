namespace Ingestion.Config;

/// <summary>One environment variable: what it means, what it takes, where its value goes.</summary>
internal sealed record Variable
{
    public required string Name { get; init; }

    public required string Meaning { get; init; }

    /// <summary>Completes "must be …".</summary>
    public required string Allowed { get; init; }

    /// <summary>As it would stand in <c>.env</c>; null is "not set".</summary>
    public string? Default { get; init; }

    /// <summary>Its value is never shown, in errors either.</summary>
    public bool Secret { get; init; }

    /// <summary>Null where the text is not allowed. The text is trimmed and not empty.</summary>
    public required Func<Settings, string, Settings?> Apply { get; init; }

    public static Variable Of<T>(string name, string meaning, ValueKind<T> kind,
        Func<Settings, T> get, Func<Settings, T, Settings> set, bool secret = false) => new()
        {
            Name = name,
            Meaning = meaning,
            Allowed = kind.Allowed,
            Default = kind.Write(get(new Settings())),
            Secret = secret,
            Apply = (settings, text) => kind.Read(text, out var value) ? set(settings, value) : null,
        };
}

/// <summary>Variables that belong together, under one heading of the reference.</summary>
internal sealed record VariableSection(string Title, IReadOnlyList<Variable> Variables);
