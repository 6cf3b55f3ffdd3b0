using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>One service for a class of tests that do not disturb each other, as each is a tenant of its own, and a site to fetch from.</summary>
public sealed class SharedService : IAsyncLifetime
{
    public ServiceProcess Process { get; private set; } = null!;

    public HeldWeb Web { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Web = await HeldWeb.StartAsync();
        Process = await ServiceProcess.StartAsync(("URL_ALLOW_PRIVATE", "true"), ("WORKER_COUNT", "2"));
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await Web.DisposeAsync();
    }
}
