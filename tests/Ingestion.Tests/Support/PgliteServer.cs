using System.Diagnostics;
using System.Globalization;

namespace Ingestion.Tests.Support;

/// <summary>PostgreSQL as WebAssembly, in memory and with pgvector: one connection at a time. <c>test.sh</c> installs it.</summary>
public sealed class PgliteServer : IAsyncLifetime
{
    private Process? _process;

    public string Url { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Support", "pglite");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            throw new InvalidOperationException($"PGlite is not installed: run npm ci in {folder}, as test.sh does.");
        var port = Ports.Free().ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(Path.Combine(folder, "server.mjs"));
        start.ArgumentList.Add(port);
        _process = Process.Start(start)!;
        var errors = _process.StandardError.ReadToEndAsync();
        if (await _process.StandardOutput.ReadLineAsync() != "ready") throw new InvalidOperationException("PGlite did not start: " + await errors);
        Url = $"postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable&max_connections=1&connect_timeout=60";
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
