using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>One service for a class of tests that do not disturb each other: each is a tenant of its own.</summary>
public sealed class SharedService : IAsyncLifetime
{
    public const int MaxFileSize = 300_000, MaxTextLength = 20_000;

    public ServiceProcess Process { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Process = await ServiceProcess.StartAsync(
        ("MAX_FILE_SIZE", $"{MaxFileSize}"), ("MAX_TEXT_LENGTH", $"{MaxTextLength}"), ("CORS_ORIGINS", """["http://app.example"]"""));

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
