using System.Text.Json;
using Ingestion.Sources;

namespace Ingestion.Tasks;

/// <summary>What a client asked for: fixed when the task is accepted, the same on every attempt.</summary>
public sealed record TaskSpec
{
    /// <summary>UUID version 7, so that ids sort by the time of acceptance.</summary>
    public required string TaskId { get; init; }

    public required string TenantId { get; init; }
    public required string CollectionId { get; init; }
    public required string DocumentId { get; init; }

    public required SourceKind Source { get; init; }

    /// <summary>Where the bytes are. <see cref="DocumentSource.Inline"/> is only filled in a leased task.</summary>
    public required DocumentSource Content { get; init; }

    public string? Title { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>A JSON object, or null.</summary>
    public JsonElement? Metadata { get; init; }

    public required string Chunker { get; init; }
    public required int ChunkSize { get; init; }
    public required int ChunkOverlap { get; init; }

    /// <summary>A chunk that alone has more tokens than the size is split again.</summary>
    public bool Strict { get; init; }

    /// <summary>What was odd about the request itself.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>No sentence ends at a Spanish or English abbreviation.</summary>
    public bool KeepAbbreviations { get; init; }

    /// <summary>Title and metadata are embedded before each chunk's text, within the size.</summary>
    public bool IncludeMetadata { get; init; }

    /// <summary>Split all of the text anew, although chunks of the stored version could stay.</summary>
    public bool RechunkFull { get; init; }

    /// <summary>As the client asked; null takes the service's own.</summary>
    public string? EmbeddingModel { get; init; }

    /// <summary>Where the client wants to be told of the task's end; null takes the service's own address, if it has one.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>The Redis list on which another service wants to be told of the task's end.</summary>
    public string? CallbackQueue { get; init; }

    /// <summary>Whether anybody is to be told of the task's end.</summary>
    public bool Notify { get; init; }

    /// <summary>Lower runs first; 0 is normal.</summary>
    public int Priority { get; init; }

    /// <summary>The share of a tenant's turn that this task uses, above 0; a typical small document is 1.</summary>
    public double Cost { get; init; } = 1;

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The client's Idempotency-Key, unique within the tenant.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Hash of everything the client sent: the same key with another fingerprint is a conflict.</summary>
    public string? Fingerprint { get; init; }
}

public enum SourceKind
{
    File,
    Url,
    Text,
}

public static class SourceKinds
{
    public static string Wire(this SourceKind kind) => kind switch
    {
        SourceKind.File => "file",
        SourceKind.Url => "url",
        SourceKind.Text => "text",
    };
}
