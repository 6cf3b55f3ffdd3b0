using Ingestion.Sources;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Workers;

/// <summary>What a task leaves outside the engine, and its removal once the task needs it no more.</summary>
public sealed class Leftovers(UploadStore uploads, IChunkStore store)
{
    /// <summary>Its upload; the chunks stay.</summary>
    public Task OfCompletedAsync(TaskSpec spec) => spec.Content.FileKey is { } key ? uploads.DeleteAsync(key) : Task.CompletedTask;

    /// <summary>Its staged chunks; the upload stays, so that a retry can read it.</summary>
    public Task OfEndedAsync(TaskSpec spec, CancellationToken cancel) => store.DiscardAsync(spec.TenantId, spec.TaskId, cancel);

    /// <summary>Everything.</summary>
    public async Task OfForgottenAsync(TaskSpec spec, CancellationToken cancel)
    {
        await store.DiscardAsync(spec.TenantId, spec.TaskId, cancel);
        await OfCompletedAsync(spec);
    }
}
