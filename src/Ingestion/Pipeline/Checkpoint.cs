using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ingestion.Pipeline;

/// <summary>What an attempt leaves for the next one. Kept with the task as JSON.</summary>
public sealed record Checkpoint
{
    /// <summary>Milestones that clients have been told of: none is told twice.</summary>
    public IReadOnlyList<string> Milestones { get; init; } = [];

    /// <summary>The chunks are staged, so the document need not be read again.</summary>
    public bool Staged { get; init; }

    public int? PageCount { get; init; }

    /// <summary>Of the vectors that came so far.</summary>
    public int? Dimension { get; init; }

    /// <summary>Milliseconds by step, over all attempts.</summary>
    public IReadOnlyDictionary<string, long> Timings { get; init; } = new Dictionary<string, long>();

    /// <summary>Times that vectors were asked for with an answer to come later, since one came.</summary>
    public int Asked { get; init; }

    /// <summary>Since when the provider has asked for nothing but pauses.</summary>
    public DateTimeOffset? PausedSince { get; init; }

    /// <summary>What the embedding service's callback said went wrong.</summary>
    public string? CallbackError { get; init; }

    /// <summary>Of the vectors that it brought, where the collection has another.</summary>
    public int? OtherDimension { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, CheckpointJson.Default.Checkpoint);

    public static Checkpoint Parse(string? json) => json is null ? new() : JsonSerializer.Deserialize(json, CheckpointJson.Default.Checkpoint) ?? new();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Checkpoint))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
