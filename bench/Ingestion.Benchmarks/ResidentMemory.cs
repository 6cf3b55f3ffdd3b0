using System.Globalization;

namespace Ingestion.Benchmarks;

/// <summary>The process's memory as Linux counts it: everything that is resident, the runtime's own included.</summary>
internal static class ResidentMemory
{
    /// <summary>Bytes above what was resident before, at the highest; null where the system does not tell.</summary>
    public static long? PeakOf(Action work)
    {
        if (!OperatingSystem.IsLinux())
        {
            work();
            return null;
        }
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        File.WriteAllText("/proc/self/clear_refs", "5"); // Forgets the highest so far.
        var before = Read("VmRSS:");
        work();
        return Read("VmHWM:") - before;
    }

    /// <summary>Bytes of another process at its highest; 0 where it has gone.</summary>
    public static long HighestOf(int processId)
    {
        try
        {
            return Read("VmHWM:", processId.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException)
        {
            return 0;
        }
    }

    /// <summary>Bytes of another process, now.</summary>
    public static long Of(int processId) => Read("VmRSS:", processId.ToString(CultureInfo.InvariantCulture));

    private static long Read(string name, string process = "self") =>
        long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..^2], CultureInfo.InvariantCulture) * 1024;
}
