using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Ingestion.Extraction.Host;

/// <summary>What a reading process may not do.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Everywhere: it gets none of the service's environment but what the runtime needs, and its managed heap has a ceiling.</item>
/// <item>On Linux the kernel holds it to its memory (writable pages, <c>RLIMIT_DATA</c>: the heap's ceiling and
/// <see cref="RuntimeMegabytes"/> for the runtime itself), lets it write no file and no core, and ends it before the service where
/// memory runs out. Programs that it starts are in its process group and under the same limits.</item>
/// <item>Where the kernel permits user namespaces, it has a network of its own with nothing in it, and no capability even when the
/// service runs as root; with util-linux's <c>setpriv</c> it cannot gain privileges either. Containers often forbid this; then it
/// runs without, and what keeps it off the network is that no reader has a client for it.</item>
/// </list>
/// It keeps the service's user, who alone may read uploads.
/// </remarks>
internal static partial class Confinement
{
    /// <summary>Code, stacks and native libraries, beside the managed heap.</summary>
    public const int RuntimeMegabytes = 256;

    private const int LargeObject = 8 << 20;

    private const int RlimitFileSize = 1;
    private const int RlimitData = 2;
    private const int RlimitCore = 4;
    private const int Sigkill = 9;

    // Names that the runtime, or a program that a reader starts, cannot do without. Nobody keeps a secret in them.
    private static readonly string[] Needed =
    [
        "PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "LD_LIBRARY_PATH", "TZ",
        "TMPDIR", "TESSDATA_PREFIX", "SystemRoot", "SystemDrive", "TEMP", "TMP",
    ];

    private static readonly Lazy<Task<string[]>> Wrapper = new(FindWrapperAsync);

    /// <summary>Commands to start the process through; empty where the system permits none.</summary>
    public static Task<string[]> WrapperAsync() => Wrapper.Value;

    public static void CleanEnvironment(IDictionary<string, string?> environment, int memoryMegabytes)
    {
        var kept = Needed.Where(environment.ContainsKey).ToDictionary(name => name, name => environment[name]);
        environment.Clear();
        foreach (var (name, value) in kept) environment[name] = value;
        environment["LANG"] = "C.UTF-8";
        environment["DOTNET_GCHeapHardLimit"] = ((long)memoryMegabytes << 20).ToString("x", System.Globalization.CultureInfo.InvariantCulture);
        environment["DOTNET_gcConcurrent"] = "0";
        // A document's bytes and text are large and short-lived: without this each of them costs a collection of the whole heap.
        environment["DOTNET_GCLOHThreshold"] = LargeObject.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
        // Hexadecimal bytes, the runtime's own default without a collector beside the work: a document is read in one go.
        environment["DOTNET_GCgen0MaxBudget"] = "C800000";
        // Hexadecimal milliseconds, the runtime's own default: a process that is new compiles what it runs again only once it is warm.
        // The service itself, which lives longer, does that at once.
        environment["DOTNET_TC_CallCountingDelayMs"] = "64";
        // No sockets for debuggers, no dumps.
        environment["DOTNET_EnableDiagnostics"] = "0";
    }

    /// <summary>Called by the process itself, before it reads anything.</summary>
    public static void Apply(int memoryMegabytes)
    {
        if (!OperatingSystem.IsLinux()) return;
        // A group of its own: whatever it starts ends with it, and a terminal's Ctrl-C is the service's alone.
        _ = setpgid(0, 0);
        SetLimit(RlimitData, (ulong)(memoryMegabytes + RuntimeMegabytes) << 20);
        SetLimit(RlimitFileSize, 0);
        SetLimit(RlimitCore, 0);
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "500");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A hardened /proc; the limits above stand.
        }
    }

    /// <summary>Called by the process itself: a document goes through its pipes in one piece, without waiting for the other end.</summary>
    public static void WidenPipes()
    {
        const int SetPipeSize = 1031, Size = 1 << 20, Input = 0, Output = 1;
        if (!OperatingSystem.IsLinux()) return;
        // Where the system grants less, it only takes longer.
        _ = fcntl(Input, SetPipeSize, Size);
        _ = fcntl(Output, SetPipeSize, Size);
    }

    /// <summary>Ends the process and all that it started.</summary>
    public static void Kill(Process process)
    {
        try
        {
            if (OperatingSystem.IsLinux() && kill(-process.Id, Sigkill) == 0) return;
            process.Kill(entireProcessTree: true);
        }
        catch (Exception fault) when (fault is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It had ended by itself.
        }
    }

    /// <summary>Called by the process itself: the end, at once, of it and of all that it started.</summary>
    public static void EndSelf()
    {
        if (OperatingSystem.IsLinux()) _ = kill(-Environment.ProcessId, Sigkill);
        Environment.Exit(0);
    }

    [SupportedOSPlatform("linux")]
    private static void SetLimit(int resource, ulong value)
    {
        _ = getrlimit(resource, out var limit);
        var lower = (nuint)Math.Min(value, limit.Hard);
        if (setrlimit(resource, new Limit { Soft = lower, Hard = lower }) != 0)
            throw new InvalidOperationException($"The limit {resource} could not be set: error {Marshal.GetLastPInvokeError()}.");
    }

    private static async Task<string[]> FindWrapperAsync()
    {
        if (!OperatingSystem.IsLinux()) return [];
        string[] noGain = ["setpriv", "--no-new-privs"];
        string[] noNetwork = ["unshare", "--user", "--net"];
        foreach (var wrapper in (string[][])[[.. noGain, .. noNetwork], noNetwork, noGain])
            if (await WorksAsync(wrapper)) return wrapper;
        return [];
    }

    private static async Task<bool> WorksAsync(string[] wrapper)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(wrapper[0], [.. wrapper[1..], "true"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public nuint Soft;
        public nuint Hard;
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, out Limit limit);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, in Limit limit);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setpgid(int process, int group);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int file, int command, int argument);
}
