namespace Ingestion.Extraction.Host;

public sealed record ReaderHostOptions
{
    /// <summary>Documents read at the same time.</summary>
    public int MaxProcesses { get; init; } = 2;

    /// <summary>The whole time that one document may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The longest time without progress: half of the whole.</summary>
    public TimeSpan Stall => Timeout / 2;

    /// <summary>What reading one document may hold, beside the runtime itself.</summary>
    public int MemoryMegabytes { get; init; } = 1024;

    /// <summary>After so many a process is replaced, whatever its state.</summary>
    public int DocumentsPerProcess { get; init; } = 1000;

    /// <summary>Bytes in memory after a document, above which a process is replaced.</summary>
    internal long WornAbove => Math.Max(256L, MemoryMegabytes / 2) << 20;

    /// <summary>The program that knows the verb of a reading process, and its first arguments: this one.</summary>
    internal IReadOnlyList<string> Program { get; init; } = FindProgram();

    private static IReadOnlyList<string> FindProgram()
    {
        var name = typeof(ReaderHostOptions).Assembly.GetName().Name!;
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        var running = Environment.ProcessPath!;
        return Path.GetFileName(running) switch
        {
            "dotnet" or "dotnet.exe" => [running, Path.Combine(AppContext.BaseDirectory, name + ".dll")],
            var itself when itself == file => [running],
            _ => [Path.Combine(AppContext.BaseDirectory, file)],
        };
    }
}
