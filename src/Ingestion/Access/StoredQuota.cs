using System.Globalization;
using Ingestion.Store;

namespace Ingestion.Access;

public readonly record struct DocumentPlace(string Tenant, string Collection, string Document);

/// <param name="Message">For the client: what the limit is and what to do.</param>
public sealed record QuotaExcess(string Message, long Limit);

/// <summary>
/// What a tenant may have stored. Asked when a document comes, so that a full tenant hears of it at once, and again before its chunks are
/// stored, when their number is known.
/// </summary>
public sealed class StoredQuota(TenantQuotas quotas, IChunkStore store)
{
    /// <param name="bytes">Of the new version, as it was sent; 0 where not known yet.</param>
    /// <param name="chunks">Of the new version; at least that many where not known yet.</param>
    /// <returns>Null where it fits. What it replaces makes room for it.</returns>
    public async ValueTask<QuotaExcess?> CheckAsync(DocumentPlace place, long bytes, int chunks, CancellationToken cancel)
    {
        var quota = quotas.Of(place.Tenant);
        if (quota is { StoredBytes: 0, StoredChunks: 0 }) return null;
        var used = await store.GetUsageAsync(place.Tenant, cancel);
        var replaced = await store.GetDocumentAsync(place.Tenant, place.Collection, place.Document, cancel);
        if (quota.StoredBytes is > 0 and var maxBytes && used.Bytes - (replaced?.Source.Size ?? 0) + bytes > maxBytes)
            return Excess("bytes", used.Bytes, maxBytes);
        if (quota.StoredChunks is > 0 and var maxChunks && used.Chunks - (replaced?.ChunkCount ?? 0) + chunks > maxChunks)
            return Excess("chunks", used.Chunks, maxChunks);
        return null;
    }

    private static QuotaExcess Excess(string what, long used, long limit) => new(
        string.Create(CultureInfo.InvariantCulture,
            $"The tenant may have {limit} {what} stored and has {used}; this document does not fit. Delete documents, or ask the operator for more."),
        limit);
}
