using System.Diagnostics;

namespace Ingestion.Extraction;

/// <summary>A program of the system that a reader asks, bounded in time and in what it may say. It gets its input by its standard input.</summary>
/// <remarks>In a reading process it runs under that process's limits (<see cref="Host.Confinement"/>), and ends with it.</remarks>
internal static class ExternalTool
{
    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program)));

    /// <summary>Runs it to its end, or to a limit.</summary>
    /// <param name="maxOutput">Bytes.</param>
    public static async Task<ToolResult> RunAsync(
        string program, IEnumerable<string> arguments, ReadOnlyMemory<byte> input, int maxOutput, TimeSpan limit, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
            // One page at a time, on one core: the service's own workers are what runs side by side.
            Environment = { ["OMP_THREAD_LIMIT"] = "1" },
        })!;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(limit);
        try
        {
            var feeding = FeedAsync(process.StandardInput.BaseStream, input, patience.Token);
            var complaining = process.StandardError.BaseStream.CopyToAsync(Stream.Null, patience.Token);
            var output = await ReadAsync(process.StandardOutput.BaseStream, maxOutput + 1, patience.Token);
            if (output.Length > maxOutput) return new ToolResult(ToolEnd.TooMuch, []);
            await feeding;
            await complaining;
            await process.WaitForExitAsync(patience.Token);
            return new ToolResult(process.ExitCode == 0 ? ToolEnd.Well : ToolEnd.Failed, output);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ToolResult(ToolEnd.TooLong, []);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    private static async Task FeedAsync(Stream pipe, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        try
        {
            await pipe.WriteAsync(input, cancel);
            await pipe.DisposeAsync();
        }
        catch (IOException)
        {
            // It has seen enough.
        }
    }

    private static async Task<byte[]> ReadAsync(Stream pipe, int most, CancellationToken cancel)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await pipe.ReadAsync(buffer, cancel)) > 0;)
        {
            kept.Write(buffer, 0, (int)Math.Min(read, most - kept.Length));
            if (kept.Length == most) break;
        }
        return kept.ToArray();
    }
}

internal enum ToolEnd
{
    Well,
    Failed,
    TooLong,
    TooMuch,
}

/// <param name="Output">Empty where it went over a limit.</param>
internal sealed record ToolResult(ToolEnd End, byte[] Output);
