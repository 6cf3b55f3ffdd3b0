namespace Ingestion.Store;

/// <summary>
/// Where documents, their chunks and vectors live. A version is staged, gets its vectors, and is committed by one atomic switch:
/// a reader sees the old version or the new one, whole. Tenant and collection are part of every key and every query.
/// <c>ChunkStoreConformance</c> is what every implementation must pass.
/// </summary>
/// <exception cref="UnavailableException">Any call, while the store cannot be reached or written.</exception>
public interface IChunkStore
{
    /// <summary>
    /// Writes a version and its chunks, unseen by any reader, in place of what the same task staged before. Chunks whose id the visible
    /// version has too take over its vectors where the model is the same.
    /// </summary>
    Task<StagedVersion> StageAsync(NewVersion version, CancellationToken cancel);

    /// <summary>What a task staged and has not committed; null where there is nothing.</summary>
    Task<StagedVersion?> FindStagedAsync(string tenant, string taskId, CancellationToken cancel);

    /// <summary>Staged chunks after index <paramref name="after"/> (-1 for the first) that have no vector yet, in order.</summary>
    Task<IReadOnlyList<PendingChunk>> ReadPendingAsync(StagedVersion staged, int after, int max, CancellationToken cancel);

    /// <summary>Saving a vector twice is the same as once. Where the version was discarded meanwhile, nothing happens.</summary>
    /// <exception cref="ArgumentException">Vectors of different dimensions, numbers that are not finite, or no such chunk.</exception>
    Task SaveVectorsAsync(StagedVersion staged, IReadOnlyList<ChunkVector> vectors, CancellationToken cancel);

    /// <summary>
    /// Makes the staged version the visible one. Twice is the same as once, also where the task staged the same again in between. The
    /// collection's first vectors fix its model and dimension.
    /// </summary>
    Task<CommitResult> CommitAsync(StagedVersion staged, CancellationToken cancel);

    /// <summary>Forgets what a task staged; a committed version is left alone.</summary>
    Task DiscardAsync(string tenant, string taskId, CancellationToken cancel);

    /// <summary>Ordered by document id.</summary>
    /// <param name="page">From 1.</param>
    Task<DocumentPage> ListDocumentsAsync(string tenant, string collection, int page, int pageSize, CancellationToken cancel);

    /// <summary>Null where the tenant has no such document.</summary>
    Task<StoredDocument?> GetDocumentAsync(string tenant, string collection, string document, CancellationToken cancel);

    /// <summary>The text that every chunk's offsets point into; null where the tenant has no such document.</summary>
    Task<string?> ReadContentAsync(string tenant, string collection, string document, CancellationToken cancel);

    /// <summary>In order of the text. Null where the tenant has no such document.</summary>
    /// <param name="page">From 1.</param>
    Task<ChunkPage?> ListChunksAsync(
        string tenant, string collection, string document, int page, int pageSize, bool vectors, CancellationToken cancel);

    /// <summary>The visible version, to compare a new one with it; null where the tenant has no such document.</summary>
    Task<CurrentVersion?> FindCurrentAsync(string tenant, string collection, string document, CancellationToken cancel);

    /// <summary>Where the version's chunks are; null where it is no longer visible.</summary>
    Task<StoredSplit?> ReadSplitAsync(CurrentVersion current, CancellationToken cancel);

    /// <summary>
    /// Makes the visible version that of a task that would store the same again, so that no task before it replaces it. False where it is no
    /// longer visible.
    /// </summary>
    Task<bool> ConfirmAsync(CurrentVersion current, string taskId, CancellationToken cancel);

    /// <summary>
    /// Makes an earlier version the visible one again, under a new number, by one atomic switch; what was visible is then an earlier version.
    /// </summary>
    /// <param name="version">Its number; null for the latest before the visible one.</param>
    Task<RollbackResult> RollBackAsync(string tenant, string collection, string document, int? version, CancellationToken cancel);

    /// <summary>Ids of the visible version's chunks, to tell what a plan would change; empty where there is no such document.</summary>
    Task<IReadOnlySet<string>> ReadChunkIdsAsync(string tenant, string collection, string document, CancellationToken cancel);

    /// <summary>
    /// Removes every version, staged ones too, and counts again before it answers. With its last document a collection forgets its model.
    /// Null where the tenant has no such document, not even a staged one.
    /// </summary>
    Task<DeleteReceipt?> DeleteDocumentAsync(string tenant, string collection, string document, CancellationToken cancel);

    /// <summary>Best first. A chunk without any likeness to the query is no hit.</summary>
    /// <exception cref="ArgumentException">
    /// TopK out of its range, a filter that is no JSON object, or a vector of another dimension than the collection's.
    /// </exception>
    /// <exception cref="UnavailableException">Also where the query's model is not the collection's any more.</exception>
    Task<IReadOnlyList<SearchHit>> SearchAsync(SearchQuery query, CancellationToken cancel);

    /// <summary>The model and dimension that the collection's vectors have; null before its first document.</summary>
    Task<VectorSpace?> GetVectorSpaceAsync(string tenant, string collection, CancellationToken cancel);

    /// <summary>What the visible versions of all the tenant's documents take up.</summary>
    Task<StoredUsage> GetUsageAsync(string tenant, CancellationToken cancel);

    /// <summary>Made with the store and kept in it: two processes that read the same share it.</summary>
    Task<string> ReadIdentityAsync(CancellationToken cancel);

    /// <summary>
    /// Removes earlier versions that are more than the store keeps, and what was staged and left alone for 30 days, in bounded steps. Any number of processes may call it.
    /// </summary>
    Task SweepAsync(CancellationToken cancel);
}
