using System.Text.Json;
using Ingestion.Config;
using Ingestion.Embedding;
using Ingestion.Embedding.Cache;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>Gives a staged version its vectors, batch by batch: what has one keeps it, what is known is not paid again, the rest is asked for.</summary>
public sealed class ChunkEmbedding(IChunkStore store, IEmbedder embedder, IEmbeddingCache cache, Settings settings)
{
    public async Task<Embedded> RunAsync(StagedVersion staged, LeaseHold hold, TaskStory story)
    {
        if (story.Checkpoint.CallbackError is { } refused)
        {
            var other = story.Checkpoint.OtherDimension;
            story.Remember(checkpoint => checkpoint with { CallbackError = null, OtherDimension = null, Asked = 0 });
            if (other is { } came && staged.Space is { } space) throw await OtherModelAsync(staged, space, came);
            throw new StepException(new TaskError(TaskErrors.Embedding, refused), transient: true);
        }

        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var pending = false;
        int done = staged.VectorCount, after = -1;
        Task saving = Task.CompletedTask;
        try
        {
            IReadOnlyList<PendingChunk> waiting;
            do
            {
                waiting = await store.ReadPendingAsync(staged, after, embedder.MaxBatch, hold.Token);
                if (waiting.Count > 0) after = waiting[^1].Index;
                var (known, unknown) = await LookUpAsync(staged, waiting, hold.Token);
                if (known.Count > 0) await KeepAsync(known);
                foreach (var batch in EmbeddingBatches.Split(unknown, embedder.MaxBatch, embedder.MaxBatchTokens, embedder.LimitOf(staged.Model)?.Counter))
                {
                    var request = BatchOf(hold.Lease, staged.Model, staged.ChunkCount, batch) with { Waits = why => story.Progress(story.Percentage, why) };
                    if (await embedder.EmbedAsync(request, hold.Token) is not EmbeddingAnswer.Vectors vectors)
                    {
                        pending = true;
                        continue;
                    }
                    await KeepAsync([.. batch.Zip(vectors.Values, (chunk, vector) => new ChunkVector(chunk.Index, vector))]);
                    if (!embedder.IsLocal) await RememberAsync(staged, batch, vectors.Values, hold.Token);
                }
            }
            while (waiting.Count == embedder.MaxBatch);
        }
        catch
        {
            // What was embedded stays embedded, whatever comes after it.
            await saving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        story.Took("embed", System.Diagnostics.Stopwatch.GetElapsedTime(started));
        return new(pending, saving);

        async Task KeepAsync(IReadOnlyList<ChunkVector> vectors)
        {
            var dimension = vectors[0].Vector.Length;
            var checkpoint = story.Checkpoint;
            if (checkpoint.Dimension != dimension || checkpoint.PausedSince is not null)
                story.Remember(before => before with { Dimension = dimension, PausedSince = null });
            if (staged.Space is { } space && space.Dimension != dimension) throw await OtherModelAsync(staged, space, dimension);
            // The next batch is embedded while this one is written.
            await saving;
            saving = SaveAsync(staged, vectors, hold.Token);
            done += vectors.Count;
            story.Progress(60 + (int)(30L * done / staged.ChunkCount), $"Embedded {done} of {staged.ChunkCount} chunks.", Details(done, staged.ChunkCount));
        }
    }

    /// <summary>The collection's vectors cannot be compared with these: nothing of the document stays.</summary>
    /// <param name="dimension">Of these; null where none has come.</param>
    public async Task<StepException> OtherModelAsync(StagedVersion staged, VectorSpace space, int? dimension)
    {
        await store.DiscardAsync(staged.TenantId, staged.TaskId, CancellationToken.None);
        var own = staged.Model == space.Model ? $"{staged.Model} with {dimension} dimensions" : staged.Model;
        return new StepException(
            new TaskError(TaskErrors.Embedding,
                $"The collection's vectors were made with {space.Model} ({space.Dimension} dimensions); these would be {own}. Use another collection, or ask for that model."),
            transient: false);
    }

    /// <summary>Vectors that do not fit together: whoever tries the task again begins without those that came first.</summary>
    public async Task ForgetAsync(StagedVersion staged)
    {
        await store.DiscardAsync(staged.TenantId, staged.TaskId, CancellationToken.None);
        await cache.ForgetAsync(UserOf(staged), CancellationToken.None);
    }

    /// <summary>For a text that comes again.</summary>
    public Task RememberAsync(StagedVersion staged, IReadOnlyList<BatchText> texts, IReadOnlyList<ReadOnlyMemory<float>> vectors, CancellationToken cancel) =>
        cache.KeepAsync(UserOf(staged), CacheModel(staged), [.. texts.Zip(vectors, (text, vector) => new KnownVector(text.Text, vector))], cancel);

    public static EmbeddingBatch BatchOf(Lease lease, string model, int chunks, IReadOnlyList<BatchText> texts)
    {
        var spec = lease.Task.Spec;
        return new EmbeddingBatch
        {
            TenantId = spec.TenantId,
            CollectionId = spec.CollectionId,
            DocumentId = spec.DocumentId,
            TaskId = spec.TaskId,
            Attempt = lease.Attempt,
            Title = spec.Title,
            Model = model,
            TotalChunks = chunks,
            Texts = texts,
        };
    }

    private async Task<(List<ChunkVector> Known, List<BatchText> Unknown)> LookUpAsync(
        StagedVersion staged, IReadOnlyList<PendingChunk> waiting, CancellationToken cancel)
    {
        var (known, unknown) = (new List<ChunkVector>(), new List<BatchText>(waiting.Count));
        var vectors = embedder.IsLocal || waiting.Count == 0
            ? []
            : await cache.FindAsync(UserOf(staged), CacheModel(staged), [.. waiting.Select(chunk => chunk.Text)], cancel);
        for (var i = 0; i < waiting.Count; i++)
        {
            var chunk = waiting[i];
            // A model that answers otherwise by now is asked anew.
            if (i < vectors.Count && vectors[i] is { } vector && (staged.Space?.Dimension ?? vector.Length) == vector.Length)
                known.Add(new ChunkVector(chunk.Index, vector));
            else unknown.Add(new BatchText(chunk.Index, chunk.ChunkId, chunk.Text));
        }
        return (known, unknown);
    }

    private async Task SaveAsync(StagedVersion staged, IReadOnlyList<ChunkVector> vectors, CancellationToken cancel)
    {
        try
        {
            await store.SaveVectorsAsync(staged, vectors, cancel);
        }
        catch (ArgumentException fault)
        {
            await ForgetAsync(staged);
            throw new EmbeddingException(
                $"The embedding provider {embedder.Name} gave vectors that do not fit together. {fault.Message} Check the provider's model.", EmbeddingFault.Refused, inner: fault);
        }
    }

    private string CacheModel(StagedVersion staged) => $"{embedder.Name} {staged.Model} {settings.EmbeddingDimensions}";

    private static CacheUser UserOf(StagedVersion staged) => new(staged.TenantId, staged.CollectionId, staged.DocumentId);

    private static JsonElement Details(int done, int total) => JsonElement.Parse($$"""{"done":{{done}},"total":{{total}},"unit":"chunk"}""");
}

/// <param name="IsPending">Vectors are still to come, by callback.</param>
/// <param name="Saving">The last vectors, on their way into the store.</param>
public readonly record struct Embedded(bool IsPending, Task Saving);
