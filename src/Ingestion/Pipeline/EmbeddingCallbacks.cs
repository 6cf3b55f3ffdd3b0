using Ingestion.Actions;
using Ingestion.Embedding;
using Ingestion.Embedding.Queries;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

public enum CallbackKind
{
    /// <summary>Vectors were saved, and the task goes on where it has them all; or a query got its answer.</summary>
    Taken,

    /// <summary>The task is cancelled, finished, or on another attempt, or nobody here waits for the query: nothing changed.</summary>
    Late,

    UnknownTask,

    /// <summary>The vectors do not fit the chunks: the task is told and tries again.</summary>
    Refused,

    /// <summary>It names whom it is for, and nothing else in it can be used: a task that waits is told and tries again.</summary>
    Unreadable,
}

public sealed record CallbackResult(CallbackKind Kind, string Message);

/// <summary>Brings an embedding service's answer to the task or the query that waits for it. The same answer twice is the same as once.</summary>
public sealed class EmbeddingCallbacks(ITaskEngine engine, IChunkStore store, ChunkEmbedding embedding, QueryAnswers queries)
{
    private const int ReadAtOnce = 1_000;
    private const int ParkingTries = 100;
    private static readonly TimeSpan ParkingWait = TimeSpan.FromMilliseconds(50);

    public async Task<CallbackResult> HandleAsync(EmbeddingCallbackAction action, CancellationToken cancel)
    {
        var isOfQuery = WaitingQueries.HasIdOfQuery(action.TaskId);
        var isTaken = isOfQuery && await queries.BringAsync(action);
        var unreadable = action.Flaw is { } flaw ? new CallbackResult(CallbackKind.Unreadable, flaw) : null;
        if (isTaken) return unreadable ?? new(CallbackKind.Taken, "The query has its answer.");
        var task = await engine.GetAsync(action.TenantId, action.TaskId, cancel);
        if (task is null && isOfQuery)
            return unreadable ?? new(CallbackKind.Late, "No query waits for this here; other instances have been told, and nothing was changed.");
        if (task is null) return unreadable ?? new(CallbackKind.UnknownTask, "There is no such task for this tenant.");
        var isOlder = action.Attempt is { } attempt && attempt < task.Attempt;
        // The state that clients see may be a moment behind the request that this answers; what is staged is not.
        var staged = !task.State.IsFinal() && !isOlder ? await store.FindStagedAsync(action.TenantId, action.TaskId, cancel) : null;
        if (staged is null) return unreadable ?? new(CallbackKind.Late, "The task no longer waits for this; nothing was changed.");
        if (unreadable is not null)
        {
            await RefuseAsync(task, $"The embedding service's callback cannot be used: {unreadable.Message}", cancel);
            return unreadable;
        }
        if (!action.IsSuccess)
            return await RefuseAsync(task, $"The embedding service reported an error: {action.Error ?? "it gave no reason"}.", cancel);

        var pending = await PendingAsync(staged, cancel);
        if (Match(action, staged, pending, out var vectors) is { } mismatch) return await RefuseAsync(task, mismatch, cancel);
        if (vectors.Count == 0) return new(CallbackKind.Late, "No chunk that it names waits for its vector; nothing was changed.");
        var dimension = vectors[0].Vector.Length;
        if (staged.Space is { } space && space.Dimension != dimension)
        {
            return await RefuseAsync(
                task, $"The callback's vectors have {dimension} dimensions, those of the collection {space.Dimension}.", cancel, dimension);
        }
        try
        {
            await store.SaveVectorsAsync(staged, vectors, cancel);
        }
        catch (ArgumentException)
        {
            await embedding.ForgetAsync(staged);
            return await RefuseAsync(task, "The callback's vectors have another dimension than those that came before.", cancel);
        }
        var texts = pending.ToDictionary(chunk => chunk.Index, chunk => new BatchText(chunk.Index, chunk.ChunkId, chunk.Text));
        await embedding.RememberAsync(staged, [.. vectors.Select(one => texts[one.Index])], [.. vectors.Select(one => one.Vector)], cancel);
        await ResumeIfCompleteAsync(staged, task.Attempt, cancel);
        return new(CallbackKind.Taken, "The vectors were taken.");
    }

