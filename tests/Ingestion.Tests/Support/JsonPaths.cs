using System.Text.Json;

namespace Ingestion.Tests.Support;

/// <summary>Short ways into an answer: <c>json.Text("task.status")</c>.</summary>
public static class JsonPaths
{
    public static JsonElement At(this JsonElement json, string path) =>
        path.Split('.').Aggregate(json, (found, name) => found.GetProperty(name));

    public static string? Text(this JsonElement json, string path) => json.At(path).GetString();

    public static int Number(this JsonElement json, string path) => json.At(path).GetInt32();

    public static IReadOnlyList<JsonElement> Items(this JsonElement json, string path) => [.. json.At(path).EnumerateArray()];
}
