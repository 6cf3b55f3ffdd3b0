using System.Security.Cryptography;
using System.Text.Json;
using Ingestion.Actions;
using Ingestion.Config;
using Ingestion.Documents;
using Ingestion.Http;
using Ingestion.Sources;

namespace Ingestion.Inboxes;

/// <summary>A <see cref="DocumentProcessAction"/> makes a task exactly as <c>POST /documents</c> does.</summary>
public sealed class DocumentActions(DocumentIntake intake, UploadStore uploads, Settings settings) : IActionHandler
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    public string Queue => settings.DocumentQueue;

    public async Task<ActionOutcome> HandleAsync(JsonElement action, CancellationToken cancel)
    {
        if (DocumentProcessAction.Parse(action, out var reason) is not { } wanted) return ActionOutcome.Dead(reason);
        if (!RequestIds.IsValid(wanted.TaskId)) return ActionOutcome.Dead(Problems.InvalidId("task_id").Message);
        DocumentSource? file = null;
        if (wanted.FileKey is { } key && (file = await FindFileAsync(key, wanted.FileName, cancel)) is null)
            return ActionOutcome.Dead("file_key names no file of the file store.");
        var draft = new DocumentDraft
        {
            TenantId = wanted.TenantId,
            CollectionId = wanted.CollectionId,
            DocumentId = wanted.DocumentId,
            File = file,
            Url = wanted.Url,
            Text = wanted.TextContent,
            Title = wanted.Title,
            Description = wanted.Description,
            Tags = wanted.Tags,
            Metadata = wanted.Metadata,
            ChunkSize = wanted.ChunkSize,
            ChunkOverlap = wanted.ChunkOverlap,
            EmbeddingModel = wanted.EmbeddingModel,
            CallbackUrl = wanted.CallbackUrl,
            CallbackQueue = wanted.CallbackQueue,
            Chunker = wanted.Chunker,
        };
        var (_, problem) = await intake.AcceptActionAsync(draft, wanted.TaskId, cancel);
        return problem switch
        {
            null => ActionOutcome.Done,
            { RetryAfter: { } wait } => ActionOutcome.Later(wait < LongestPause ? wait : LongestPause),
            { Code: "idempotency_conflict" } => ActionOutcome.Dead("This task_id is that of another document. Use a new one for a new document."),
            _ => ActionOutcome.Dead(problem.Message),
        };
    }

    private async Task<DocumentSource?> FindFileAsync(string key, string? name, CancellationToken cancel)
    {
        if (!UploadStore.IsKey(key)) return null;
        await using var bytes = await uploads.OpenAsync(key, cancel);
        if (bytes is null) return null;
        return new DocumentSource
        {
            FileKey = key,
            FileName = name is null ? null : FileNames.Clean(name),
            Size = bytes.Length,
            Hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, cancel)),
        };
    }
}
