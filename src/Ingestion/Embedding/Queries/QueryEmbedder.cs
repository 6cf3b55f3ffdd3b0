using Ingestion.Config;

namespace Ingestion.Embedding.Queries;

/// <summary>Turns a query's words into a vector while the client waits, also where the provider answers by a callback.</summary>
public sealed class QueryEmbedder(IEmbedder embedder, WaitingQueries waiting, Settings settings, TimeProvider time)
{
    /// <summary>For the callback; EMBEDDING_TIMEOUT where that is shorter. Whoever searches waits no longer than that.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <exception cref="EmbeddingException">The provider refused, failed, answered nonsense, or did not call back in time.</exception>
    public async Task<ReadOnlyMemory<float>> EmbedAsync(string tenantId, string collectionId, string model, string text, CancellationToken cancel)
    {
        // Before the provider is asked: it may call back before it has answered.
        using var query = waiting.Begin(tenantId);
        var batch = new EmbeddingBatch
        {
            TenantId = tenantId,
            CollectionId = collectionId,
            DocumentId = query.Id,
            TaskId = query.Id,
            Attempt = 1,
            Model = model,
            TotalChunks = 1,
            Texts = [new BatchText(0, query.Id, text)],
        };
        return await embedder.EmbedAsync(batch, cancel) is EmbeddingAnswer.Vectors now ? now.Values[0] : await CalledBackAsync(query, batch, cancel);
    }

    private async Task<ReadOnlyMemory<float>> CalledBackAsync(WaitingQuery query, EmbeddingBatch batch, CancellationToken cancel)
    {
        var patience = settings.EmbeddingTimeout < LongestWait ? settings.EmbeddingTimeout : LongestWait;
        try
        {
            return ServiceEmbedder.VectorsOf(await query.Answer.WaitAsync(patience, time, cancel), batch)[0];
        }
        catch (TimeoutException)
        {
            throw new EmbeddingException($"The embedding service took the query and did not call back within {patience.TotalSeconds:0} s.", EmbeddingFault.Away);
        }
    }
}
