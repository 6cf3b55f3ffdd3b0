using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Support;

/// <summary>Somebody on loopback who is told of tasks' ends, and answers as a test says.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    /// <summary>What the next calls are answered; 204 once it is empty.</summary>
    public ConcurrentQueue<Action<HttpContext>> Answers { get; } = [];

    public ConcurrentQueue<ToldWebhook> Told { get; } = [];

    public Uri Address => new(_app.Urls.First() + "/told?from=ingestion");

    /// <param name="port">0 for any that is free.</param>
    public static async Task<WebhookReceiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public async Task<IReadOnlyList<ToldWebhook>> WaitForAsync(int count)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (Told.Count < count)
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException($"Told {Told.Count} times, not {count}.");
            await Task.Delay(20);
        }
        return [.. Told];
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        string Header(string name) => http.Request.Headers[name].ToString();
        http.Response.StatusCode = 204;
        if (Answers.TryDequeue(out var answer)) answer(http);
        Told.Enqueue(new ToldWebhook(
            http.Request.Method, http.Request.Path + http.Request.QueryString, Header("webhook-id"), Header("webhook-timestamp"), Header("webhook-signature"), body.ToArray()));
    }
}

public sealed record ToldWebhook(string Method, string Path, string Id, string Timestamp, string Signature, byte[] Body)
{
    public JsonElement Json => JsonElement.Parse(Body);
}
