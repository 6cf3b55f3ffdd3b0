using Ingestion.Tests.Support;

namespace Ingestion.Tests.Page;

/// <summary>One service for the tests of a class; each of them works in a collection of its own.</summary>
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
