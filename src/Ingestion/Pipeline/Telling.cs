using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>What a document's last steps are told with, whichever way it goes, and the result that its task ends with.</summary>
internal static class Telling
{
    public static void OfEmbedding(int chunks, string model, TaskStory story)
    {
        story.MoveTo(TaskState.Embedding, "The chunks are being embedded.");
        story.Reach("embedding_started", 60, "Embedding has started.", Details(("chunk_count", chunks), ("model", model)));
    }

    public static void OfStoring(int chunks, int? dimension, TaskStory story)
    {
        story.MoveTo(TaskState.Storing, "The chunks are being stored.");
        story.Reach("embedding_completed", 90, "All chunks are embedded.", Details(("embedding_count", chunks), ("dimension", dimension)));
    }

    public static void OfEnd(string document, string collection, int chunks, CommitResult commit, TaskStory story)
    {
        story.Reach("document_stored", 100, "The document is stored and searchable.", Details(
            ("document_id", document), ("collection_id", collection), ("version", commit.Version), ("chunk_count", chunks)));
        story.MoveTo(TaskState.Completed, "The document is stored and searchable.");
    }

    public static JsonElement ResultOf(
        string document, string collection, string model, int chunks, long tokens, int? pages, CommitResult commit, Checkpoint checkpoint,
        bool unchanged = false)
    {
        var timings = new JsonObject();
        foreach (var (step, milliseconds) in checkpoint.Timings) timings[step + "_ms"] = milliseconds;
        return Element(new JsonObject
        {
            ["document_id"] = document,
            ["collection_id"] = collection,
            ["version"] = commit.Version,
            ["chunk_count"] = chunks,
            ["token_count"] = tokens,
            ["page_count"] = pages,
            ["embedding_count"] = chunks,
            ["dimension"] = commit.Dimension,
            ["model"] = model,
            ["chunks"] = new JsonObject { ["kept"] = commit.Kept, ["added"] = commit.Added, ["removed"] = commit.Removed },
            ["unchanged"] = unchanged,
            ["timings"] = timings,
        });
    }

    public static JsonElement Details(params ReadOnlySpan<(string Name, object? Value)> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields)
            {
                json.WritePropertyName(name);
                switch (value)
                {
                    case null: json.WriteNullValue(); break;
                    case string text: json.WriteStringValue(text); break;
                    case int number: json.WriteNumberValue(number); break;
                    case long number: json.WriteNumberValue(number); break;
                    default: throw new ArgumentException($"{name} is a {value.GetType().Name}.", nameof(fields));
                }
            }
            json.WriteEndObject();
        }
        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static JsonElement Element(JsonObject json) => JsonElement.Parse(json.ToJsonString());

    public static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
