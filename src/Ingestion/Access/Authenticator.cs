using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Sources;
using Microsoft.IdentityModel.Tokens;

namespace Ingestion.Access;

/// <summary>From a key or a token to its caller.</summary>
public sealed class Authenticator
{
    private readonly ApiKeys _keys;
    private readonly TokenValidationParameters? _ofSecret;
    private readonly IssuerKeys? _issuer;
    private readonly string? _audience;
    private readonly TimeProvider _time;
    private readonly bool _isConfigured;

    public Authenticator(Settings settings, TimeProvider time, ILoggerFactory logs)
    {
        (_time, _audience, _isConfigured) = (time, settings.AuthAudience, settings.HasAuthentication);
        _keys = ApiKeys.Parse(settings.ApiKeys, out _);
        if (settings.AuthSecret is { } secret) _ofSecret = Tokens.OfSecret(secret, settings.AuthAudience, time);
        if (settings.AuthAuthority is { } authority)
            _issuer = new IssuerKeys(authority, new GuardedHttp(allowPrivate: true, []).Client, time, logs.CreateLogger<IssuerKeys>());
    }

    /// <param name="credential">As the client sent it; null where it sent none.</param>
    public async ValueTask<(Caller? Caller, Problem? Problem)> CheckAsync(string? credential, CancellationToken cancel)
    {
        if (!_isConfigured) return (Caller.Anyone, null);
        if (string.IsNullOrEmpty(credential))
            return (null, Problems.Unauthorized("Send a key or a token: Authorization: Bearer <token>, or token in the query of a WebSocket."));
        if (_keys.Find(credential) is { } known) return (known, null);
        try
        {
            return Tokens.AlgorithmOf(credential) switch
            {
                SecurityAlgorithms.HmacSha256 when _ofSecret is not null =>
                    Answer(await Tokens.CheckAsync(credential, _ofSecret), mayBeEveryone: true),
                { } algorithm when _issuer is not null && !algorithm.StartsWith("HS", StringComparison.Ordinal) =>
                    Answer(await CheckIssuedAsync(_issuer, credential, cancel), mayBeEveryone: false),
                _ => (null, NotValid()),
            };
        }
        catch (UnavailableException)
        {
            return (null, Problems.IssuerUnavailable());
        }
    }

    private async Task<TokenValidationResult> CheckIssuedAsync(IssuerKeys issuer, string token, CancellationToken cancel)
    {
        var set = await issuer.GetAsync(cancel);
        var result = await Tokens.CheckAsync(token, Tokens.OfIssuer(set.Issuer, set.Keys, _audience!, _time));
        if (result.Exception is not (SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException)) return result;
        // The issuer may have changed its keys since they were read.
        var newer = await issuer.GetNewerAsync(set, cancel);
        return newer == set ? result : await Tokens.CheckAsync(token, Tokens.OfIssuer(newer.Issuer, newer.Keys, _audience!, _time));
    }

    private static (Caller?, Problem?) Answer(TokenValidationResult result, bool mayBeEveryone) => result switch
    {
        { IsValid: true } => (Tokens.CallerOf(result, mayBeEveryone), null),
        { Exception: SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException } =>
            (null, Problems.Unauthorized("The token is not valid any more, or not yet. Get a new one.")),
        { Exception: SecurityTokenInvalidAudienceException } =>
            (null, Problems.Unauthorized("The token was made for another service. Get one for this service's audience.")),
        _ => (null, NotValid()),
    };

    private static Problem NotValid() => Problems.Unauthorized("This key or token is not known here. Check that it is whole and for this service.");
}
