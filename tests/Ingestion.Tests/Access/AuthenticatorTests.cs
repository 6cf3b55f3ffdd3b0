using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ingestion.Access;
using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ingestion.Tests.Access;

public sealed class AuthenticatorTests
{
    private const string Secret = "0123456789abcdef0123456789abcdef";
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_token_speaks_for_its_tenants_with_its_scopes_until_it_expires()
    {
        var token = Make(["acme", "globex"], Scopes.Read | Scopes.Ingest);
        var caller = await AcceptedAsync(token);
        Assert.Equal(["acme", "globex"], caller.Tenants!.Order());
        Assert.Equal((Scopes.Read | Scopes.Ingest, "ana"), (caller.Scopes, caller.Name));
        Assert.False(caller.MayActFor("initech"));

        _time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(29));
        await AcceptedAsync(token);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("Get a new one", (await RefusedAsync(token)).Message);
    }

    [Theory]
    [InlineData("""{"tenant_id":"acme","scope":"read ingest","exp":4000000000}""", "acme", Scopes.Read | Scopes.Ingest)]
    [InlineData("""{"tenant":"acme","scope":["read","delete"],"exp":4000000000}""", "acme", Scopes.Read | Scopes.Delete)]
    [InlineData("""{"tenants":["acme"],"scp":"openid profile read","exp":4000000000}""", "acme", Scopes.Read)]
    [InlineData("""{"tenants":["acme",5,""],"scp":["admin"],"exp":4000000000}""", "acme", Scopes.Admin)]
    [InlineData("""{"tenants":"*","scope":"read","exp":4000000000}""", null, Scopes.Read)]
    [InlineData("""{"tenant_id":{"a":"acme"},"scope":"read","exp":4000000000}""", "", Scopes.Read)]
    [InlineData("""{"exp":4000000000}""", "", Scopes.None)]
    public async Task Tenants_and_scopes_are_read_in_the_ways_that_issuers_write_them(string claims, string? tenants, Scopes scopes)
    {
        var caller = await AcceptedAsync(Sign("""{"alg":"HS256"}""", claims));
        Assert.Equal(tenants, caller.Tenants is null ? null : string.Join(',', caller.Tenants));
        Assert.Equal(scopes, caller.Scopes);
    }

    [Theory]
    [InlineData("""{"alg":"HS256"}""", """{"tenant_id":"acme"}""")] // never ends
    [InlineData("""{"alg":"HS256"}""", """{"tenant_id":"acme","exp":1}""")]
    [InlineData("""{"alg":"HS256"}""", """{"tenant_id":"acme","exp":"soon"}""")]
    [InlineData("""{"alg":"HS256"}""", """{"tenant_id":"acme","exp":4000000000,"nbf":3900000000}""")]
    [InlineData("""{"alg":"HS384"}""", """{"tenant_id":"acme","exp":4000000000}""")]
    [InlineData("""{"alg":"none"}""", """{"tenant_id":"acme","exp":4000000000}""")]
    [InlineData("""{"alg":"None"}""", """{"tenant_id":"acme","exp":4000000000}""")]
    [InlineData("""{"alg":""}""", """{"tenant_id":"acme","exp":4000000000}""")]
    [InlineData("""{}""", """{"tenant_id":"acme","exp":4000000000}""")]
    [InlineData("""{"alg":"RS256"}""", """{"tenant_id":"acme","exp":4000000000}""")]
    [InlineData("""{"alg":"HS256"}""", "[]")]
    [InlineData("""{"alg":"HS256"}""", "not json")]
    [InlineData("not json", """{"tenant_id":"acme","exp":4000000000}""")]
    public async Task A_token_that_is_not_quite_one_is_refused(string header, string claims)
    {
        await RefusedAsync(Sign(header, claims));
        await RefusedAsync(Sign(header, claims).Split('.')[0] + "." + Sign(header, claims).Split('.')[1] + ".");
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("....")]
    [InlineData("a.b.c")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9..")]
    [InlineData("\u0000\uFFFF")]
    [InlineData("ik_")]
    [InlineData("ik_aaaaaaaa")]
    [InlineData("Basic YTpi")]
    public async Task What_is_no_token_is_refused(string credential) => await RefusedAsync(credential);

    [Fact]
    public async Task A_secret_of_another_service_opens_nothing() =>
        await RefusedAsync(Tokens.Make(Secret + "x", ["acme"], Scopes.Read, TimeSpan.FromHours(1), null, null, _time.GetUtcNow()));

    [Fact]
    public async Task A_token_for_another_audience_is_refused_where_one_is_set()
    {
        var settings = new Settings { AuthSecret = Secret, AuthAudience = "ingestion" };
        Assert.Contains("another service", (await RefusedAsync(Make(["acme"], Scopes.Read), settings)).Message);
        var right = Tokens.Make(Secret, ["acme"], Scopes.Read, TimeSpan.FromHours(1), null, "ingestion", _time.GetUtcNow());
        await AcceptedAsync(right, settings);
    }

    [Fact]
    public async Task A_key_is_taken_whole_and_only_its_hash_is_kept()
    {
        var (key, entry) = ApiKey.Make(["acme", "a:b+c,d é"], Scopes.Ingest);
        Assert.DoesNotContain(key[(ApiKey.PrefixLength + 1)..], entry, StringComparison.Ordinal);
        var settings = new Settings { ApiKeys = entry + " , " + ApiKey.Make(["*"], Scopes.Admin).Entry };

        var caller = await AcceptedAsync(key, settings);
        Assert.Equal(["a:b+c,d é", "acme"], caller.Tenants!.Order(StringComparer.Ordinal));
        Assert.Equal((Scopes.Ingest, key[..ApiKey.PrefixLength]), (caller.Scopes, caller.Name));
        foreach (var wrong in new[] { key[..^1], key + "A", key.ToUpperInvariant(), entry, key[..ApiKey.PrefixLength], entry.Split(':')[^1] })
            await RefusedAsync(wrong, settings);
    }

    [Theory]
    [InlineData("hunter2")]
    [InlineData("ik_aaaaaaaa:acme:read:abc")]
    [InlineData("ik_aaaaaaaa:acme:write:" + Hash)]
    [InlineData("ik_aaaaaaaa::read:" + Hash)]
    [InlineData("ik_aaaaaaaa:acme::" + Hash)]
    [InlineData("aaaaaaaaaaa:acme:read:" + Hash)]
    [InlineData("ik_aaaaaaaa:acme:read:" + Hash + ",ik_aaaaaaaa:globex:read:" + Hash)]
    public void A_key_that_cannot_be_read_is_a_problem_that_shows_none_of_it(string list)
    {
        ApiKeys.Parse(list, out var problem);
        Assert.NotNull(problem);
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(Hash, problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_sent_is_refused_and_never_a_fault()
    {
        var random = new Random(20261123);
        var good = Make(["acme"], Scopes.Read);
        for (var i = 0; i < 3_000; i++)
        {
            var changed = good.ToCharArray();
            for (var change = 0; change <= i % 4; change++) changed[random.Next(changed.Length)] = (char)random.Next(33, 127);
            var text = new string(changed);
            if (i % 7 == 0) text = text[..random.Next(text.Length)];
            // The last letter of the signature has bits that say nothing.
            if (text.Length == good.Length && text[..^1] == good[..^1]) continue;
            await RefusedAsync(text);
        }
    }

    private const string Hash = "0000000000000000000000000000000000000000000000000000000000000000";

    private string Make(string[] tenants, Scopes scopes) =>
        Tokens.Make(Secret, tenants, scopes, TimeSpan.FromHours(1), "ana", null, _time.GetUtcNow());

    /// <summary>As anybody can write a token: signed with the secret, whatever its header says.</summary>
    private static string Sign(string header, string claims)
    {
        var text = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        return $"{text}.{Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(text)))}";
    }

    private static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private async Task<Caller> AcceptedAsync(string credential, Settings? settings = null)
    {
        var (caller, problem) = await CheckAsync(credential, settings);
        Assert.Null(problem);
        return caller!;
    }

    private async Task<Problem> RefusedAsync(string credential, Settings? settings = null)
    {
        var (caller, problem) = await CheckAsync(credential, settings);
        Assert.Null(caller);
        Assert.Equal((401, "unauthorized"), (problem!.Status, problem.Code));
        return problem;
    }

    private async Task<(Caller?, Problem?)> CheckAsync(string credential, Settings? settings) =>
        await new Authenticator(settings ?? new Settings { AuthSecret = Secret }, _time, NullLoggerFactory.Instance)
            .CheckAsync(credential, TestContext.Current.CancellationToken);
}
