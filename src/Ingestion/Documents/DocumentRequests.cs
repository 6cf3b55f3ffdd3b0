using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ingestion.Documents;

/// <summary>Body of <c>POST /documents/text</c>.</summary>
public sealed record TextDocumentRequest : DocumentRequest
{
    /// <summary>1 to MAX_TEXT_LENGTH characters; Markdown is understood.</summary>
    public string? Text { get; init; }
}

/// <summary>Body of <c>POST /documents/url</c>.</summary>
public sealed record UrlDocumentRequest : DocumentRequest
{
    /// <summary>An http or https address that a worker fetches.</summary>
    public string? Url { get; init; }
}

/// <summary>Body of <c>POST /documents/plan</c> as JSON: exactly one of text and url.</summary>
public sealed record PlanDocumentRequest : DocumentRequest
{
    public string? Text { get; init; }
    public string? Url { get; init; }
}

/// <summary>What every way of sending a document takes.</summary>
public abstract record DocumentRequest
{
    public string? TenantId { get; init; }
    public string? CollectionId { get; init; }
    public string? DocumentId { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Any JSON object; searches can filter on it.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Tokens a chunk, at the most.</summary>
    public int? ChunkSize { get; init; }

    /// <summary>Tokens that neighbouring chunks share, below chunk_size.</summary>
    public int? ChunkOverlap { get; init; }

    public string? EmbeddingModel { get; init; }

    /// <summary>sentence, token, markdown, semantic, sentence_window, hierarchical or auto.</summary>
    public string? Chunker { get; init; }

    /// <summary>Split a chunk again that alone has more tokens than chunk_size.</summary>
    public bool? Strict { get; init; }

    /// <summary>Let no sentence end at a Spanish or English abbreviation, such as "Sr. García" or "núm. 27".</summary>
    public bool? KeepAbbreviations { get; init; }

    /// <summary>Embed title and metadata before each chunk's text; their tokens are taken off chunk_size.</summary>
    public bool? IncludeMetadata { get; init; }

    /// <summary>Of a document that is stored already: stable (chunks whose text stays keep their boundaries) or full (all is split anew).</summary>
    public string? Rechunk { get; init; }

    /// <summary>An http or https address that is told of the task's end by a signed POST.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>Fields that are none of these: taken as a mistake worth a warning, not as one worth a refusal.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>The form of <c>POST /documents</c>, as the reference describes it; it is read part by part, never bound.</summary>
public sealed record DocumentForm
{
    public required string TenantId { get; init; }
    public required string CollectionId { get; init; }
    public required string DocumentId { get; init; }
    public IFormFile? File { get; init; }
    public string? Url { get; init; }
    public string? Text { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }

    /// <summary>Separated by commas.</summary>
    public string? Tags { get; init; }

    public int? ChunkSize { get; init; }
    public int? ChunkOverlap { get; init; }
    public string? EmbeddingModel { get; init; }
    public string? Chunker { get; init; }

    /// <summary>Split a chunk again that alone has more tokens than chunk_size: true or false.</summary>
    public bool? Strict { get; init; }

    /// <summary>Let no sentence end at a Spanish or English abbreviation, such as "Sr. García" or "núm. 27": true or false.</summary>
    public bool? KeepAbbreviations { get; init; }

    /// <summary>Embed title and metadata before each chunk's text; their tokens are taken off chunk_size: true or false.</summary>
    public bool? IncludeMetadata { get; init; }

    /// <summary>Of a document that is stored already: stable (chunks whose text stays keep their boundaries) or full (all is split anew).</summary>
    public string? Rechunk { get; init; }

    /// <summary>An http or https address that is told of the task's end by a signed POST.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>A JSON object.</summary>
    public string? Metadata { get; init; }
}
