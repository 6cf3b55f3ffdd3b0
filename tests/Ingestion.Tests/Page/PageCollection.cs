using Ingestion.Tests.Support;

namespace Ingestion.Tests.Page;

/// <summary>One browser and one service for all tests of the page: several at once would only slow each other down.</summary>
[CollectionDefinition(Name)]
public sealed class PageCollection : ICollectionFixture<Chromium>, ICollectionFixture<RunningService>, ICollectionFixture<PageFiles>
{
    public const string Name = "page";
}

/// <summary>The service that they share; each of them works in a collection of its own.</summary>
public sealed class RunningService : IAsyncLifetime
{
    private ServiceProcess? _process;

    public ServiceProcess Process => _process!;

    public async ValueTask InitializeAsync() => _process = await ServiceProcess.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }
}
