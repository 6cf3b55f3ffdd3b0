using System.Text.Json;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Chunking;

/// <summary>
/// What LlamaIndex makes of many texts. The project's own texts are in <c>Golden/chunking</c>; more are read from the study material
/// where it is present.
/// </summary>
public static class ChunkingGoldens
{
    public sealed record Run(int Size, int Overlap, IReadOnlyList<(int Start, int Length, int Tokens)> Chunks)
    {
        public override string ToString() => $"{Size}/{Overlap}";
    }

    public sealed record Golden(string Name, string Text, int Tokens, IReadOnlyList<int> SentenceStarts, IReadOnlyList<Run> Sentence, IReadOnlyList<Run> Token);

    public static IReadOnlyDictionary<string, Golden> All { get; } = Load();

    public static TheoryData<string> Names => [.. All.Keys.Order(StringComparer.Ordinal)];

    public static string Extra(string name) => File.ReadAllText(Folders().Select(folder => Path.Combine(folder, "extras", name)).Last(File.Exists));

    private static IEnumerable<string> Folders()
    {
        yield return Path.Combine(AppContext.BaseDirectory, "Golden", "chunking");
        if (Repository.Shared is { } shared) yield return Path.Combine(shared, "golden", "chunking");
    }

    private static Dictionary<string, Golden> Load()
    {
        var all = new Dictionary<string, Golden>();
        foreach (var file in Folders().SelectMany(folder => Directory.GetFiles(folder, "*.json")))
        {
            if (Path.GetFileName(file) == "MANIFEST.json") continue;
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var entries = json.RootElement.ValueKind == JsonValueKind.Array ? [.. json.RootElement.EnumerateArray()] : new[] { json.RootElement };
            foreach (var entry in entries) all.TryAdd(entry.GetProperty("name").GetString()!, Read(entry));
        }
        return all;
    }

    private static Golden Read(JsonElement entry) => new(
        entry.GetProperty("name").GetString()!,
        entry.GetProperty("text").GetString()!,
        entry.GetProperty("tokens").GetInt32(),
        Sum(entry.GetProperty("punkt_starts_d")),
        [.. entry.GetProperty("sentence").EnumerateArray().Select(ReadRun)],
        [.. entry.GetProperty("token").EnumerateArray().Select(ReadRun)]);

    private static int[] Sum(JsonElement deltas)
    {
        var at = 0;
        return [.. deltas.EnumerateArray().Select(delta => at += delta.GetInt32())];
    }

    private static Run ReadRun(JsonElement run)
    {
        var flat = run.GetProperty("c").EnumerateArray().Select(number => number.GetInt32()).ToArray();
        var chunks = new (int, int, int)[flat.Length / 3];
        var start = 0;
        for (var i = 0; i < chunks.Length; i++) chunks[i] = (start += flat[3 * i], flat[3 * i + 1], flat[3 * i + 2]);
        return new Run(run.GetProperty("cs").GetInt32(), run.GetProperty("ov").GetInt32(), chunks);
    }
}
