using System.Text;
using Ingestion.Access;
using Ingestion.Config;
using Ingestion.Extraction;
using Ingestion.Extraction.Ocr;
using Ingestion.Http;
using Ingestion.Pipeline;
using Ingestion.Sources;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Documents;

/// <summary>From a draft to an accepted task: checked, its bytes on disk, its row committed. What is not accepted leaves nothing behind.</summary>
public sealed class DocumentIntake(
    ITaskEngine engine, IChunkStore store, UploadStore uploads, DocumentPreparation preparation, StoredQuota quota,
    GuardedHttp http, Settings settings, TimeProvider time)
{
    public Task<(EnqueueResult? Result, Problem? Problem)> AcceptAsync(DocumentDraft draft, string? idempotencyKey, CancellationToken cancel) =>
        AcceptAsync(draft, idempotencyKey, null, cancel);

    /// <summary>As another service asks, under a task id of its own. A file that is refused stays where that service put it.</summary>
    public Task<(EnqueueResult? Result, Problem? Problem)> AcceptActionAsync(DocumentDraft draft, string taskId, CancellationToken cancel) =>
        AcceptAsync(draft, null, taskId, cancel);

    private async Task<(EnqueueResult? Result, Problem? Problem)> AcceptAsync(
        DocumentDraft draft, string? idempotencyKey, string? givenId, CancellationToken cancel)
    {
        var content = draft.File;
        var kept = false;
        try
        {
            var problem = idempotencyKey is not null && !RequestIds.IsValid(idempotencyKey)
                ? Problems.InvalidId("Idempotency-Key")
                : draft.Check(settings);
            problem ??= CheckCallback(draft);
            problem ??= await CheckModelAsync(draft, cancel);
            if (problem is not null) return (null, problem);
            (content, problem) = await PrepareAsync(draft, cancel);
            if (problem is not null) return (null, problem);

            var place = new DocumentPlace(draft.TenantId, draft.CollectionId, draft.DocumentId);
            if (await quota.CheckAsync(place, content!.Size, chunks: 1, cancel) is { } excess)
                return (null, Problems.QuotaExceeded(excess.Message, excess.Limit));
            var now = time.GetUtcNow();
            var spec = draft.ToSpec(givenId ?? Guid.CreateVersion7(now).ToString(), content, settings, idempotencyKey, now);
            // The id is then what makes it the same request.
            if (givenId is not null) spec = spec with { Fingerprint = draft.Fingerprint(content) };
            var result = await engine.EnqueueAsync(spec, cancel);
            kept = result is EnqueueResult.Created;
            return result switch
            {
                EnqueueResult.Conflict conflict => (null, Problems.IdempotencyConflict(conflict.TaskId)),
                EnqueueResult.Full full => (null, TasksApi.QueueFull(full)),
                _ => (result, null),
            };
        }
        catch (UnavailableException)
        {
            // It may have been accepted all the same; the sweep knows.
            kept = true;
            throw;
        }
        finally
        {
            var isOthers = givenId is not null && draft.File is not null;
            if (!kept && !isOthers && content?.FileKey is { } key) await uploads.DeleteAsync(key);
        }
    }

    /// <summary>The draft's bytes where a worker finds them, of a type that some reader takes. A file that is refused is still the caller's.</summary>
    public async Task<(DocumentSource? Content, Problem? Problem)> PrepareAsync(DocumentDraft draft, CancellationToken cancel)
    {
        if (draft.Url is not null) return (new DocumentSource { Url = draft.Url }, null);
        if (draft.Text is not null) return await SaveTextAsync(draft.Text, cancel);
        var file = draft.File!;
        if (file.Size == 0) return (file, null);
        await using var stream = await uploads.OpenAsync(file, cancel);
        var type = MediaTypes.Detect(stream!, file.FileName, file.MediaType, new()).MediaType;
        if (settings.Ocr == "off" && PictureReader.Takes(type)) return (file, Problems.PictureWithoutOcr(type));
        return type == MediaTypes.EncryptedOffice || DocumentReaders.Supported.Contains(type)
            ? (file, null)
            : (file, Problems.UnsupportedFileType(type, DocumentReaders.SupportedExtensions));
    }

    /// <summary>What can be told of an address before a name is looked up; the rest is told when it is called.</summary>
    private Problem? CheckCallback(DocumentDraft draft) =>
        draft.CallbackUrl is { } url && http.Refusal(url, out _) is { } refusal ? Problems.Invalid("callback_url", refusal) : null;

    /// <summary>A collection has the model of its first document. A task finds that out too; where vectors are paid for, one is told at once.</summary>
    private async Task<Problem?> CheckModelAsync(DocumentDraft draft, CancellationToken cancel)
    {
        if ((draft.EmbeddingModel is null && preparation.IsEmbeddedHere) || await store.GetVectorSpaceAsync(draft.TenantId, draft.CollectionId, cancel) is not { } space) return null;
        var model = preparation.ModelFor(draft.EmbeddingModel);
        return model == space.Model ? null : Problems.ModelConflict(
            $"The collection's vectors were made with {space.Model}, these would be {model}. Use another collection, or ask for that model (embedding_model).");
    }

    private async Task<(DocumentSource?, Problem?)> SaveTextAsync(string text, CancellationToken cancel)
    {
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await uploads.SaveAsync(bytes, long.MaxValue, cancel) is SaveOutcome.Saved saved
            ? (saved.Source with { MediaType = "text/markdown; charset=utf-8" }, null)
            : (null, Problems.Unavailable());
    }
}
