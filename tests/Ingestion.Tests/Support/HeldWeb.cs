using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Support;

/// <summary>A site whose pages come when the test lets them: a document at such an address is in the middle for as long as the test likes.</summary>
public sealed class HeldWeb : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, HeldPage> _pages = new();
    private readonly WebApplication _app;

    private HeldWeb(WebApplication app) => _app = app;

    public static async Task<HeldWeb> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var app = builder.Build();
        var web = new HeldWeb(app);
        app.Run(web.AnswerAsync);
        await app.StartAsync();
        return web;
    }

    public HeldPage Hold(string text)
    {
        var name = "/" + Guid.NewGuid().ToString("N") + ".md";
        return _pages[name] = new HeldPage(new Uri(_app.Urls.First() + name), text);
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var page = _pages[http.Request.Path];
        page.Asked.TrySetResult();
        await page.Released.Task.WaitAsync(http.RequestAborted);
        http.Response.ContentType = "text/markdown; charset=utf-8";
        await http.Response.WriteAsync(page.Text);
    }
}

public sealed record HeldPage(Uri Address, string Text)
{
    internal TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Until a worker has asked for it.</summary>
    public Task WaitAsync() => Asked.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void Release() => Released.TrySetResult();
}
