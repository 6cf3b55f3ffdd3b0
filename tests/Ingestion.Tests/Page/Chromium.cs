using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Playwright;

namespace Ingestion.Tests.Page;

/// <summary>A real browser for the tests. Without one on the machine those tests say so and are skipped.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    /// <summary>Milliseconds that a slow machine gets; nothing waits longer than it must.</summary>
    private const float Patience = 30_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private Tab? _scratch;

    public async ValueTask InitializeAsync()
    {
        var path = Array.Find(Places, File.Exists);
        if (path is null || !RuntimeInformation.IsOSPlatform(OSPlatform.Linux)) return;
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(Patience);
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Arguments });
    }

    /// <summary>A fresh profile and an empty tab.</summary>
    public async Task<Tab> OpenAsync(string locale = "en-US", ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        if (_browser is null) Assert.Skip("Chromium is not installed (Debian: apt-get install chromium).");
        var context = await _browser.NewContextAsync(
            new() { Locale = locale, ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 } });
        context.SetDefaultTimeout(Patience);
        return new(await context.NewPageAsync());
    }

    /// <summary>One tab for all tests that leave nothing behind in it.</summary>
    public async Task<Tab> GetScratchAsync() => _scratch ??= await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>A tab that remembers what its console complained about: faults, refused resources, violations of the security policy.</summary>
public sealed class Tab : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = new();

    public Tab(IPage page)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Enqueue($"{message.Type}: {message.Text}");
        };
        page.PageError += (_, fault) => _complaints.Enqueue(fault);
    }

    public IPage Page { get; }

    public IReadOnlyCollection<string> Complaints => [.. _complaints];

    public ValueTask DisposeAsync() => new(Page.Context.CloseAsync());
}
