namespace Ingestion.Sources;

/// <summary>What became of a fetch.</summary>
public abstract record FetchOutcome
{
    private FetchOutcome()
    {
    }

    /// <param name="Source">As saved, with name, media type and charset as far as the web server gave them.</param>
    /// <param name="Address">Where the bytes came from, after redirects.</param>
    public sealed record Fetched(DocumentSource Source, Uri Address) : FetchOutcome;

    /// <param name="Message">For the client: what happened and what to do.</param>
    /// <param name="IsTransient">Trying again later may help.</param>
    public sealed record Failed(FetchFailure Failure, string Message, bool IsTransient) : FetchOutcome
    {
        /// <summary>As the web server asked, at most a day.</summary>
        public TimeSpan? RetryAfter { get; init; }

        /// <summary>For the log; null where there is nothing more to say.</summary>
        public Exception? Cause { get; init; }
    }
}

public enum FetchFailure
{
    /// <summary>The address is not one that this service fetches from, or does not exist.</summary>
    Refused,

    /// <summary>No connection, or it broke off.</summary>
    Unreachable,

    /// <summary>The web server answered with something else than the document.</summary>
    Status,

    TooManyRedirects,
    TooLarge,
    TimedOut,

    /// <summary>The bytes came and could not be kept.</summary>
    NotStored,
}

/// <param name="Bytes">Read so far, decompressed.</param>
/// <param name="Total">Null where the web server did not say.</param>
public readonly record struct FetchProgress(long Bytes, long? Total);
