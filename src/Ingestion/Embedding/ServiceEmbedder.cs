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
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(settings.EmbeddingTimeout);
        try
        {
            using var body = new StringContent(RequestOf(batch, settings.EmbeddingCallbackQueue).ToJsonString(), new MediaTypeHeaderValue("application/json", "utf-8"));
            using var answer = await http.PostAsync(_address, body, patience.Token);
            if (answer.StatusCode == HttpStatusCode.Accepted) return new EmbeddingAnswer.Pending();
            if (!answer.IsSuccessStatusCode) throw Refusal(answer);
            await using var stream = await answer.Content.ReadAsStreamAsync(patience.Token);
            using var json = await JsonDocument.ParseAsync(stream, cancellationToken: patience.Token);
            return new EmbeddingAnswer.Vectors(Read(json.RootElement, batch));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new EmbeddingException($"The embedding service did not answer within {settings.EmbeddingTimeout.TotalSeconds:0} s (EMBEDDING_TIMEOUT).", transient: true);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new EmbeddingException("The embedding service cannot be reached. Check EMBEDDING_SERVICE_URL and the service.", transient: true, inner: fault);
        }
        catch (JsonException fault)
        {
            throw new EmbeddingException("The embedding service answered 200 with something that is not JSON.", transient: true, inner: fault);
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
        var retryAfter = answer.Headers.RetryAfter is { } header
            ? header.Delta ?? (header.Date is { } date ? date - DateTimeOffset.UtcNow : null)
            : null;
        return new EmbeddingException(
            $"The embedding service refused the request with status {status}.",
            transient: status is 408 or 425 or 429 or >= 500, retryAfter > TimeSpan.Zero ? retryAfter : null);
    }

    private static List<ReadOnlyMemory<float>> Read(JsonElement json, EmbeddingBatch batch)
    {
        var action = EmbeddingCallbackAction.Parse(json, out var reason)
            ?? throw new EmbeddingException("The embedding service's answer cannot be read: " + reason, transient: true);
        if (!action.IsSuccess) throw new EmbeddingException($"The embedding service reported an error: {action.Error ?? "it gave no reason"}.", transient: true);
        var count = batch.Texts.Count;
        if (action.Embeddings.Count != count) throw new EmbeddingException($"The embedding service answered {action.Embeddings.Count} vectors for {count} texts.", transient: true);
        var dimension = action.Embeddings[0].Length;
        if (dimension == 0 || action.Embeddings.Any(vector => vector.Length != dimension))
            throw new EmbeddingException("The embedding service answered vectors of different dimensions.", transient: true);
        if (action.ChunkIds is not { } ids) return [.. action.Embeddings.Select(vector => (ReadOnlyMemory<float>)vector)];

        var byId = new Dictionary<string, float[]>();
        for (var i = 0; i < Math.Min(ids.Count, count); i++) byId.TryAdd(ids[i], action.Embeddings[i]);
        return
        [
            .. batch.Texts.Select(text => byId.TryGetValue(text.ChunkId, out var vector)
                ? (ReadOnlyMemory<float>)vector
                : throw new EmbeddingException("The embedding service's answer lacks a chunk that was asked for.", transient: true)),
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