    /// <summary>A callback may come before its task is parked; so whoever parks a task looks once more.</summary>
    public async Task AfterParkingAsync(Lease lease, CancellationToken cancel)
    {
        if (await store.FindStagedAsync(lease.Task.Spec.TenantId, lease.TaskId, cancel) is { } staged)
            await ResumeIfCompleteAsync(staged, lease.Attempt, cancel);
    }

    private async Task ResumeIfCompleteAsync(StagedVersion staged, int attempt, CancellationToken cancel)
    {
        if ((await store.ReadPendingAsync(staged, -1, 1, cancel)).Count == 0)
            await engine.ResumeAsync(staged.TenantId, staged.TaskId, attempt, TaskChange.None, cancel);
    }

    private async Task<List<PendingChunk>> PendingAsync(StagedVersion staged, CancellationToken cancel)
    {
        var all = new List<PendingChunk>();
        while (await store.ReadPendingAsync(staged, all.Count > 0 ? all[^1].Index : -1, ReadAtOnce, cancel) is { Count: > 0 } page) all.AddRange(page);
        return all;
    }

    /// <summary>A callback may come before its task is parked, which is only a moment: then it is told once more.</summary>
    /// <param name="dimension">Of vectors that can never be the collection's.</param>
    private async Task<CallbackResult> RefuseAsync(IngestionTask task, string reason, CancellationToken cancel, int? dimension = null)
    {
        var (tenant, taskId, attempt) = (task.Spec.TenantId, task.Spec.TaskId, task.Attempt);
        for (var tries = 0; tries < ParkingTries; tries++)
        {
            if (tries > 0) await Task.Delay(ParkingWait, cancel);
            if (await engine.GetAsync(tenant, taskId, cancel) is not { } now || now.State.IsFinal() || now.Attempt != attempt) break;
            var change = new TaskChange
            {
                Checkpoint = (Checkpoint.Parse(now.Checkpoint) with { CallbackError = reason, OtherDimension = dimension }).ToJson(),
            };
            if (await engine.ResumeAsync(tenant, taskId, attempt, change, cancel)) break;
        }
        return new(CallbackKind.Refused, reason);
    }

    /// <summary>Null where every vector found its chunk.</summary>
    private static string? Match(EmbeddingCallbackAction action, StagedVersion staged, List<PendingChunk> pending, out List<ChunkVector> vectors)
    {
        vectors = [];
        var dimension = action.Embeddings[0].Length;
        if (dimension == 0 || action.Embeddings.Any(vector => vector.Length != dimension)) return "The callback's vectors have different dimensions.";
        if (action.ChunkIds is { } ids)
        {
            if (ids.Count != action.Embeddings.Count) return $"The callback has {ids.Count} chunk ids for {action.Embeddings.Count} vectors.";
            var byId = pending.ToDictionary(chunk => chunk.ChunkId, chunk => chunk.Index);
            for (var i = 0; i < ids.Count; i++)
            {
                // A chunk that has its vector already was answered before.
                if (byId.TryGetValue(ids[i], out var index)) vectors.Add(new(index, action.Embeddings[i]));
            }
            return vectors.Count == 0 && staged.VectorCount == 0 ? "The callback names none of the document's chunks." : null;
        }
        if (pending.Count == 0) return null;
        if (action.Embeddings.Count == pending.Count)
        {
            for (var i = 0; i < pending.Count; i++) vectors.Add(new(pending[i].Index, action.Embeddings[i]));
            return null;
        }
        return $"The callback has {action.Embeddings.Count} vectors without chunk ids; the document waits for {pending.Count} of its {staged.ChunkCount} chunks.";
    }
}
