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

    private static long Read(string name) =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..^2], CultureInfo.InvariantCulture) * 1024;
}
