namespace Ingestion.Tests.Support;

/// <summary>What the kernel knows of processes.</summary>
public static class Processes
{
    public static IReadOnlyList<int> ChildrenOf(int parent) =>
    [
        .. Directory.GetDirectories("/proc").Select(folder => Path.GetFileName(folder)).Where(name => name.All(char.IsAsciiDigit))
            .Select(name => int.Parse(name, System.Globalization.CultureInfo.InvariantCulture))
            .Where(process => FieldsOf(process) is { } fields && fields.Parent == parent && fields.State != "Z"),
    ];

    /// <summary>Not even as a zombie's living part: it does nothing and holds nothing any more.</summary>
    public static bool IsGone(int process) => FieldsOf(process) is not { State: not "Z" };

    public static async Task WaitUntilGoneAsync(int process, int milliseconds = 5000)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !IsGone(process); await Task.Delay(5))
            Assert.True(waited.ElapsedMilliseconds < milliseconds, $"The process {process} is still there.");
    }

    /// <summary>The value of a line of <c>/proc/…/limits</c> or <c>/proc/…/status</c>.</summary>
    public static string Line(int process, string file, string name) =>
        File.ReadLines($"/proc/{process}/{file}").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim(' ', ':', '\t');

    public static void Kill(int process)
    {
        using var target = System.Diagnostics.Process.GetProcessById(process);
        target.Kill();
    }

    private static (string State, int Parent)? FieldsOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0], int.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
