using Ingestion.Embedding;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>
/// A small new document, embedded by this process: held in memory, then stored and completed in one write that the worker need not wait for.
/// </summary>
public sealed class ShortWay(IOneWrite place, IEmbedder embedder, TimeProvider time)
{
    public bool CanTake(NewVersion version) => embedder.IsLocal && place.CanTake(version);

    public async Task<AttemptEnd> GoAsync(NewVersion version, LeaseHold hold, TaskStory story)
    {
        var started = time.GetTimestamp();
        Telling.OfEmbedding(version.Chunks.Count, version.Model, story);
        var vectors = await EmbedAsync(version, hold);
        story.Took("embed", time.GetElapsedTime(started));
        Telling.OfStoring(vectors.Count, vectors[0].Length, story);
        hold.Token.ThrowIfCancellationRequested();
        var told = await story.CloseAsync();

        var commit = new CommitResult(CommitKind.Committed, Version: 1, Added: vectors.Count, Dimension: vectors[0].Length);
        var tokens = version.Chunks.Sum(chunk => (long)chunk.TokenCount);
        var result = Telling.ResultOf(
            version.DocumentId, version.CollectionId, version.Model, vectors.Count, tokens, version.PageCount, commit, story.Checkpoint);
        Telling.OfEnd(version.DocumentId, version.CollectionId, vectors.Count, commit, story);
        var outcome = new TaskOutcome { Kind = OutcomeKind.Completed, Change = await story.CloseAsync(), Result = result }.After(told);
        return new(
            TaskRules.Released(TaskState.Storing, time.GetUtcNow()).After(told),
            place.StoreAndFinishAsync(hold.Lease, version, vectors, outcome));
    }

    private async Task<List<ReadOnlyMemory<float>>> EmbedAsync(NewVersion version, LeaseHold hold)
    {
        var texts = version.Chunks.Select((chunk, index) => new BatchText(
            index, chunk.ChunkId, EmbeddedText.Of(version.Preface, chunk.Context?.Header?.Text, version.Content[chunk.Start..chunk.End]))).ToList();
        var vectors = new List<ReadOnlyMemory<float>>(texts.Count);
        foreach (var some in EmbeddingBatches.Split(texts, embedder.MaxBatch, embedder.MaxBatchTokens))
        {
            var batch = ChunkEmbedding.BatchOf(hold.Lease, version.Model, version.Chunks.Count, some);
            if (await embedder.EmbedAsync(batch, hold.Token) is not EmbeddingAnswer.Vectors now)
                throw new InvalidOperationException($"The local provider {embedder.Name} answers later.");
            vectors.AddRange(now.Values);
        }
        return vectors;
    }
}
