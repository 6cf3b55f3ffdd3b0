using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Ingestion.Extraction;

namespace Ingestion.Benchmarks;

/// <summary>
/// <c>mutations [minutes] [seed] [folder…]</c>: has every reader read damaged documents, in a child process that tells each case before it
/// tries it. What kills the child, holds it up, takes too much memory or comes out inconsistent is written to <c>finds/</c>.
/// The same seed gives the same documents. <c>mutations replay [folder]</c> tries what was found once more, as it is.
/// </summary>
public static class Mutations
{
    public const string ChildVerb = "mutations-child";

    private const int MaxDocument = 300_000;
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);
    private const long Greedy = 2_000_000_000;
    private const string Replay = "replay";

    private sealed record Source(string Path, string Format, byte[] Bytes);

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is [Replay, ..]) return await RunAsync(double.MaxValue, 0, [Replay, arguments.Length > 1 ? arguments[1] : "finds"]);
        var minutes = arguments.Length > 0 ? double.Parse(arguments[0], CultureInfo.InvariantCulture) : 1;
        var seed = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 1;
        return await RunAsync(minutes, seed, arguments.Length > 2 ? arguments[2..] : ["tests/Ingestion.Tests/Golden", "../shared/corpus"]);
    }

    private static async Task<int> RunAsync(double minutes, int seed, string[] folders)
    {
        var sources = Load(folders);
        var finds = folders[0] == Replay ? null : Directory.CreateDirectory("finds").FullName;
        var end = minutes == double.MaxValue ? DateTime.MaxValue : DateTime.UtcNow.AddMinutes(minutes);
        int cases = 0, found = 0;
        while (DateTime.UtcNow < end)
        {
            using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [ChildVerb, $"{seed}", .. folders])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["DOTNET_GCHeapHardLimit"] = "0x60000000", ["DOTNET_DbgEnableMiniDump"] = "0" },
            })!;
            var errors = child.StandardError.ReadToEndAsync();
            var fate = "crash";
            while (DateTime.UtcNow < end)
            {
                var reading = child.StandardOutput.ReadLineAsync();
                // Time on the processor, since the run may be the least of what a machine does.
                var begun = child.TotalProcessorTime;
                while (await Task.WhenAny(reading, Task.Delay(1_000)) != reading && child.TotalProcessorTime - begun < Hang) child.Refresh();
                if (!reading.IsCompleted)
                {
                    fate = "hang";
                    break;
                }
                if (await reading is not { } line) break;
                if (int.TryParse(line, CultureInfo.InvariantCulture, out var started))
                {
                    seed = started;
                    cases++;
                }
                else
                {
                    found++;
                    await KeepAsync(finds, folders, sources, seed, line);
                }
            }
            if (DateTime.UtcNow >= end || (fate == "crash" && await EndsWellAsync(child))) fate = "";
            if (!child.HasExited) child.Kill();
            await child.WaitForExitAsync();
            if (fate.Length == 0) break;
            found++;
            await KeepAsync(finds, folders, sources, seed, $"{fate} {(await errors).Split('\n').Take(3).Aggregate("", (all, line) => $"{all} {line.Trim()}")}");
            seed++;
        }
        Console.WriteLine($"{cases} documents of {sources.Count} sources up to seed {seed}: {found} finds.");
        return found == 0 ? 0 : 1;
    }

    private static async Task<bool> EndsWellAsync(Process child)
    {
        await child.WaitForExitAsync();
        return child.ExitCode == 0;
    }

    public static async Task<int> RunChildAsync(string[] arguments)
    {
        var folders = arguments[1..];
        var sources = Load(folders);
        for (var seed = int.Parse(arguments[0], CultureInfo.InvariantCulture); folders[0] != Replay || seed < sources.Count; seed++)
        {
            Console.WriteLine(seed);
            var (source, bytes) = Case(folders, sources, seed);
            var (begun, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
            var complaint = await TryAsync(source, bytes);
            if (complaint is null && Environment.CpuUsage.TotalTime - begun is var busy && busy > Slow)
                complaint = $"slow {busy.TotalSeconds:F1} s";
            if (complaint is null && GC.GetTotalAllocatedBytes() - allocated is var taken && taken > Greedy)
                complaint = $"greedy {taken / 1_000_000} MB";
            if (complaint is not null) Console.WriteLine(complaint);
        }
        return 0;
    }

    private static (Source Source, byte[] Bytes) Case(string[] folders, List<Source> sources, int seed)
    {
        if (folders[0] == Replay) return (sources[seed], sources[seed].Bytes);
        var random = new Random(seed);
        var formats = sources.Select(source => source.Format).Distinct().ToList();
        var format = formats[random.Next(formats.Count)];
        var same = sources.FindAll(source => source.Format == format);
        var source = same[random.Next(same.Count)];
        return (source, Mutator.Mutate(source.Bytes, same[random.Next(same.Count)].Bytes, seed));
    }

    private static async Task<string?> TryAsync(Source source, byte[] bytes)
    {
        try
        {
            var type = MediaTypes.FromName(source.Path)!;
            var reader = DocumentReaders.All.First(reader => reader.MediaTypes.Contains(type));
            var content = new DocumentContent { Bytes = new MemoryStream(bytes), MediaType = type, FileName = Path.GetFileName(source.Path) };
            return Inconsistent(await DocumentReaders.ReadAsync(reader, content, CancellationToken.None));
        }
        catch (ExtractionException fault)
        {
            return fault.InnerException is { } surprise && IsOurs(surprise) ? $"surprise {Name(surprise)}" : null;
        }
        catch (Exception fault)
        {
            return $"fault {Name(fault)}";
        }
    }

    // A reader foresees what is wrong with a document: what surprises its own code may cost a text that could be read.
    private static bool IsOurs(Exception fault) =>
        fault is OutOfMemoryException
        || (fault is NullReferenceException or IndexOutOfRangeException or InvalidCastException or ArgumentException or KeyNotFoundException
                or OverflowException or InvalidOperationException or RegexMatchTimeoutException
            && (Frames(fault).FirstOrDefault(frame => !frame.StartsWith("System.", StringComparison.Ordinal)) ?? "")
                .StartsWith("Ingestion.", StringComparison.Ordinal));

    private static string Name(Exception fault) => $"{fault.GetType().Name} at {string.Join(" < ", Frames(fault).Take(4))}";

    private static IEnumerable<string> Frames(Exception fault) =>
        (fault.StackTrace ?? "").Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("at ", StringComparison.Ordinal))
            .Select(line => line[3..].Split(" in ")[0]);

    private static string? Inconsistent(ExtractedDocument document)
    {
        var end = 0;
        foreach (var element in document.Elements)
        {
            if (element.Start < end || element.End <= element.Start || element.End > document.Text.Length) return $"inconsistent {element}";
            end = element.End;
        }
        return document.PageStarts.Any(start => start > document.Text.Length) ? "inconsistent pages" : null;
    }

    private static List<Source> Load(IEnumerable<string> folders) =>
    [
        .. folders.Where(folder => folder != Replay).SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(path => !path.Contains("expected", StringComparison.Ordinal) && !path.Contains("/hostile/", StringComparison.Ordinal)
                && !path.Contains("/chunking/", StringComparison.Ordinal) && (folders.Contains(Replay) || new FileInfo(path).Length is > 0 and < MaxDocument))
            .Where(path => MediaTypes.FromName(path) is { } type && DocumentReaders.Supported.Contains(type))
            .Order(StringComparer.Ordinal)
            .Select(path => new Source(path, MediaTypes.FromName(path)!, File.ReadAllBytes(path))),
    ];

    private static async Task KeepAsync(string? finds, string[] folders, List<Source> sources, int seed, string complaint)
    {
        var (source, bytes) = Case(folders, sources, seed);
        Console.WriteLine($"{seed} {source.Path}: {complaint}");
        if (finds is not null) await File.WriteAllBytesAsync(Path.Combine(finds, $"{seed}-{Path.GetFileName(source.Path)}"), bytes);
    }
}
