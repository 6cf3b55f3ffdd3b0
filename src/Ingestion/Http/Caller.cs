namespace Ingestion.Http;

/// <summary>Who sends a request, as its key or token says.</summary>
/// <param name="Name">For the log: a key's prefix or a token's subject; never a secret.</param>
/// <param name="Tenants">Null is every tenant.</param>
/// <param name="Expires">Null is never.</param>
public sealed record Caller(string Name, IReadOnlySet<string>? Tenants, Scopes Scopes, DateTimeOffset? Expires = null)
{
    /// <summary>Stands for all tenants in the list of a key or of a token that the operator made.</summary>
    public const string EveryTenant = "*";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Whoever it is, where no authentication is configured.</summary>
    public static Caller Anyone { get; } = new("anyone", null, Scopes.Ingest | Scopes.Read | Scopes.Delete | Scopes.Admin);

    /// <summary>The tenant that a request is for which names none; null where there are several.</summary>
    public string? OnlyTenant => Tenants is { Count: 1 } ? Tenants.First() : null;

    /// <summary>How long what is followed live may be followed; null is for good.</summary>
    public TimeSpan? Remaining(TimeProvider time)
    {
        if (Expires is not { } end) return null;
        var remaining = end - time.GetUtcNow();
        return remaining < TimeSpan.Zero ? TimeSpan.Zero : remaining < Longest ? remaining : Longest;
    }

    public bool MayActFor(string tenant) => Tenants is null || Tenants.Contains(tenant);
}
