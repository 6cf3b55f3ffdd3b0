using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ingestion.Chunking;
using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Sources;
using Ingestion.Tasks;

namespace Ingestion.Documents;

/// <summary>A document as some request described it, before anything of it is checked. One draft, whatever the body was.</summary>
public sealed record DocumentDraft
{
    private const int MaxTitle = 2_000, MaxDescription = 20_000, MaxTags = 100, MaxMetadata = 65_536, MaxUrl = 4_096, MaxChunkSize = 100_000;

    public string TenantId { get; init; } = "";
    public string CollectionId { get; init; } = "";
    public string DocumentId { get; init; } = "";

    /// <summary>Already saved; null where the request had no file.</summary>
    public DocumentSource? File { get; init; }

    public string? Url { get; init; }
    public string? Text { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public JsonElement? Metadata { get; init; }
    public int? ChunkSize { get; init; }
    public int? ChunkOverlap { get; init; }
    public string? EmbeddingModel { get; init; }
    public string? Chunker { get; init; }
    public bool Strict { get; init; }
    public bool KeepAbbreviations { get; init; }
    public bool IncludeMetadata { get; init; }
    public string? Rechunk { get; init; }
    public string? CallbackUrl { get; init; }
    public string? CallbackQueue { get; init; }

    /// <summary>What was odd about the request and did not stop it.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public SourceKind Kind => File is not null ? SourceKind.File : Url is not null ? SourceKind.Url : SourceKind.Text;

    /// <summary>The ids may stand in the query string instead.</summary>
    public DocumentDraft WithIdsFrom(IQueryCollection query)
    {
        List<string> warnings = [.. Warnings];
        return this with
        {
            TenantId = Choose("tenant_id", TenantId),
            CollectionId = Choose("collection_id", CollectionId),
            DocumentId = Choose("document_id", DocumentId),
            Warnings = warnings,
        };

        string Choose(string name, string own)
        {
            var other = query[name].ToString();
            if (own.Length == 0) return other;
            if (other.Length > 0 && other != own) warnings.Add($"The body's {name} was taken; the query string has another.");
            return own;
        }
    }

    /// <summary>The first thing that is wrong, or null.</summary>
    public Problem? Check(Settings settings)
    {
        List<string> missing = [];
        if (TenantId.Length == 0) missing.Add("tenant_id");
        if (CollectionId.Length == 0) missing.Add("collection_id");
        if (DocumentId.Length == 0) missing.Add("document_id");
        if (missing.Count > 0) return Problems.MissingFields(missing);
        if (!RequestIds.IsValid(TenantId)) return Problems.InvalidId("tenant_id");
        if (!RequestIds.IsValid(CollectionId)) return Problems.InvalidId("collection_id");
        if (!RequestIds.IsValid(DocumentId)) return Problems.InvalidId("document_id");

        List<string> sources = [];
        if (File is not null) sources.Add("file");
        if (Url is not null) sources.Add("url");
        if (Text is not null) sources.Add("text");
        if (sources.Count == 0) return Problems.MissingSource();
        if (sources.Count > 1) return Problems.SeveralSources(sources);

        return CheckText(settings) ?? CheckDescription() ?? CheckChunking(settings);
    }

    /// <summary>The task to enqueue. Only for a draft that <see cref="Check"/> passed.</summary>
    public TaskSpec ToSpec(string taskId, DocumentSource content, Settings settings, string? idempotencyKey, DateTimeOffset now) => new()
    {
        TaskId = taskId,
        TenantId = TenantId,
        CollectionId = CollectionId,
        DocumentId = DocumentId,
        Source = Kind,
        Content = content,
        Title = Title,
        Description = Description,
        Tags = Tags,
        Metadata = Metadata,
        Chunker = Chunker ?? settings.Chunker,
        Strict = Strict,
        Warnings = Warnings,
        KeepAbbreviations = KeepAbbreviations,
        IncludeMetadata = IncludeMetadata,
        RechunkFull = Rechunk == "full",
        ChunkSize = ChunkSize ?? settings.ChunkSize,
        ChunkOverlap = EffectiveOverlap(settings),
        EmbeddingModel = EmbeddingModel,
        CallbackUrl = CallbackUrl,
        CallbackQueue = CallbackQueue,
        Notify = (CallbackUrl ?? CallbackQueue ?? settings.WebhookUrl) is not null,
        Cost = 1 + content.Size / 100_000.0,
        CreatedAt = now,
        IdempotencyKey = idempotencyKey,
        Fingerprint = idempotencyKey is null ? null : Fingerprint(content),
    };

    private Problem? CheckText(Settings settings)
    {
        if (Text is not null)
        {
            var length = Text.Length <= settings.MaxTextLength ? Text.Length : new CodePoints(Text).Total;
            if (length > settings.MaxTextLength) return Problems.TextTooLong(settings.MaxTextLength, length);
        }
        return CheckAddress("url", Url) ?? CheckAddress("callback_url", CallbackUrl);
    }

    private static Problem? CheckAddress(string field, string? url) =>
        url is not null && (url.Length > MaxUrl || !Uri.TryCreate(url, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps) || address.UserInfo.Length > 0)
            ? Problems.Invalid(field, $"{field} must be an absolute http or https address of at most {MaxUrl} characters, without a user name or password.")
            : null;

    private Problem? CheckDescription()
    {
        if (Title?.Length > MaxTitle) return Problems.Invalid("title", $"title may have at most {MaxTitle} characters.");
        if (Description?.Length > MaxDescription) return Problems.Invalid("description", $"description may have at most {MaxDescription} characters.");
        if (Tags.Count > MaxTags || Tags.Any(tag => tag is null || !RequestIds.IsValid(tag)))
            return Problems.Invalid("tags", $"tags may be at most {MaxTags}, each of 1 to 255 characters without control characters.");
        if (Metadata is { } metadata && metadata.ValueKind != JsonValueKind.Object)
            return Problems.Invalid("metadata", "metadata must be a JSON object.");
        if (Metadata is { } large && large.GetRawText().Length > MaxMetadata)
            return Problems.Invalid("metadata", $"metadata may have at most {MaxMetadata} characters as JSON.");
        if (Metadata is { } broken && !RequestJson.IsUnicode(broken))
            return Problems.Invalid("metadata", "metadata holds half a surrogate pair. Send valid Unicode.");
        if (EmbeddingModel is not null && !RequestIds.IsValid(EmbeddingModel)) return Problems.InvalidId("embedding_model");
        return null;
    }

    private Problem? CheckChunking(Settings settings)
    {
        var size = ChunkSize ?? settings.ChunkSize;
        if (size is < 1 or > MaxChunkSize) return Problems.Invalid("chunk_size", $"chunk_size must be 1 to {MaxChunkSize} tokens.");
        var overlap = EffectiveOverlap(settings);
        if (overlap < 0 || overlap >= size)
            return Problems.Invalid("chunk_overlap", $"chunk_overlap must be at least 0 and below chunk_size, which is {size}.");
        if (Chunker is not null && Chunkers.Find(Chunker) is null)
            return Problems.Invalid("chunker", $"chunker must be one of {string.Join(", ", Chunkers.All.Select(chunker => chunker.Name))}.");
        if (Rechunk is not (null or "stable" or "full")) return Problems.Invalid("rechunk", "rechunk must be stable or full.");
        return null;
    }

    /// <summary>A client that only asks for small chunks does not have to know the service's overlap: its share of the size is kept.</summary>
    private int EffectiveOverlap(Settings settings)
    {
        if (ChunkOverlap is { } asked) return asked;
        if (ChunkSize is not { } size || size > settings.ChunkOverlap) return settings.ChunkOverlap;
        return (int)((long)size * settings.ChunkOverlap / settings.ChunkSize);
    }

    /// <summary>Hash of everything that the client sent.</summary>
    public string Fingerprint(DocumentSource content)
    {
        var parts = new[]
        {
            CollectionId, DocumentId, Kind.ToString(), content.Hash, content.FileName, Url, Title, Description,
            string.Join('\u001f', Tags), Metadata?.GetRawText(), ChunkSize?.ToString(CultureInfo.InvariantCulture),
            ChunkOverlap?.ToString(CultureInfo.InvariantCulture), EmbeddingModel, Chunker, Strict ? "strict" : null,
            KeepAbbreviations ? "abbreviations" : null, IncludeMetadata ? "metadata" : null, Rechunk, CallbackUrl,
        };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001e', parts))));
    }
}
