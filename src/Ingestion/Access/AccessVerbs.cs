using System.Globalization;
using Ingestion.Config;
using Ingestion.Http;

namespace Ingestion.Access;

/// <summary>What an operator does about access on the command line: make a token, make a key, list the keys.</summary>
public static class AccessVerbs
{
    private const string Usage = """
        token --tenant NAME [--tenant NAME …] --scope ingest,read,delete,admin [--for 1h] [--name WHO]
            Prints a token that AUTH_SECRET signs.
        key --tenant NAME [--tenant NAME …] --scope ingest,read,delete,admin
            Prints a new key, and its entry for API_KEYS.
        keys
            Lists the keys of API_KEYS by their prefixes.
        --tenant '*' is every tenant.
        """;

    public static bool Has(string verb) => verb is "token" or "key" or "keys";

    /// <summary>The exit code.</summary>
    public static int Run(string[] args, Settings settings, TextWriter output, TextWriter errors, TimeProvider time)
    {
        if (args is ["keys"])
        {
            foreach (var key in ApiKeys.Parse(settings.ApiKeys, out _).All)
                output.WriteLine($"{key.Prefix}  {string.Join(", ", key.Caller.Tenants ?? (IReadOnlySet<string>)new HashSet<string> { Caller.EveryTenant })}  {key.Caller.Scopes.Wire()}");
            return 0;
        }
        if (args[0] == "keys" || Options(args[1..]) is not { } options)
        {
            errors.WriteLine(Usage);
            return 2;
        }
        if (args[0] == "key")
        {
            var (key, entry) = ApiKey.Make(options.Tenants, options.Scopes);
            output.WriteLine($"key:       {key}");
            output.WriteLine($"API_KEYS:  {entry}");
            errors.WriteLine("The key is shown this once. Add its entry to API_KEYS, separated from others by a comma, and start the service again.");
            return 0;
        }
        if (settings.AuthSecret is not { } secret)
        {
            errors.WriteLine("AUTH_SECRET is not set. Set it to at least 32 random characters, for the service too: openssl rand -base64 32");
            return 2;
        }
        output.WriteLine(Tokens.Make(secret, options.Tenants, options.Scopes, options.Lifetime, options.Name, settings.AuthAudience, time.GetUtcNow()));
        return 0;
    }

    private static Made? Options(string[] args)
    {
        List<string> tenants = [];
        var (scopes, lifetime, name) = (Scopes.None, TimeSpan.FromHours(1), (string?)null);
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length) return null;
            var value = args[i + 1];
            switch (args[i])
            {
                case "--tenant" when RequestIds.IsValid(value): tenants.Add(value); break;
                case "--scope" when value.Split(' ', ',', '+').All(one => ScopeNames.Of(one) != Scopes.None): scopes |= ScopeNames.Parse(value); break;
                case "--for" when TryReadLifetime(value, out lifetime): break;
                case "--name" when RequestIds.IsValid(value): name = value; break;
                default: return null;
            }
        }
        return tenants.Count > 0 && scopes != Scopes.None ? new(tenants, scopes, lifetime, name) : null;
    }

    private static bool TryReadLifetime(string text, out TimeSpan lifetime)
    {
        lifetime = default;
        var unit = text.Length > 1 ? text[^1] switch { 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 } : 0;
        if (unit == 0 || !int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 10_000)
            return false;
        lifetime = TimeSpan.FromSeconds((double)number * unit);
        return true;
    }

    private sealed record Made(IReadOnlyList<string> Tenants, Scopes Scopes, TimeSpan Lifetime, string? Name);
}
