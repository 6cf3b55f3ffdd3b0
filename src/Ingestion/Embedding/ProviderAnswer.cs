using System.Net;

namespace Ingestion.Embedding;

/// <summary>What an HTTP status other than 2xx means for the texts that were sent.</summary>
internal static class ProviderAnswer
{
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    public static EmbeddingFault FaultOf(HttpResponseMessage answer) => (int)answer.StatusCode switch
    {
        429 => EmbeddingFault.Busy,
        503 when answer.Headers.RetryAfter is not null => EmbeddingFault.Busy,
        408 or 425 or >= 500 => EmbeddingFault.Away,
        _ => EmbeddingFault.Refused,
    };

    public static TimeSpan? RetryAfterOf(HttpResponseMessage answer)
    {
        var header = answer.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } date ? date - DateTimeOffset.UtcNow : null);
        if (wait is null || wait <= TimeSpan.Zero) return null;
        return wait < LongestRetryAfter ? wait : LongestRetryAfter;
    }

    public static bool IsRedirect(HttpResponseMessage answer) => answer.StatusCode is >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest;
}
