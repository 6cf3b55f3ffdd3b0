using Ingestion.Sources;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Workers;

/// <summary>What a task leaves outside the engine, and its removal once the task needs it no more.</summary>
public sealed class Leftovers(UploadStore uploads, IChunkStore store, ILogger<Leftovers> log)
{
    /// <summary>Its upload; the chunks stay.</summary>
    public void OfCompleted(TaskSpec spec) => DeleteUpload(spec);

    /// <summary>Its staged chunks; the upload stays, so that a retry can read it.</summary>
    public Task OfEndedAsync(TaskSpec spec, CancellationToken cancel) => store.DiscardAsync(spec.TenantId, spec.TaskId, cancel);

    /// <summary>Everything.</summary>
    public async Task OfForgottenAsync(TaskSpec spec, CancellationToken cancel)
    {
        await store.DiscardAsync(spec.TenantId, spec.TaskId, cancel);
        DeleteUpload(spec);
    }

    private void DeleteUpload(TaskSpec spec)
    {
        if (spec.Content.FileKey is not { } key) return;
        try
        {
            uploads.Delete(key);
        }
        catch (IOException fault)
        {
            log.LogWarning(fault, "The upload of task {Task} could not be deleted; the next sweep tries again", spec.TaskId);
        }
    }
}
