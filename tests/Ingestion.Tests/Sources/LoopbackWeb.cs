using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Ingestion.Sources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Sources;

/// <summary>
/// A web server on loopback, and a network in which public addresses lead to it: the guard is whole, and every address that it lets
/// a connection go to is recorded.
/// </summary>
internal sealed class LoopbackWeb : IAsyncDisposable
{
    public static readonly IPAddress PublicAddress = IPAddress.Parse("93.184.216.34");

    private readonly WebApplication app;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ingestion-fetch-");

    private LoopbackWeb(WebApplication app) => this.app = app;

    public int Port => new Uri(app.Urls.Single()).Port;

    public ConcurrentQueue<IPAddress> Dialled { get; } = [];

    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Names that exist; all others do not.</summary>
    public Dictionary<string, Func<IPAddress[]>> Names { get; } = new(StringComparer.OrdinalIgnoreCase)
    {
        ["public.example"] = () => [PublicAddress],
    };

    public string[] StoredFiles => Directory.GetFiles(Path.Combine(folder.FullName, "uploads"));

    public UploadStore Store { get; private set; } = null!;

    public static async Task<LoopbackWeb> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0")
            .ConfigureKestrel(options => options.ResponseHeaderEncodingSelector = _ => Encoding.UTF8);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var app = builder.Build();
        var web = new LoopbackWeb(app);
        web.Store = new FolderUploads(web.folder.FullName);
        app.Run(context =>
        {
            web.Asked.Enqueue(context.Request.Path + context.Request.QueryString.Value);
            return answer(context);
        });
        await app.StartAsync();
        return web;
    }

    /// <summary>With the network of this class.</summary>
    public UrlFetcher Fetcher(bool allowPrivate = false, params string[] allowedHosts) =>
        new(new GuardedHttp(allowPrivate, allowedHosts) { Resolve = ResolveAsync, Dial = DialAsync }, Store, "1.2.3");

    /// <summary>With the real network.</summary>
    public UrlFetcher RealFetcher(bool allowPrivate) => new(new GuardedHttp(allowPrivate, []), Store, "1.2.3");

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(atOnce.Token);
        await app.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel) => Names.TryGetValue(host, out var answer)
        ? Task.FromResult(answer())
        : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));

    private async Task<Stream> DialAsync(IPEndPoint endPoint, CancellationToken cancel)
    {
        Dialled.Enqueue(endPoint.Address);
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, cancel);
        return client.GetStream();
    }
}
