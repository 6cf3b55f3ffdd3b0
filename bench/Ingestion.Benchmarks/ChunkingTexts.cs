using System.Text;
using System.Text.Json;

namespace Ingestion.Benchmarks;

internal static class ChunkingTexts
{
    public static string Root { get; } = FindRoot();

    /// <summary>Prose of the study material, none of it twice; empty where it is not here.</summary>
    public static List<(string Name, string Text)> Goldens()
    {
        var texts = Named("en_room", "en_romeo", "en_lincoln1861", "udhr_eng", "es_quijote_crlf_1mb", "es_quijote_lf", "udhr_spa");
        if (texts.Count == 0) return [];
        return
        [
            ("English", string.Join("\n\n", texts.Take(4).Select(text => text.Text))),
            ("Spanish", string.Join("\n\n", texts.Skip(4).Select(text => text.Text))),
        ];
    }

    /// <summary>Texts of the study material's goldens; empty where it is not here.</summary>
    public static List<(string Name, string Text)> Named(params string[] names)
    {
        var folder = Path.GetFullPath(Path.Combine(Root, "..", "shared", "golden", "chunking"));
        if (!Directory.Exists(folder)) return [];
        return [.. names.Select(name =>
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name + ".json")));
            return (name, json.RootElement.GetProperty("text").GetString()!);
        })];
    }

    /// <summary>The texts' lines in a random order, over and over, up to a length in UTF-16 units.</summary>
    public static string Shuffled(IEnumerable<string> texts, int length)
    {
        var lines = texts.SelectMany(text => text.Split('\n')).ToArray();
        var random = new Random(1);
        var result = new StringBuilder(length + 10_000);
        while (result.Length < length) result.Append(lines[random.Next(lines.Length)]).Append('\n');
        result.Length = length;
        return result.ToString();
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ingestion.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Run it inside the source tree.");
    }
}
