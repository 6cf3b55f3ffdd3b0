using System.Collections.Concurrent;
using System.Security.Cryptography;
using Ingestion.Actions;

namespace Ingestion.Embedding.Queries;

/// <summary>
/// The queries of this process that wait for an embedding service to call back. Each belongs to one open search and goes with it, so what
/// bounds those (connections, the tenant's requests a minute, the longest wait) bounds these.
/// </summary>
public sealed class WaitingQueries
{
    private const string Prefix = "query-";
    private const int RandomDigits = 32;

    private readonly ConcurrentDictionary<string, WaitingQuery> _waiting = new(StringComparer.Ordinal);

    public int Count => _waiting.Count;

    /// <summary>Whether an id is of the form that queries have. A client's own task may be called so too; it is never one that waits here.</summary>
    public static bool HasIdOfQuery(string taskId) =>
        taskId.Length == Prefix.Length + RandomDigits && taskId.StartsWith(Prefix, StringComparison.Ordinal)
        && taskId[Prefix.Length..].All(char.IsAsciiHexDigitLower);

    public WaitingQuery Begin(string tenantId)
    {
        var query = new WaitingQuery(Prefix + RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true), tenantId, id => _waiting.TryRemove(id, out _));
        _waiting[query.Id] = query;
        return query;
    }

    /// <returns>False where nobody here waits for it: another process may, or nobody any more.</returns>
    public bool TryAnswer(EmbeddingCallbackAction answer) => _waiting.TryGetValue(answer.TaskId, out var query) && query.TryAnswer(answer);
}
