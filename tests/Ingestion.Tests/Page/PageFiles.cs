using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Page;

/// <summary>The page's files alone, without the service behind them.</summary>
public sealed class PageFiles : IAsyncLifetime
{
    private WebApplication? _app;

    public string Address { get; private set; } = "";

    public static string Folder { get; } = Path.Combine(Support.Repository.Root, "src", "Ingestion", "wwwroot");

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.UseFileServer(new FileServerOptions { FileProvider = new PhysicalFileProvider(Folder) });
        _app.MapGet("/empty", () => Results.Text("<!doctype html><body>", "text/html"));
        await _app.StartAsync();
        Address = _app.Urls.First() + "/";
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }
}
