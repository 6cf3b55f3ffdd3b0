using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Actions;
using Ingestion.Config;

namespace Ingestion.Embedding;

/// <summary>
/// An embedding service of the ecosystem: it takes an <c>EmbeddingRequestAction</c> by HTTP and answers at once (200, with the
/// <c>EmbeddingCallbackAction</c> in the body) or later (202, and the callback comes to the queue or to <c>/embeddings/callback</c>).
/// </summary>
public sealed class ServiceEmbedder(HttpClient http, Settings settings) : IEmbedder
{
    public const string ProviderName = "service";

    private readonly Uri _address = AddressOf(settings.EmbeddingServiceUrl!);

    public string Name => ProviderName;

    public int MaxBatch => 2_048;

    public int MaxBatchTokens => int.MaxValue;

    public string ModelFor(string? requested) => requested ?? settings.EmbeddingModel;

    public async Task<EmbeddingAnswer> EmbedAsync(EmbeddingBatch batch, CancellationToken cancel)
    {
        try
        {
            using var body = new StringContent(RequestOf(batch, settings.EmbeddingCallbackQueue).ToJsonString(), new MediaTypeHeaderValue("application/json", "utf-8"));
            using var answer = await http.PostAsync(_address, body, cancel);
            if (answer.StatusCode == HttpStatusCode.Accepted) return new EmbeddingAnswer.Pending();
            if (!answer.IsSuccessStatusCode) throw Refusal(answer);
            await using var stream = await answer.Content.ReadAsStreamAsync(cancel);
            using var json = await JsonDocument.ParseAsync(stream, cancellationToken: cancel);
            var action = EmbeddingCallbackAction.Parse(json.RootElement, out var reason) ?? throw Unreadable(reason);
            return new EmbeddingAnswer.Vectors(VectorsOf(action, batch));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new EmbeddingException("The embedding service cannot be reached. Check EMBEDDING_SERVICE_URL and the service.", EmbeddingFault.Away, inner: fault);
        }
        catch (JsonException fault)
        {
            throw new EmbeddingException("The embedding service answered 200 with something that is not JSON. Check EMBEDDING_SERVICE_URL.", EmbeddingFault.Nonsense, inner: fault);
        }
    }

    /// <summary>Used as given; the base address that the ecosystem writes gets its last step.</summary>
    internal static Uri AddressOf(string configured)
    {
        var address = configured.TrimEnd('/');
        return new Uri(address.EndsWith("/embeddings", StringComparison.Ordinal) ? address + "/generate" : configured);
    }

    private static EmbeddingException Refusal(HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        var fault = ProviderAnswer.FaultOf(answer);
        var advice = fault == EmbeddingFault.Refused ? " Check EMBEDDING_SERVICE_URL and what the service expects." : "";
        return new EmbeddingException($"The embedding service refused the request with status {status}.{advice}", fault, ProviderAnswer.RetryAfterOf(answer));
    }

    private static EmbeddingException Unreadable(string reason) => new("The embedding service's answer cannot be read: " + reason, EmbeddingFault.Nonsense);

    /// <summary>One for each text of the batch, in order.</summary>
    /// <exception cref="EmbeddingException">The service reports an error, or its vectors are not those of the batch.</exception>
    internal static ReadOnlyMemory<float>[] VectorsOf(EmbeddingCallbackAction action, EmbeddingBatch batch)
    {
        if (action.Flaw is { } flaw) throw Unreadable(flaw);
        if (!action.IsSuccess)
            throw new EmbeddingException($"The embedding service reported an error: {action.Error ?? "it gave no reason"}.", EmbeddingFault.Away);
        ReadOnlyMemory<float>[] vectors = [.. action.Embeddings.Select(vector => (ReadOnlyMemory<float>)vector)];
        GivenVectors.Check("The embedding service", batch.Texts, vectors);
        if (action.ChunkIds is not { } ids) return vectors;

        var byId = new Dictionary<string, ReadOnlyMemory<float>>();
        for (var i = 0; i < Math.Min(ids.Count, vectors.Length); i++) byId.TryAdd(ids[i], vectors[i]);
        return
        [
            .. batch.Texts.Select(text => byId.TryGetValue(text.ChunkId, out var vector)
                ? vector
                : throw new EmbeddingException("The embedding service's answer lacks a chunk that was asked for.", EmbeddingFault.Nonsense)),
        ];
    }

    private static JsonObject RequestOf(EmbeddingBatch batch, string callbackQueue)
    {
        var chunks = new JsonArray();
        foreach (var text in batch.Texts)
        {
            chunks.Add(new JsonObject
            {
                ["chunk_id"] = text.ChunkId,
                ["text"] = text.Text,
                ["metadata"] = new JsonObject
                {
                    ["document_id"] = batch.DocumentId,
                    ["collection_id"] = batch.CollectionId,
                    ["tenant_id"] = batch.TenantId,
                    ["title"] = batch.Title,
                    ["chunk_index"] = text.Index,
                    ["total_chunks"] = batch.TotalChunks,
                },
            });
        }
        return new JsonObject
        {
            ["action_id"] = Guid.CreateVersion7().ToString(),
            ["action_type"] = "embedding.generate",
            ["domain"] = "embedding",
            ["action"] = "generate",
            ["tenant_id"] = batch.TenantId,
            ["task_id"] = batch.TaskId,
            ["timestamp"] = DateTimeOffset.UtcNow,
            ["metadata"] = new JsonObject { ["attempt"] = batch.Attempt },
            ["document_id"] = batch.DocumentId,
            ["collection_id"] = batch.CollectionId,
            ["chunks"] = chunks,
            ["model"] = batch.Model,
            ["callback_queue"] = callbackQueue,
        };
    }
}
