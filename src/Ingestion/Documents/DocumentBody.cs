using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Sources;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Ingestion.Documents;

/// <summary>
/// Reads the body of a request that brings a document: JSON, or a form of which a file goes straight to disk, part by part.
/// Nothing is checked here but sizes and shapes.
/// </summary>
public sealed class DocumentBody(UploadStore uploads, Settings settings)
{
    private const int MaxFields = 64, MaxFieldBytes = 262_144;

    /// <summary>JSON escapes may take 6 bytes a UTF-16 unit; the rest of the body has its own room.</summary>
    private long MaxJsonBytes => settings.MaxTextLength * 12L + 1_000_000;

    public async Task<(DocumentDraft? Draft, Problem? Problem)> ReadJsonAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : DocumentRequest
    {
        var tooLong = Problems.TextTooLong(settings.MaxTextLength);
        if (!RequestJson.TrySetMaxBody(request, MaxJsonBytes)) return (null, tooLong);
        var (body, problem) = await RequestJson.ReadAsync(request, type, tooLong);
        return body is null ? (null, problem) : await EnterAsync(request, ToDraft(body).WithIdsFrom(request.Query));
    }

    /// <summary>A saved file is the caller's to delete where it does not go on with the draft.</summary>
    public async Task<(DocumentDraft? Draft, Problem? Problem)> ReadFormAsync(HttpRequest request)
    {
        if (!RequestJson.TrySetMaxBody(request, settings.MaxFileSize + MaxJsonBytes)) return (null, Problems.FileTooLarge(settings.MaxFileSize));
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var contentType))
            return (null, Problems.UnsupportedContentType("multipart/form-data"));

        var form = new FormFields(settings);
        Problem? problem;
        try
        {
            if (contentType.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
                problem = await ReadPartsAsync(request, contentType, form);
            else if (contentType.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
                problem = await ReadUrlEncodedAsync(request, form);
            else
                problem = Problems.UnsupportedContentType("multipart/form-data");
        }
        catch (BadHttpRequestException fault) when (fault.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            problem = Problems.FileTooLarge(settings.MaxFileSize);
        }
        catch (Exception fault) when (fault is InvalidDataException or (IOException and not BadHttpRequestException))
        {
            problem = request.HttpContext.RequestAborted.IsCancellationRequested
                ? Problems.InvalidBody("The upload ended before its end.")
                : Problems.InvalidBody("The form is broken or cut short. Send it whole, with the boundary that its Content-Type names.");
        }
        DocumentDraft? draft = null;
        if (problem is null) (draft, problem) = form.ToDraft(request.Query);
        if (draft is { } read) (draft, problem) = await EnterAsync(request, read);
        if (problem is not null && form.File?.FileKey is { } key) await uploads.DeleteAsync(key);
        return (draft, problem);
    }

    /// <summary>With the tenant that it is for: the one named, or the caller's only one.</summary>
    private static async Task<(DocumentDraft? Draft, Problem? Problem)> EnterAsync(HttpRequest request, DocumentDraft draft)
    {
        var named = draft.TenantId.Length > 0 ? draft.TenantId : RequestIds.NamedTenant(request);
        var (tenant, problem) = await Visit.Of(request.HttpContext).EnterAsync(named, request.HttpContext.RequestAborted);
        return problem is null ? (draft with { TenantId = tenant }, null) : (null, problem);
    }

    private async Task<Problem?> ReadPartsAsync(HttpRequest request, MediaTypeHeaderValue contentType, FormFields form)
    {
        var boundary = HeaderUtilities.RemoveQuotes(contentType.Boundary).ToString();
        if (boundary.Length is 0 or > 200) return Problems.InvalidBody("The multipart form has no usable boundary.");
        var cancel = request.HttpContext.RequestAborted;
        var reader = new MultipartReader(boundary, request.Body) { HeadersCountLimit = 16, HeadersLengthLimit = 16_384 };
        while (await reader.ReadNextSectionAsync(cancel) is { } part)
        {
            if (!ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition)) continue;
            var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
            var problem = name == "file" && (disposition.FileName.HasValue || disposition.FileNameStar.HasValue)
                ? await SaveFileAsync(Visit.Of(request.HttpContext), part, disposition, form, cancel)
                : await form.AddAsync(name, part.Body, cancel);
            if (problem is not null) return problem;
        }
        return null;
    }

    private async Task<Problem?> SaveFileAsync(
        Visit visit, MultipartSection part, ContentDispositionHeaderValue disposition, FormFields form, CancellationToken cancel)
    {
        if (form.File is not null) return Problems.Invalid("file", "The form has more than one file. Send one document a request.");
        // Where the form has named its tenant before its file, none of the file is kept for a tenant that may not.
        if ((await visit.EnterAsync(form.TenantId, cancel)).Problem is { } refused) return refused;
        var fileName = FileNames.Clean((disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName)).ToString()) ?? "";
        switch (await uploads.SaveAsync(part.Body, settings.MaxFileSize, cancel))
        {
            case SaveOutcome.Saved saved when saved.Source.Size == 0 && fileName.Length == 0:
                return null; // A browser sends such a part for a file input that was left alone.
            case SaveOutcome.Saved saved:
                form.File = saved.Source with { FileName = fileName.Length > 0 ? fileName : null, MediaType = part.ContentType };
                return null;
            case SaveOutcome.TooLarge:
                return Problems.FileTooLarge(settings.MaxFileSize);
            default:
                return Problems.Unavailable();
        }
    }

    private static async Task<Problem?> ReadUrlEncodedAsync(HttpRequest request, FormFields form)
    {
        var options = new FormOptions { ValueCountLimit = MaxFields, ValueLengthLimit = int.MaxValue, KeyLengthLimit = 256, BufferBody = false };
        foreach (var (name, values) in await request.ReadFormAsync(options, request.HttpContext.RequestAborted))
        {
            if (form.Add(name, values.ToString()) is { } problem) return problem;
        }
        return null;
    }

    private static DocumentDraft ToDraft(DocumentRequest body) => new()
    {
        TenantId = body.TenantId ?? "",
        CollectionId = body.CollectionId ?? "",
        DocumentId = body.DocumentId ?? "",
        Text = NotEmpty(body switch { TextDocumentRequest text => text.Text, PlanDocumentRequest plan => plan.Text, _ => null }),
        Url = NotEmpty(body switch { UrlDocumentRequest url => url.Url, PlanDocumentRequest plan => plan.Url, _ => null }),
        Title = NotEmpty(body.Title),
        Description = NotEmpty(body.Description),
        Tags = body.Tags ?? [],
        Metadata = body.Metadata is { ValueKind: JsonValueKind.Null } ? null : body.Metadata,
        ChunkSize = body.ChunkSize,
        ChunkOverlap = body.ChunkOverlap,
        EmbeddingModel = NotEmpty(body.EmbeddingModel),
        Chunker = NotEmpty(body.Chunker),
        Strict = body.Strict ?? false,
        Warnings = UnknownFields.Warn(body.Unknown?.Keys, FormFields.Known),
        KeepAbbreviations = body.KeepAbbreviations ?? false,
        IncludeMetadata = body.IncludeMetadata ?? false,
        Rechunk = NotEmpty(body.Rechunk),
        CallbackUrl = NotEmpty(body.CallbackUrl),
    };

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>The form's fields, as they come in.</summary>
    private sealed class FormFields(Settings settings)
    {
        public static readonly string[] Known =
        [
            "tenant_id", "collection_id", "document_id", "file", "url", "text", "title", "description", "tags", "chunk_size", "chunk_overlap",
            "embedding_model", "chunker", "strict", "keep_abbreviations", "include_metadata", "rechunk", "metadata",
            "callback_url",
        ];

        private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
        private static readonly string[] Flags = ["strict", "keep_abbreviations", "include_metadata"];

        private readonly Dictionary<string, string> _values = [];

        public DocumentSource? File { get; set; }

        public string? TenantId => Get("tenant_id");

        public async Task<Problem?> AddAsync(string name, Stream body, CancellationToken cancel)
        {
            var limit = name == "text" ? settings.MaxTextLength * 4L : MaxFieldBytes;
            var buffer = ArrayPool<byte>.Shared.Rent(4_096);
            try
            {
                var length = 0;
                for (int read; (read = await body.ReadAsync(buffer.AsMemory(length), cancel)) > 0;)
                {
                    length += read;
                    if (length > limit)
                        return name == "text" ? Problems.TextTooLong(settings.MaxTextLength) : Problems.Invalid(name, $"{name} may have at most {MaxFieldBytes} bytes.");
                    if (length < buffer.Length) continue;
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
                return Add(name, StrictUtf8.GetString(buffer, 0, length));
            }
            catch (DecoderFallbackException)
            {
                return Problems.Invalid(name, $"{name} is not valid UTF-8.");
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        public Problem? Add(string name, string value)
        {
            if (_values.Count >= MaxFields) return Problems.InvalidBody($"The form has more than {MaxFields} fields.");
            if (value.Length > 0 && !_values.TryAdd(name, value)) return Problems.Invalid(name, $"The form has {name} twice.");
            return null;
        }

        public (DocumentDraft?, Problem?) ToDraft(IQueryCollection query)
        {
            if (!TryGetNumber("chunk_size", out var size)) return (null, Problems.Invalid("chunk_size", "chunk_size must be a whole number of tokens."));
            if (!TryGetNumber("chunk_overlap", out var overlap)) return (null, Problems.Invalid("chunk_overlap", "chunk_overlap must be a whole number of tokens."));
            foreach (var flag in Flags)
            {
                if (Get(flag) is { } answer && !bool.TryParse(answer, out _)) return (null, Problems.Invalid(flag, $"{flag} must be true or false."));
            }
            JsonElement? metadata = null;
            if (_values.TryGetValue("metadata", out var json))
            {
                try
                {
                    metadata = JsonElement.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
                }
                catch (Exception fault) when (fault is JsonException or InvalidOperationException)
                {
                    return (null, Problems.Invalid("metadata", "metadata must be a JSON object of valid Unicode, each name once."));
                }
            }
            return (new DocumentDraft
            {
                TenantId = Get("tenant_id") ?? "",
                CollectionId = Get("collection_id") ?? "",
                DocumentId = Get("document_id") ?? "",
                File = File,
                Url = Get("url"),
                Text = Get("text"),
                Title = Get("title"),
                Description = Get("description"),
                Tags = Get("tags")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
                Metadata = metadata,
                ChunkSize = size,
                ChunkOverlap = overlap,
                EmbeddingModel = Get("embedding_model"),
                Chunker = Get("chunker"),
                Strict = IsSet("strict"),
                KeepAbbreviations = IsSet("keep_abbreviations"),
                IncludeMetadata = IsSet("include_metadata"),
                Rechunk = Get("rechunk"),
                CallbackUrl = Get("callback_url"),
                Warnings = UnknownFields.Warn(_values.Keys.Except(Known), Known),
            }.WithIdsFrom(query), null);
        }

        private bool IsSet(string flag) => bool.TryParse(Get(flag), out var set) && set;

        private string? Get(string name) => _values.GetValueOrDefault(name);

        private bool TryGetNumber(string name, out int? number)
        {
            number = null;
            if (!_values.TryGetValue(name, out var text)) return true;
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)) return false;
            number = value;
            return true;
        }
    }
}
