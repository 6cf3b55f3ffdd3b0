using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ingestion.Sources;

/// <summary>The one place that makes an HTTP client for addresses that a client of the service can influence.</summary>
/// <remarks>
/// The guard is on the socket: names are resolved here, every address is checked, and the connection goes to the checked address itself,
/// so a name that resolves differently the next time gains nothing. No proxy, no cookies, no credentials, no automatic redirects: whoever
/// follows a redirect sends a new request, which is checked anew.
/// </remarks>
public sealed class GuardedHttp : IDisposable
{
    private const int MaxAddressLength = 8_192;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>How long one address of several may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly bool allowPrivate;
    private readonly string[] allowedHosts;

    /// <param name="allowPrivate">Also loopback and private networks (URL_ALLOW_PRIVATE).</param>
    /// <param name="allowedHosts">The only hosts, <c>*.example.com</c> included (URL_ALLOWED_HOSTS); empty is every host.</param>
    public GuardedHttp(bool allowPrivate, IReadOnlyList<string> allowedHosts)
    {
        this.allowPrivate = allowPrivate;
        this.allowedHosts = [.. allowedHosts.Select(ToAscii)];
        Client = new HttpClient(new EveryRequest(this) { InnerHandler = MakeHandler() }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Answers are decompressed as they are read, so a limit on the bytes read is a limit on the decompressed size.</summary>
    public HttpClient Client { get; }

    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    internal Func<IPEndPoint, CancellationToken, Task<Stream>> Dial { get; init; } = DialAsync;

    /// <summary>Why this text can never be fetched; null where only the network can tell.</summary>
    public string? Refusal(string url, out Uri? address)
    {
        address = null;
        if (url.Length > MaxAddressLength) return $"The URL is longer than {MaxAddressLength} characters; use a shorter one.";
        if (!Uri.TryCreate(url, UriKind.Absolute, out address))
            return "The URL is not valid; write it whole, such as https://example.com/report.pdf.";
        return Refusal(address);
    }

    /// <inheritdoc cref="Refusal(string, out Uri?)"/>
    public string? Refusal(Uri address)
    {
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https") || HostOf(address) is not { Length: > 0 } host)
            return "The URL must start with http:// or https:// and name a host.";
        if (address.UserInfo.Length > 0) return "The URL must not hold a user name or password; remove what stands before the @.";
        if (allowedHosts.Length > 0 && !allowedHosts.Any(allowed => Matches(host, allowed)))
            return $"The host {host} is not one that this service fetches from (URL_ALLOWED_HOSTS).";
        return IPAddress.TryParse(host, out var literal) && !IsAllowed(literal) ? NoAddress(host) : null;
    }

    public void Dispose() => Client.Dispose();

    private SocketsHttpHandler MakeHandler() => new()
    {
        ConnectCallback = ConnectAsync,
        ConnectTimeout = ConnectTimeout,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        Credentials = null,
        // The only one of the usual three that every server has and whose checksum is verified.
        AutomaticDecompression = DecompressionMethods.GZip,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 64,
        MaxResponseDrainSize = 0,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        // Web servers send file names and redirects in UTF-8, whatever the standard says.
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        SslOptions = new SslClientAuthenticationOptions
        {
            // A certificate names addresses to fetch its issuers and revocation lists from: requests past the guard.
            CertificateChainPolicy = new X509ChainPolicy
            {
                DisableCertificateDownloads = true,
                RevocationMode = X509RevocationMode.NoCheck,
                ApplicationPolicy = { new("1.3.6.1.5.5.7.3.1") },
            },
        },
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await ResolveAsync(host, cancel);
        // One private address among public ones is an attack or a mistake; neither is worth a connection.
        if (addresses.Length == 0 || !addresses.All(IsAllowed)) throw new AddressRefusedException(NoAddress(host));
        for (var i = 0; ; i++)
        {
            var isLast = i == addresses.Length - 1;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            if (!isLast) patience.CancelAfter(Patience);
            try
            {
                return await Dial(new IPEndPoint(addresses[i], port), patience.Token);
            }
            catch (Exception e) when (!isLast && !cancel.IsCancellationRequested && IsNoAnswer(e))
            {
                // The next address may answer.
            }
        }
    }

    private static bool IsNoAnswer(Exception e) => e is SocketException or OperationCanceledException;

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel)
    {
        try
        {
            return await Resolve(host, cancel);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            // The same answer as for a private address, so that nobody can ask which internal names exist.
            return [];
        }
    }

    private bool IsAllowed(IPAddress address) => AddressGuard.Classify(address) switch
    {
        AddressReach.Public => true,
        AddressReach.Private => allowPrivate,
        _ => false,
    };

    private string NoAddress(string host) => allowPrivate
        ? $"The host {host} has no address that may be fetched from; check its spelling."
        : $"The host {host} has no public address; check its spelling. This service does not fetch from private networks.";

    /// <summary>As it is resolved: in ASCII, without IPv6's brackets and the root's dot. Null where it has no such form.</summary>
    private static string? HostOf(Uri address)
    {
        try
        {
            return address.IdnHost.TrimEnd('.');
        }
        catch (UriFormatException)
        {
            return null;
        }
    }

    private static bool Matches(string host, string allowed) => allowed[0] == '*'
        ? host.Length >= allowed.Length && host.EndsWith(allowed[1..], StringComparison.Ordinal)
        : host == allowed;

    private static string ToAscii(string allowed)
    {
        var prefix = allowed.StartsWith("*.", StringComparison.Ordinal) ? "*." : "";
        var host = HostOf(new UriBuilder("http", allowed[prefix.Length..]).Uri);
        return prefix + (host ?? throw new ArgumentException($"{allowed} is not a host name.", nameof(allowed)));
    }

    private static async Task<Stream> DialAsync(IPEndPoint endPoint, CancellationToken cancel)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Schemes, user names and host names are looked at here, so that no caller can forget to.</summary>
    private sealed class EveryRequest(GuardedHttp guard) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            guard.Refusal(request.RequestUri!) is { } refusal
                ? throw new AddressRefusedException(refusal)
                : base.SendAsync(request, cancellationToken);
    }
}

/// <summary>The guard did not let a request through. It may come inside an <see cref="HttpRequestException"/>.</summary>
internal sealed class AddressRefusedException(string message) : IOException(message);
