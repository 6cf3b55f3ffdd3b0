using System.Text.Json;

namespace Ingestion.Store;

/// <summary>Lists of strings as the stores keep them.</summary>
internal static class StoredJson
{
    public static string WriteStrings(IReadOnlyList<string> strings) => strings.Count == 0 ? "[]" : JsonSerializer.Serialize(strings);

    public static string[] ReadStrings(string json) => json == "[]" ? [] : JsonSerializer.Deserialize<string[]>(json)!;
}
