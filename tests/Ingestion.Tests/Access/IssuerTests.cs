using System.Security.Cryptography;
using Ingestion.Access;
using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ingestion.Tests.Access;

/// <summary>Tokens of an OpenID Connect issuer, with one on this machine.</summary>
public sealed class IssuerTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly List<JsonWebKey> _published = [];
    private WebApplication _web = null!;
    private RsaSecurityKey _first = null!;
    private int _asked;
    private bool _isAway;
    private string? _callsItself;

    private string Issuer => _web.Urls.Single();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _web = builder.Build();
        _web.MapGet("/.well-known/openid-configuration", () =>
        {
            Interlocked.Increment(ref _asked);
            return _isAway ? Results.StatusCode(500) : Results.Json(new { issuer = _callsItself ?? Issuer, jwks_uri = Issuer + "/keys" });
        });
        _web.MapGet("/keys", () => Results.Json(new
        {
            keys = _published.Select(key => new { kty = key.Kty, kid = key.Kid, use = "sig", n = key.N, e = key.E, alg = "RS256" }),
        }));
        await _web.StartAsync();
        _first = Publish("first");
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _web.StopAsync(atOnce.Token);
        await _web.DisposeAsync();
    }

    [Fact]
    public async Task A_token_of_the_issuer_is_taken_and_its_keys_are_read_once()
    {
        var authenticator = Make();
        for (var i = 0; i < 20; i++) Assert.Equal(["acme"], (await AcceptedAsync(authenticator, Token(_first))).Tenants!);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Many_at_once_ask_the_issuer_once()
    {
        var authenticator = Make();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AcceptedAsync(authenticator, Token(_first))));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task A_new_key_is_fetched_when_the_first_token_with_it_comes_and_an_old_one_ends_within_the_hour()
    {
        var authenticator = Make();
        await AcceptedAsync(authenticator, Token(_first));
        _published.Clear();
        var second = Publish("second");
        _time.Advance(TimeSpan.FromSeconds(11));

        await AcceptedAsync(authenticator, Token(second));
        await RefusedAsync(authenticator, Token(_first));
    }

    [Fact]
    public async Task Unknown_keys_do_not_make_the_service_flood_its_issuer()
    {
        var authenticator = Make();
        await AcceptedAsync(authenticator, Token(_first));
        using var rsa = RSA.Create(2048);
        for (var i = 0; i < 50; i++) await RefusedAsync(authenticator, Token(new RsaSecurityKey(rsa) { KeyId = "forged-" + i }));
        Assert.Equal(1, _asked);
        _time.Advance(TimeSpan.FromSeconds(11));
        for (var i = 0; i < 50; i++) await RefusedAsync(authenticator, Token(new RsaSecurityKey(rsa) { KeyId = "forged-" + i }));
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task A_forged_key_of_a_known_name_is_refused()
    {
        using var rsa = RSA.Create(2048);
        await RefusedAsync(Make(), Token(new RsaSecurityKey(rsa) { KeyId = "first" }));
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_no_reason_to_let_anybody_in()
    {
        _isAway = true;
        var authenticator = Make();
        var (caller, problem) = await CheckAsync(authenticator, Token(_first));
        Assert.Null(caller);
        Assert.Equal((503, "issuer_unavailable"), (problem!.Status, problem.Code));
        Assert.NotNull(problem.RetryAfter);

        _isAway = false;
        _time.Advance(TimeSpan.FromSeconds(11));
        await AcceptedAsync(authenticator, Token(_first));
        _isAway = true;
        _time.Advance(TimeSpan.FromHours(23));
        await AcceptedAsync(authenticator, Token(_first));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(503, (await CheckAsync(authenticator, Token(_first))).Problem!.Status);
    }

    [Fact]
    public async Task An_issuer_that_calls_itself_otherwise_is_not_trusted()
    {
        _callsItself = "https://elsewhere.example";
        Assert.Equal(503, (await CheckAsync(Make(), Token(_first))).Problem!.Status);
    }

    [Theory]
    [InlineData("aud", "another-service")]
    [InlineData("iss", "https://elsewhere.example")]
    public async Task A_token_for_another_service_or_of_another_issuer_is_refused(string claim, string value) =>
        await RefusedAsync(Make(), Token(_first, descriptor =>
        {
            if (claim == "aud") descriptor.Audience = value;
            else descriptor.Issuer = value;
        }));

    [Fact]
    public async Task The_public_key_does_not_do_for_a_secret()
    {
        // The classic: sign with HS256 and the issuer's public key, which everybody has.
        var pem = System.Text.Encoding.UTF8.GetBytes(_first.Rsa.ExportSubjectPublicKeyInfoPem());
        var token = Token(_first, descriptor => descriptor.SigningCredentials = new(new SymmetricSecurityKey(pem) { KeyId = "first" }, "HS256"));
        await RefusedAsync(Make(), token);
        await RefusedAsync(Make(new Settings { AuthAuthority = Issuer, AuthAudience = "ingestion", AuthSecret = new string('s', 40) }), token);
    }

    [Fact]
    public async Task No_issuer_can_give_every_tenant_away() =>
        Assert.Empty((await AcceptedAsync(Make(), Token(_first, descriptor => descriptor.Claims["tenant_id"] = "*"))).Tenants!);

    private RsaSecurityKey Publish(string name)
    {
        var key = new RsaSecurityKey(RSA.Create(2048)) { KeyId = name };
        _published.Add(JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(key.Rsa.ExportParameters(false)) { KeyId = name }));
        return key;
    }

    private string Token(RsaSecurityKey key, Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = "ingestion",
            Claims = new Dictionary<string, object> { ["tenant_id"] = "acme", ["scope"] = "openid read" },
            IssuedAt = _time.GetUtcNow().UtcDateTime,
            NotBefore = _time.GetUtcNow().UtcDateTime,
            Expires = _time.GetUtcNow().UtcDateTime.AddHours(1),
            SigningCredentials = new(key, "RS256"),
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler().CreateToken(descriptor);
    }

    private Authenticator Make(Settings? settings = null) =>
        new(settings ?? new Settings { AuthAuthority = Issuer, AuthAudience = "ingestion" }, _time, NullLoggerFactory.Instance);

    private static async Task<Caller> AcceptedAsync(Authenticator authenticator, string token)
    {
        var (caller, problem) = await CheckAsync(authenticator, token);
        Assert.Null(problem);
        return caller!;
    }

    private static async Task RefusedAsync(Authenticator authenticator, string token)
    {
        var (caller, problem) = await CheckAsync(authenticator, token);
        Assert.Null(caller);
        Assert.Equal(401, problem!.Status);
    }

    private static async Task<(Caller? Caller, Problem? Problem)> CheckAsync(Authenticator authenticator, string token) =>
        await authenticator.CheckAsync(token, TestContext.Current.CancellationToken);
}
