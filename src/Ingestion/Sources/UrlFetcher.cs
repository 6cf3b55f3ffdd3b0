using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Ingestion.Sources;

/// <summary>Fetches a document by its URL into the <see cref="UploadStore"/>.</summary>
public sealed class UrlFetcher(GuardedHttp http, UploadStore store, string version)
{
    private const int MaxRedirects = 5;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    /// <summary>Why this URL can never be fetched, to be asked before a task is made of it; null where only the network can tell.</summary>
    public string? Refusal(string url) => http.Refusal(url, out _);

    /// <param name="url">As the client gave it.</param>
    /// <param name="maxBytes">Of the decompressed body.</param>
    /// <param name="timeout">For everything: redirects, and the body to its last byte.</param>
    /// <param name="progress">Told as the bytes come; must not block.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled; nothing is kept.</exception>
    public async Task<FetchOutcome> FetchAsync(
        string url, long maxBytes, TimeSpan timeout, Action<FetchProgress>? progress, CancellationToken cancel)
    {
        if (http.Refusal(url, out var address) is { } refusal) return Refused(refusal);
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        clock.CancelAfter(timeout);
        try
        {
            return await FollowAsync(address!, maxBytes, progress, clock.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && clock.IsCancellationRequested)
        {
            var seconds = timeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
            return new FetchOutcome.Failed(FetchFailure.TimedOut,
                $"The web server did not deliver within {seconds} seconds; try again, or upload the file.", IsTransient: true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException
            or InvalidDataException)
        {
            cancel.ThrowIfCancellationRequested();
            return Explain(e);
        }
    }

    private async Task<FetchOutcome> FollowAsync(Uri address, long maxBytes, Action<FetchProgress>? progress, CancellationToken cancel)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.TryAddWithoutValidation("User-Agent", "Ingestion/" + version);
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
            using var response = await http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!IsRedirect(response)) return await ReadAsync(response, address, maxBytes, progress, cancel);
            if (redirects == MaxRedirects)
                return new FetchOutcome.Failed(FetchFailure.TooManyRedirects,
                    $"The URL redirects more than {MaxRedirects} times; use the address where it ends.", IsTransient: false);
            if (!Uri.TryCreate(address, response.Headers.Location!, out var next))
                return new FetchOutcome.Failed(FetchFailure.Status,
                    "The URL redirects to an address that is not valid; use another URL, or upload the file.", IsTransient: false);
            if (http.Refusal(next) is { } refusal) return Refused("The URL redirects elsewhere. " + refusal);
            address = next;
        }
    }

    private async Task<FetchOutcome> ReadAsync(
        HttpResponseMessage response, Uri address, long maxBytes, Action<FetchProgress>? progress, CancellationToken cancel)
    {
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NonAuthoritativeInformation)) return Explain(response);
        // What could be decompressed is not named here any more.
        if (response.Content.Headers.ContentEncoding.FirstOrDefault(encoding => encoding != "identity") is { } encoding)
            return new FetchOutcome.Failed(FetchFailure.Status,
                $"The web server compresses the document in a way that was not asked for ({encoding}); upload the file.",
                IsTransient: false);
        var total = response.Content.Headers.ContentLength;
        if (total > maxBytes) return TooLarge(maxBytes);
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var saved = await store.SaveAsync(body, maxBytes, bytes => progress?.Invoke(new FetchProgress(bytes, total)), cancel);
        return saved switch
        {
            SaveOutcome.Saved(var source) => new FetchOutcome.Fetched(Describe(source, response.Content.Headers, address), address),
            SaveOutcome.TooLarge => TooLarge(maxBytes),
            SaveOutcome.NotStored failure => new FetchOutcome.Failed(FetchFailure.NotStored, failure.Message, IsTransient: true)
            {
                Cause = failure.Cause,
            },
            _ => throw new InvalidOperationException($"No such outcome: {saved}"),
        };
    }

    private static DocumentSource Describe(DocumentSource source, HttpContentHeaders headers, Uri address)
    {
        var given = headers.ContentDisposition;
        return source with
        {
            Url = address.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped),
            FileName = FileNames.Clean(given?.FileNameStar) ?? FileNames.Clean(given?.FileName?.Trim('"'))
                ?? FileNames.Clean(Uri.UnescapeDataString(address.AbsolutePath)),
            MediaType = headers.ContentType?.MediaType?.ToLowerInvariant(),
            Charset = headers.ContentType?.CharSet?.Trim('"', '\'', ' ') is { Length: > 0 } charset ? charset : null,
        };
    }

    private static bool IsRedirect(HttpResponseMessage response) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is not null;

    private static FetchOutcome.Failed Explain(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var isTransient = status is 408 or 425 or 429 or >= 500;
        var advice = status switch
        {
            401 or 403 or 407 => "it asks for a login that this service does not have; upload the file instead",
            404 or 410 => "there is no such document; check the URL",
            >= 400 and < 500 when !isTransient => "check the URL, or upload the file",
            _ when isTransient => "try again later, or upload the file",
            _ => "that is not a document; check the URL, or upload the file",
        };
        return new FetchOutcome.Failed(FetchFailure.Status, $"The web server answered {status}: {advice}.", isTransient)
        {
            RetryAfter = isTransient ? RetryAfter(response) : null,
        };
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter;
        var wait = asked?.Delta ?? (asked?.Date is { } date ? date - DateTimeOffset.UtcNow : null);
        if (wait is null) return null;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestRetryAfter ? LongestRetryAfter : wait;
    }

    private static FetchOutcome.Failed Explain(Exception e)
    {
        var causes = new List<Exception>();
        for (var cause = e; cause is not null; cause = cause.InnerException) causes.Add(cause);
        if (causes.OfType<AddressRefusedException>().FirstOrDefault() is { } refused) return Refused(refused.Message);

        var (message, isTransient) = e switch
        {
            _ when causes.OfType<AuthenticationException>().Any() =>
                ("The web server's certificate is not valid; it has to be repaired there, or upload the file.", false),
            _ when causes.OfType<InvalidDataException>().Any() =>
                ("The web server sent compressed data that is damaged; try again, or upload the file.", true),
            HttpRequestException or OperationCanceledException =>
                ("The web server could not be reached; check the URL, or try again later.", true),
            _ => ("The connection broke off before the document was complete; try again, or upload the file.", true),
        };
        return new FetchOutcome.Failed(FetchFailure.Unreachable, message, isTransient) { Cause = e };
    }

    private static FetchOutcome.Failed Refused(string message) => new(FetchFailure.Refused, message, IsTransient: false);

    private static FetchOutcome.Failed TooLarge(long maxBytes) => new(FetchFailure.TooLarge,
        string.Create(CultureInfo.InvariantCulture, $"The document is larger than {maxBytes} bytes (MAX_FILE_SIZE)."), IsTransient: false);
}
