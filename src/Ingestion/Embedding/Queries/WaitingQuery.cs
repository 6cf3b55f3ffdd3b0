using Ingestion.Actions;

namespace Ingestion.Embedding.Queries;

/// <summary>A query that somebody waits with; done with once it is disposed of.</summary>
public sealed class WaitingQuery(string id, string tenantId, Action<string> leave) : IDisposable
{
    private readonly TaskCompletionSource<EmbeddingCallbackAction> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it is called towards the embedding service; nobody else knows it.</summary>
    public string Id => id;

    /// <summary>The first answer that came; the reader judges it.</summary>
    public Task<EmbeddingCallbackAction> Answer => _answer.Task;

    /// <returns>False where it has an answer already, or is another tenant's.</returns>
    internal bool TryAnswer(EmbeddingCallbackAction answer) => answer.TenantId == tenantId && _answer.TrySetResult(answer);

    public void Dispose() => leave(id);
}
