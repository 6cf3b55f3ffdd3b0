using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Ingestion.Http;

namespace Ingestion.Access;

/// <summary>A static key as the operator lists it: only its hash is kept. Its prefix names it wherever it is spoken of.</summary>
/// <param name="Hash">SHA-256 of the whole key, which has 256 random bits: there is nothing to guess, so nothing to slow down.</param>
public sealed record ApiKey(string Prefix, Caller Caller, byte[] Hash)
{
    private const string Start = "ik_";
    private const int NameLength = 8, SecretBytes = 32;
    private const string Letters = "abcdefghijkmnpqrstuvwxyz23456789";

    public static int PrefixLength => Start.Length + NameLength;

    /// <summary>A new key, and its entry for API_KEYS.</summary>
    public static (string Key, string Entry) Make(IReadOnlyList<string> tenants, Scopes scopes)
    {
        var prefix = Start + RandomNumberGenerator.GetString(Letters, NameLength);
        var secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var key = $"{prefix}_{secret}";
        var names = string.Join('+', tenants.Select(tenant => tenant == Caller.EveryTenant ? tenant : Uri.EscapeDataString(tenant)));
        return (key, $"{prefix}:{names}:{scopes.Wire().Replace(' ', '+')}:{Convert.ToHexStringLower(HashOf(key))}");
    }

    /// <summary>Reads <c>prefix:tenants:scopes:hash</c>.</summary>
    public static bool TryParse(string entry, [NotNullWhen(true)] out ApiKey? key)
    {
        key = null;
        if (entry.Split(':') is not [var prefix, var tenants, var scopes, var hash]) return false;
        if (prefix.Length != PrefixLength || !prefix.StartsWith(Start, StringComparison.Ordinal)) return false;
        if (hash.Length != 2 * SHA256.HashSizeInBytes || !hash.All(char.IsAsciiHexDigit)) return false;
        var names = tenants.Split('+');
        if (!scopes.Split('+').All(scope => ScopeNames.Of(scope) != Scopes.None)) return false;
        var ids = names.Select(Uri.UnescapeDataString).ToHashSet();
        if (!ids.All(RequestIds.IsValid)) return false;
        var caller = new Caller(prefix, names.Contains(Caller.EveryTenant) ? null : ids, ScopeNames.Parse(scopes));
        key = new ApiKey(prefix, caller, Convert.FromHexString(hash));
        return true;
    }

    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}

/// <summary>The keys of API_KEYS.</summary>
public sealed class ApiKeys
{
    private readonly Dictionary<string, ApiKey> _byPrefix = [];

    /// <param name="list">Entries, separated by commas.</param>
    /// <param name="problem">Null where all could be read; it names places, never values.</param>
    public static ApiKeys Parse(string? list, out string? problem)
    {
        var keys = new ApiKeys();
        problem = null;
        var place = 0;
        foreach (var entry in (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            place++;
            if (!ApiKey.TryParse(entry, out var key))
                problem ??= $"its entry {place} must be prefix:tenants:scopes:hash; the verb key prints one";
            else if (!keys._byPrefix.TryAdd(key.Prefix, key))
                problem ??= $"its entry {place} has the prefix of another one; make a new key";
        }
        return keys;
    }

    public IReadOnlyCollection<ApiKey> All => _byPrefix.Values;

    /// <summary>Null where it is none of ours. How long that takes tells nothing of any secret.</summary>
    public Caller? Find(string credential)
    {
        var hash = ApiKey.HashOf(credential);
        var key = credential.Length > ApiKey.PrefixLength ? _byPrefix.GetValueOrDefault(credential[..ApiKey.PrefixLength]) : null;
        return key is not null && CryptographicOperations.FixedTimeEquals(hash, key.Hash) ? key.Caller : null;
    }
}
