using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Ingestion.Access;

/// <summary>What an issuer published.</summary>
/// <param name="Issuer">As its tokens must name it.</param>
public sealed record IssuerKeySet(string Issuer, IReadOnlyList<SecurityKey> Keys);

/// <summary>
/// The keys of an OpenID Connect issuer: read when first needed, again every hour, and at once for a token whose key is not among them.
/// While the issuer is away, the keys of the last day still hold.
/// </summary>
/// <param name="http">Goes to private addresses too: only the operator sets the issuer.</param>
public sealed class IssuerKeys(string authority, HttpClient http, TimeProvider time, ILogger<IssuerKeys> log)
{
    private const int MaxDocument = 1_048_576;
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1), Usable = TimeSpan.FromDays(1), Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Between two questions, so that bad tokens cannot make the service flood its issuer.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly string _authority = authority.TrimEnd('/');
    private readonly Lock _gate = new();
    private Task<IssuerKeySet>? _reading;
    private long _asked;
    private volatile Known? _known;

    /// <exception cref="UnavailableException">The issuer is away, and was when last asked.</exception>
    public async Task<IssuerKeySet> GetAsync(CancellationToken cancel)
    {
        var known = _known;
        if (known is not null && time.GetElapsedTime(known.ReadAt) < Fresh) return known.Set;
        try
        {
            return await AskAsync().WaitAsync(cancel);
        }
        catch (UnavailableException) when (known is not null && time.GetElapsedTime(known.ReadAt) < Usable)
        {
            return known.Set;
        }
    }

    /// <summary>Keys that came after these; the same where the issuer has no others, or was asked a moment ago.</summary>
    public async Task<IssuerKeySet> GetNewerAsync(IssuerKeySet than, CancellationToken cancel)
    {
        if (_known is { } known && known.Set != than) return known.Set;
        try
        {
            return await AskAsync().WaitAsync(cancel);
        }
        catch (UnavailableException)
        {
            return than;
        }
    }

    /// <summary>One question at a time, whoever asks; for a while its answer is everybody's.</summary>
    private Task<IssuerKeySet> AskAsync()
    {
        lock (_gate)
        {
            if (_reading is not null && (!_reading.IsCompleted || time.GetElapsedTime(_asked) < Pause)) return _reading;
            _asked = time.GetTimestamp();
            return _reading = ReadAsync();
        }
    }

    private async Task<IssuerKeySet> ReadAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(Timeout);
            using var discovery = JsonDocument.Parse(await FetchAsync(_authority + "/.well-known/openid-configuration", limit.Token));
            var issuer = discovery.RootElement.GetProperty("issuer").GetString() ?? "";
            var address = discovery.RootElement.GetProperty("jwks_uri").GetString() ?? "";
            if (issuer.TrimEnd('/') != _authority) throw new InvalidDataException($"it calls itself {issuer}");
            if (_authority.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && !address.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
                throw new InvalidDataException("its keys have no https address");
            var keys = new JsonWebKeySet(await FetchAsync(address, limit.Token)).GetSigningKeys();
            if (keys.Count == 0) throw new InvalidDataException("it publishes no key for signatures");
            var set = new IssuerKeySet(issuer, [.. keys]);
            _known = new Known(set, time.GetTimestamp());
            return set;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or InvalidDataException or OperationCanceledException
            or JsonException or KeyNotFoundException or ArgumentException or InvalidOperationException or UriFormatException)
        {
            log.LogWarning("The keys of {Authority} could not be read: {Reason}", _authority, fault.Message);
            throw new UnavailableException("The token issuer cannot be asked now.", fault);
        }
    }

    private async Task<string> FetchAsync(string address, CancellationToken cancel)
    {
        using var response = await http.GetAsync(new Uri(address), HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) throw new InvalidDataException($"{address} answered {(int)response.StatusCode}");
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var bytes = new byte[MaxDocument];
        var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        if (length == bytes.Length) throw new InvalidDataException($"{address} answered with more than {MaxDocument} bytes");
        return System.Text.Encoding.UTF8.GetString(bytes, 0, length);
    }

    private sealed record Known(IssuerKeySet Set, long ReadAt);
}
