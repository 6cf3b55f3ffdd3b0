using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ingestion.Sources;
using Ingestion.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Ingestion.Tests.Sources;

/// <summary>Server-side request forgery: what a client can write or arrange so that the service connects where it should not.</summary>
public class GuardedHttpTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Theory]
    // Loopback in every spelling
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://127.0.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://0x7f.0x0.0x0.0x1/")]
    [InlineData("http://0x7F.1/")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://017700000001/")]
    [InlineData("http://00000177.0.0.01/")]
    [InlineData("http://127.0.0.1./")]
    [InlineData("http://127.0.0.1:80/")]
    [InlineData("http://127.127.127.127/")]
    [InlineData("http://127%2e0%2e0%2e1/")]
    [InlineData("http://%31%32%37.0.0.1/")]
    [InlineData("http://①②⑦.⓪.⓪.①/")]
    [InlineData("http://１２７.０.０.１/")]
    [InlineData("http://127。0。0。1/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[0:0:0:0:0:0:0:1]/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://[::ffff:7f00:1]/")]
    [InlineData("http://[::127.0.0.1]/")]
    [InlineData("http://[0000::1]:8080/")]
    [InlineData("http://localhost/")]
    [InlineData("http://LOCALHOST/")]
    [InlineData("http://localhost./")]
    [InlineData("http://ⓛocalhost/")]
    [InlineData("http://anything.localhost/")]
    [InlineData("http://ip6-localhost/")]
    [InlineData("http://127.0.0.1.nip.example/")]
    // "This host"
    [InlineData("http://0/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://0x0/")]
    [InlineData("http://[::]/")]
    [InlineData("http://[::ffff:0.0.0.0]/")]
    // Cloud metadata
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://2852039166/latest/meta-data/")]
    [InlineData("http://0xA9FEA9FE/")]
    [InlineData("http://0251.0376.0251.0376/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[::ffff:a9fe:a9fe]/")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://168.63.129.16/")]
    [InlineData("http://192.0.0.192/")]
    [InlineData("http://metadata.google.internal/")]
    [InlineData("http://metadata.google.internal./computeMetadata/v1/")]
    // Private networks
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://10.1/")]
    [InlineData("http://167772161/")]
    [InlineData("http://172.16.0.1/")]
    [InlineData("http://192.168.1.1/")]
    [InlineData("http://192.168.257/")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("http://[fc00::1]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fe80::1%25eth0]/")]
    [InlineData("http://[2002:7f00:1::]/")]
    [InlineData("http://[2001:0:7f00:1::]/")]
    [InlineData("http://intranet/")]
    [InlineData("http://half-private.example/")]
    [InlineData("http://mapped.example/")]
    [InlineData("http://nowhere.example/")]
    // Multicast and broadcast
    [InlineData("http://224.0.0.1/")]
    [InlineData("http://255.255.255.255/")]
    [InlineData("http://[ff02::1]/")]
    // User names that look like hosts
    [InlineData("http://public.example@127.0.0.1/")]
    [InlineData("http://public.example:80@127.0.0.1:80/")]
    [InlineData("http://user:password@public.example/")]
    [InlineData("http://user@public.example/")]
    [InlineData("http://127.0.0.1\\@public.example/")]
    [InlineData("http://127.0.0.1:80\\@@public.example/")]
    [InlineData("http://127.0.0.1#@public.example/")]
    [InlineData("http://127.0.0.1?@public.example/")]
    // Other schemes, and no URL at all
    [InlineData("file:///etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("//127.0.0.1/")]
    [InlineData("ftp://public.example/")]
    [InlineData("gopher://127.0.0.1:6379/_FLUSHALL")]
    [InlineData("dict://127.0.0.1:11211/")]
    [InlineData("ldap://127.0.0.1/")]
    [InlineData("jar:http://127.0.0.1!/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/plain,x")]
    [InlineData("ws://public.example/")]
    [InlineData("unix:/var/run/docker.sock")]
    [InlineData("http:///etc/passwd")]
    [InlineData("http://")]
    [InlineData("http:127.0.0.1")]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("public.example")]
    [InlineData("http://[::1/")]
    [InlineData("http://[not-an-address]/")]
    public async Task No_connection_is_made_to_where_a_client_must_not_reach(string url)
    {
        await using var web = await LoopbackWeb.StartAsync(context => context.Response.WriteAsync("secret"));
        foreach (var name in new[] { "localhost", "localhost.", "anything.localhost", "ip6-localhost", "127.0.0.1.nip.example" })
            web.Names[name] = () => [IPAddress.Loopback, IPAddress.IPv6Loopback];
        web.Names["metadata.google.internal"] = web.Names["metadata.google.internal."] = () => [IPAddress.Parse("169.254.169.254")];
        web.Names["intranet"] = () => [IPAddress.Parse("10.1.2.3")];
        web.Names["half-private.example"] = () => [LoopbackWeb.PublicAddress, IPAddress.Parse("192.168.0.10")];
        web.Names["mapped.example"] = () => [IPAddress.Parse("::ffff:10.0.0.1")];

        var outcome = await web.Fetcher().FetchAsync(url, 1000, TimeSpan.FromSeconds(20), null, Cancel);

        var failure = Assert.IsType<FetchOutcome.Failed>(outcome);
        Assert.Equal((FetchFailure.Refused, false), (failure.Failure, failure.IsTransient));
        Assert.Empty(web.Dialled);
        Assert.Empty(web.Asked);
        Assert.DoesNotContain("10.1.2.3", failure.Message);
    }

    [Fact]
    public async Task Whatever_the_URL_only_public_addresses_are_dialled()
    {
        await using var web = await LoopbackWeb.StartAsync(context => context.Response.WriteAsync("secret"));
        var fetcher = web.Fetcher();
        string[] parts = ["http:", "//", "/", "\\", "@", ":", "#", "?", "127.0.0.1", "0x7f", "0177", ".", "1", "[", "]", "::1",
            "::ffff:", "%2e", "localhost", "public.example", "a9fe", "。", "\t", " ", "８", "8.8.8.8", "\0", "\n", "xn--", "ß"];
        var random = new Random(20261123);
        for (var i = 0; i < 10_000; i++)
        {
            var tail = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => parts[random.Next(parts.Length)]));
            await fetcher.FetchAsync(i % 2 == 0 ? "http://" + tail : tail, 1000, TimeSpan.FromSeconds(20), null, Cancel);
        }
        Assert.NotEmpty(web.Dialled);
        Assert.All(web.Dialled, address => Assert.True(AddressGuard.IsPublic(address), address.ToString()));
    }

    [Fact]
    public async Task A_name_that_changes_its_address_between_two_connections_is_checked_each_time()
    {
        await using var web = await LoopbackWeb.StartAsync(context =>
        {
            context.Response.Headers.Connection = "close";
            context.Response.Redirect("/again");
            return Task.CompletedTask;
        });
        var answers = 0;
        web.Names["rebinding.example"] = () => [answers++ == 0 ? LoopbackWeb.PublicAddress : IPAddress.Loopback];
        var fetcher = web.Fetcher();

        Assert.Null(fetcher.Refusal("http://rebinding.example/"));
        var outcome = await fetcher.FetchAsync("http://rebinding.example/", 1000, TimeSpan.FromSeconds(20), null, Cancel);

        Assert.Equal(FetchFailure.Refused, Assert.IsType<FetchOutcome.Failed>(outcome).Failure);
        Assert.Equal(2, answers);
        Assert.Equal([LoopbackWeb.PublicAddress], web.Dialled);
    }

    [Fact]
    public async Task The_address_that_was_checked_is_the_one_that_is_dialled()
    {
        await using var web = await LoopbackWeb.StartAsync(context => context.Response.WriteAsync("text"));
        var answers = 0;
        web.Names["rebinding.example"] = () => [answers++ == 0 ? LoopbackWeb.PublicAddress : IPAddress.Loopback];
        Assert.IsType<FetchOutcome.Fetched>(
            await web.Fetcher().FetchAsync("http://rebinding.example/", 1000, TimeSpan.FromSeconds(20), null, Cancel));
        Assert.Equal((1, LoopbackWeb.PublicAddress), (answers, Assert.Single(web.Dialled)));
    }

    [Fact]
    public async Task An_unknown_name_and_an_internal_one_cannot_be_told_apart()
    {
        await using var web = await LoopbackWeb.StartAsync(context => Task.CompletedTask);
        web.Names["vault.corp.example"] = () => [IPAddress.Parse("10.0.0.5")];
        var known = await web.Fetcher().FetchAsync("http://vault.corp.example/", 1, TimeSpan.FromSeconds(20), null, Cancel);
        var outcome = await web.Fetcher().FetchAsync("http://guess.corp.example/", 1, TimeSpan.FromSeconds(20), null, Cancel);
        var unknown = Assert.IsType<FetchOutcome.Failed>(outcome);
        Assert.Equal(known, unknown with { Message = unknown.Message.Replace("guess", "vault") });
    }

    [Theory]
    [InlineData("http://docs.example.com/", true)]
    [InlineData("http://DOCS.example.com./", true)]
    [InlineData("http://a.example.org/", true)]
    [InlineData("http://a.b.example.org/", true)]
    [InlineData("http://xn--espaa-rta.example/", true)]
    [InlineData("http://españa.example/", true)]
    [InlineData("http://[2606:4700:4700::1111]/", true)]
    [InlineData("http://example.org/", false)]
    [InlineData("http://evilexample.org/", false)]
    [InlineData("http://.example.org/", false)]
    [InlineData("http://docs.example.com.evil.example/", false)]
    [InlineData("http://docs.example.com@evil.example/", false)]
    [InlineData("http://evil.example/docs.example.com", false)]
    [InlineData("http://evil.example#docs.example.com", false)]
    [InlineData("http://8.8.8.8/", false)]
    public void Only_allowed_hosts_are_fetched_from_where_they_are_listed(string url, bool isAllowed)
    {
        using var http = new GuardedHttp(false, ["Docs.Example.com", "*.example.org", "españa.example", "2606:4700:4700::1111"]);
        Assert.Equal(isAllowed, http.Refusal(url, out _) is null);
    }

    [Fact]
    public async Task An_allowed_host_with_a_private_address_stays_refused()
    {
        await using var web = await LoopbackWeb.StartAsync(context => Task.CompletedTask);
        web.Names["docs.example.com"] = () => [IPAddress.Loopback];
        var outcome = await web.Fetcher(false, "docs.example.com")
            .FetchAsync("http://docs.example.com/", 1, TimeSpan.FromSeconds(20), null, Cancel);
        Assert.Equal(FetchFailure.Refused, Assert.IsType<FetchOutcome.Failed>(outcome).Failure);
        Assert.Empty(web.Dialled);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("2130706433")]
    public async Task Private_addresses_are_reached_where_the_operator_allows_it(string host)
    {
        await using var web = await LoopbackWeb.StartAsync(context => context.Response.WriteAsync("from inside"));
        var url = $"http://{host}:{web.Port}/";
        var allowed = await web.RealFetcher(allowPrivate: true).FetchAsync(url, 1000, TimeSpan.FromSeconds(20), null, Cancel);
        Assert.Equal("from inside"u8.ToArray(), Assert.IsType<FetchOutcome.Fetched>(allowed).Source.Inline);

        var refused = await web.RealFetcher(allowPrivate: false).FetchAsync(url, 1000, TimeSpan.FromSeconds(20), null, Cancel);
        Assert.Equal(FetchFailure.Refused, Assert.IsType<FetchOutcome.Failed>(refused).Failure);
        Assert.Single(web.Asked);
    }

    [Theory]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://224.0.0.1/")]
    public async Task Metadata_and_reserved_addresses_stay_refused_even_then(string url)
    {
        await using var web = await LoopbackWeb.StartAsync(context => Task.CompletedTask);
        var outcome = await web.Fetcher(allowPrivate: true).FetchAsync(url, 1000, TimeSpan.FromSeconds(20), null, Cancel);
        Assert.Equal(FetchFailure.Refused, Assert.IsType<FetchOutcome.Failed>(outcome).Failure);
        Assert.Empty(web.Dialled);
    }

    [Fact]
    public async Task A_certificate_cannot_make_the_service_fetch_its_issuer()
    {
        await using var web = await LoopbackWeb.StartAsync(context => Task.CompletedTask);
        using var certificate = CertificateWithIssuerAt($"http://127.0.0.1:{web.Port}/issuer.cer");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = GreetAsync(listener, certificate);
        using var http = new GuardedHttp(false, [])
        {
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([LoopbackWeb.PublicAddress]),
            Dial = async (_, cancel) =>
            {
                var client = new TcpClient();
                await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancel);
                return client.GetStream();
            },
        };
        var fetcher = new UrlFetcher(http, web.Store, "1");
        var outcome = await fetcher.FetchAsync("https://public.example/", 1, TimeSpan.FromSeconds(20), null, Cancel);
        var failure = Assert.IsType<FetchOutcome.Failed>(outcome);
        Assert.Equal((FetchFailure.Unreachable, false), (failure.Failure, failure.IsTransient));
        Assert.Contains("certificate", failure.Message);
        Assert.Empty(web.Asked);
        await server;
    }

    [Fact]
    public async Task Who_uses_the_client_directly_is_guarded_too()
    {
        using var http = new GuardedHttp(false, ["public.example"]);
        foreach (var url in new[] { "http://elsewhere.example/", "http://u@public.example/", "http://127.0.0.1/" })
            await Assert.ThrowsAsync<AddressRefusedException>(() => http.Client.GetAsync(new Uri(url), Cancel));
    }

    [Fact]
    public void No_other_code_makes_an_HTTP_client()
    {
        string[] makers =
            ["new HttpClient", "new SocketsHttpHandler", "HttpClientHandler", "WebRequest.Create", "new WebClient", "AddHttpClient"];
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"));
        var found = sources.Where(path => makers.Any(File.ReadAllText(path).Contains)).Select(Path.GetFileName);
        Assert.Equal(["GuardedHttp.cs"], found);
    }

    private static X509Certificate2 CertificateWithIssuerAt(string issuerAddress)
    {
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = new CertificateRequest("CN=Nobody's issuer", issuerKey, HashAlgorithmName.SHA256);
        issuer.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var issuerCertificate = issuer.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=public.example", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuerAddress]));
        using var signed = request.Create(issuerCertificate, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [1]);
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    private static async Task GreetAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync(Cancel);
        await using var stream = new SslStream(client.GetStream());
        try
        {
            // Offline: the server's own side would ask for the issuer too.
            var context = SslStreamCertificateContext.Create(certificate, null, offline: true);
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context }, Cancel);
            await stream.ReadExactlyAsync(new byte[1], Cancel);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // The client is meant to hang up.
        }
    }
}
