using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ingestion.Engines;
using Ingestion.Sources;
using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

/// <summary>
/// Another process on the same file: this test program started again, with its part in the environment. It prints one task id a line:
/// those accepted, or those finished. All of it runs on the first thread: until the initializer returns, no other may enter this assembly.
/// </summary>
internal static class EngineChild
{
    private const string Part = "INGESTION_TEST_ENGINE_CHILD";
    private const string File = "INGESTION_TEST_ENGINE_FILE";

    /// <param name="part">
    /// <c>enqueue</c>: without end; <c>work</c>: until nothing is left; <c>hold</c>: sweeps, then prints the one task that it leases and keeps.
    /// </param>
    /// <param name="locks">False: files are locked for nobody, as on some network folders.</param>
    public static Process Start(string part, string file, bool locks = true)
    {
        var program = Path.ChangeExtension(typeof(EngineChild).Assembly.Location, null) + (OperatingSystem.IsWindows() ? ".exe" : "");
        return Process.Start(new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Part] = part, [File] = file, ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = locks ? "0" : "1" },
        })!;
    }

#pragma warning disable CA2255 // This program is the child, too: the part must be played before the test runner starts.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Run()
    {
        if (Environment.GetEnvironmentVariable(Part) is not { } part) return;
        try
        {
            using var database = new SqliteDatabase(Environment.GetEnvironmentVariable(File)!);
            var engine = new SqliteEngine(database, new EngineOptions { LeaseTime = TimeSpan.FromDays(1) }, TimeProvider.System);
            if (part == "enqueue") Enqueue(engine);
            else if (part == "hold") Hold(engine);
            else Work(engine);
            Environment.Exit(0);
        }
        catch (Exception fault)
        {
            Console.Error.WriteLine(fault);
            Environment.Exit(1);
        }
    }

    private static void Enqueue(SqliteEngine engine)
    {
        var inFlight = new Task<EnqueueResult>[16];
        for (var i = 0; i < inFlight.Length; i++) inFlight[i] = engine.EnqueueAsync(NewSpec(), default);
        while (true)
        {
            var done = Task.WaitAny(inFlight);
            Console.Out.WriteLine(((EnqueueResult.Created)inFlight[done].GetAwaiter().GetResult()).Task.Spec.TaskId);
            inFlight[done] = engine.EnqueueAsync(NewSpec(), default);
        }
    }

    private static void Hold(SqliteEngine engine)
    {
        engine.SweepAsync(default).GetAwaiter().GetResult();
        Console.Out.WriteLine(engine.LeaseAsync("holder", 1, TimeSpan.Zero, default).GetAwaiter().GetResult()[0].TaskId);
        Thread.Sleep(Timeout.Infinite);
    }

    private static void Work(SqliteEngine engine)
    {
        var worker = $"process-{Environment.ProcessId}";
        while (engine.LeaseAsync(worker, 3, TimeSpan.Zero, default).GetAwaiter().GetResult() is { Count: > 0 } leases)
        {
            foreach (var lease in leases)
            {
                var change = new TaskChange
                {
                    Events = [new StatusEvent(DateTimeOffset.UtcNow, TaskState.Pending, TaskState.Completed, "Done.")],
                };
                var finished = engine.FinishAsync(lease, new() { Kind = OutcomeKind.Completed, Change = change }, default);
                if (finished.GetAwaiter().GetResult()) Console.Out.WriteLine(lease.TaskId);
            }
        }
    }

    private static TaskSpec NewSpec() => new()
    {
        TaskId = Guid.CreateVersion7().ToString(),
        TenantId = "acme",
        CollectionId = "manuals",
        DocumentId = "pump-7",
        Source = SourceKind.Text,
        Content = new DocumentSource { Inline = new byte[2_000], Size = 2_000 },
        Chunker = "sentence",
        ChunkSize = 512,
        ChunkOverlap = 64,
        CreatedAt = DateTimeOffset.UtcNow,
    };
}
