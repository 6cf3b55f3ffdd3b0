namespace Ingestion.Sources;

/// <summary>What became of an upload.</summary>
public abstract record SaveOutcome
{
    private SaveOutcome()
    {
    }

    /// <param name="Source">With <see cref="DocumentSource.Inline"/> or <see cref="DocumentSource.FileKey"/>, size and hash.</param>
    public sealed record Saved(DocumentSource Source) : SaveOutcome;

    /// <param name="MaxBytes">What was allowed.</param>
    public sealed record TooLarge(long MaxBytes) : SaveOutcome;

    /// <param name="Cause">For the log: it names paths.</param>
    public sealed record NotStored(Exception Cause) : SaveOutcome
    {
        /// <summary>ENOSPC; EDQUOT of Linux and of macOS; ERROR_DISK_FULL.</summary>
        public bool IsDiskFull => Cause.HResult is 28 or 122 or 69 or unchecked((int)0x80070070);

        /// <summary>For the client.</summary>
        public string Message => IsDiskFull
            ? "The service has no room left for uploads. Try again later; its operator can free space in DATA_DIR."
            : "The service could not store the upload. Try again later; its operator finds the reason in the log.";
    }
}
