namespace Ingestion.Http;

/// <summary>What a caller may do with the tenants that it acts for.</summary>
[Flags]
public enum Scopes
{
    None = 0,

    /// <summary>Send documents, plan them, cancel and retry their tasks, bring their vectors.</summary>
    Ingest = 1,

    /// <summary>See tasks, events, documents and chunks; search.</summary>
    Read = 2,

    /// <summary>Delete documents.</summary>
    Delete = 4,

    /// <summary>Everything, the service's own figures included.</summary>
    Admin = 8,
}

public static class ScopeNames
{
    public static IReadOnlyList<string> All { get; } = ["ingest", "read", "delete", "admin"];

    /// <summary>Separated by spaces, commas or plus signs; names that are not ours are left out.</summary>
    public static Scopes Parse(string names)
    {
        var scopes = Scopes.None;
        foreach (var name in names.Split([' ', ',', '+'], StringSplitOptions.RemoveEmptyEntries)) scopes |= Of(name);
        return scopes;
    }

    /// <summary>None where it is not one of ours.</summary>
    public static Scopes Of(string name) => name switch
    {
        "ingest" => Scopes.Ingest,
        "read" => Scopes.Read,
        "delete" => Scopes.Delete,
        "admin" => Scopes.Admin,
        _ => Scopes.None,
    };

    public static string Wire(this Scopes scopes) => string.Join(' ', All.Where(name => scopes.HasFlag(Of(name))));

    /// <summary>Whether these are enough for what is needed.</summary>
    public static bool Cover(this Scopes scopes, Scopes needed) => scopes.HasFlag(Scopes.Admin) || scopes.HasFlag(needed);
}
