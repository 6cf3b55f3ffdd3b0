using Ingestion.Access;
using Ingestion.Http;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Access;

/// <summary>A service with authentication on, and what an operator would hand out for it.</summary>
public sealed class GuardedService : IAsyncLifetime
{
    public const string Secret = "a secret of the tests, long enough for HS256";

    public ServiceProcess Process { get; private set; } = null!;

    /// <summary>A key of the tenant "keyed" that may ingest and read.</summary>
    public string Key { get; } = MadeKey.Key;

    private static readonly (string Key, string Entry) MadeKey = ApiKey.Make(["keyed"], Scopes.Ingest | Scopes.Read);

    public static (string Name, string Value)[] Environment { get; } =
        [("AUTH_SECRET", Secret), ("API_KEYS", MadeKey.Entry), ("URL_ALLOW_PRIVATE", "true")];

    public async ValueTask InitializeAsync() => Process = await ServiceProcess.StartAsync(Environment);

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    public static string Token(Scopes scopes, params string[] tenants) =>
        Tokens.Make(Secret, tenants, scopes, TimeSpan.FromMinutes(10), "somebody", null, DateTimeOffset.UtcNow);

    public TenantClient Client(string tenant, Scopes scopes = Scopes.Ingest | Scopes.Read | Scopes.Delete) =>
        new(Process) { Id = tenant, Token = Token(scopes, tenant) };
}
