using System.Security.Claims;
using System.Text;
using Ingestion.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ingestion.Access;

/// <summary>JSON web tokens: how one is made and checked, and who it speaks for.</summary>
/// <remarks>
/// Tenants stand in the claim <c>tenant_id</c>, <c>tenant</c> or <c>tenants</c>, a string or a list of them; scopes in <c>scope</c> or
/// <c>scp</c>, a list or a string with spaces.
/// </remarks>
public static class Tokens
{
    public const int MaxLength = 16_384;

    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    private static readonly string[] TenantClaims = ["tenant_id", "tenant", "tenants"];
    private static readonly string[] ScopeClaims = ["scope", "scp"];

    /// <summary>Signatures that a public key checks. A secret must never do for one, nor the other way round.</summary>
    private static readonly string[] IssuerAlgorithms =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxLength };

    /// <summary>A token of AUTH_SECRET.</summary>
    public static string Make(
        string secret, IReadOnlyList<string> tenants, Scopes scopes, TimeSpan lifetime, string? name, string? audience, DateTimeOffset now)
    {
        var claims = new Dictionary<string, object>
        {
            ["tenant_id"] = tenants is [var only] ? only : tenants.ToArray(),
            ["scope"] = scopes.Wire(),
        };
        if (name is not null) claims["sub"] = name;
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            Audience = audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + lifetime).UtcDateTime,
            SigningCredentials = new SigningCredentials(KeyOf(secret), SecurityAlgorithms.HmacSha256),
        });
    }

    /// <summary>What must hold for a token of AUTH_SECRET.</summary>
    public static TokenValidationParameters OfSecret(string secret, string? audience, TimeProvider time) => new()
    {
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        IssuerSigningKey = KeyOf(secret),
        ValidateIssuer = false,
        ValidateAudience = audience is not null,
        ValidAudience = audience,
        RequireExpirationTime = true,
        LifetimeValidator = (from, to, _, _) => IsNow(from, to, time),
    };

    /// <summary>What must hold for a token of an issuer.</summary>
    public static TokenValidationParameters OfIssuer(string issuer, IEnumerable<SecurityKey> keys, string audience, TimeProvider time) => new()
    {
        ValidAlgorithms = IssuerAlgorithms,
        IssuerSigningKeys = keys,
        ValidIssuer = issuer,
        ValidAudience = audience,
        RequireExpirationTime = true,
        LifetimeValidator = (from, to, _, _) => IsNow(from, to, time),
    };

    public static Task<TokenValidationResult> CheckAsync(string token, TokenValidationParameters parameters) =>
        Handler.ValidateTokenAsync(token, parameters);

    /// <summary>The algorithm that a token claims to be signed with; null where it is no token.</summary>
    public static string? AlgorithmOf(string token)
    {
        if (token.Length > MaxLength || !Handler.CanReadToken(token)) return null;
        try
        {
            return Handler.ReadJsonWebToken(token).Alg;
        }
        catch (Exception fault) when (fault is ArgumentException or SecurityTokenMalformedException)
        {
            return null;
        }
    }

    /// <param name="mayBeEveryone">Whether "*" stands for every tenant, or is nobody's name: only the operator may say "every".</param>
    public static Caller CallerOf(TokenValidationResult checkedToken, bool mayBeEveryone)
    {
        var identity = checkedToken.ClaimsIdentity;
        var tenants = Values(identity, TenantClaims).Where(RequestIds.IsValid).ToHashSet();
        var isEveryone = tenants.Remove(Caller.EveryTenant) && mayBeEveryone;
        var scopes = Values(identity, ScopeClaims).Aggregate(Scopes.None, (all, names) => all | ScopeNames.Parse(names));
        var name = identity.FindFirst("sub")?.Value ?? identity.FindFirst("client_id")?.Value ?? "token";
        return new Caller(name, isEveryone ? null : tenants, scopes, checkedToken.SecurityToken.ValidTo + Skew);
    }

    private static IEnumerable<string> Values(ClaimsIdentity identity, string[] names) =>
        identity.Claims.Where(claim => names.Contains(claim.Type) && claim.ValueType == ClaimValueTypes.String).Select(claim => claim.Value);

    private static bool IsNow(DateTime? from, DateTime? to, TimeProvider time)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return now < to + Skew && !(from - Skew > now);
    }

    private static SymmetricSecurityKey KeyOf(string secret) => new(Encoding.UTF8.GetBytes(secret));
}
