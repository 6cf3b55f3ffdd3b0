using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>A service with low limits, so that going over them is cheap.</summary>
public sealed class LimitedService : IAsyncLifetime
{
    public const int MaxFileSize = 300_000, MaxTextLength = 20_000;

    public ServiceProcess Process { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Process = await ServiceProcess.StartAsync(("MAX_FILE_SIZE", $"{MaxFileSize}"), ("MAX_TEXT_LENGTH", $"{MaxTextLength}"));

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
