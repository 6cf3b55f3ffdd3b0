namespace Ingestion.Extraction;

/// <summary>A document that cannot be read, and why. The message is for the user and says what to do.</summary>
public sealed class ExtractionException : Exception
{
    public ExtractionException(ExtractionFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    public ExtractionFailure Failure { get; }

    public static ExtractionException TextTooLong(ExtractionLimits limits) => new(
        ExtractionFailure.TooLarge, $"The document's text is longer than {limits.MaxTextLength} characters. Split it and send the parts.");

    public static ExtractionException TooManyCells(ExtractionLimits limits) => new(
        ExtractionFailure.TooLarge, $"The document has more than {limits.MaxTableCells} table cells. Split it and send the parts.");

    public static ExtractionException OutOfMemory(Exception cause) => new(
        ExtractionFailure.OutOfMemory,
        "Reading the document needs more memory than it may have (EXTRACTION_MEMORY_MB). Split it and send the parts, or ask the operator for more.",
        cause);
}

public enum ExtractionFailure
{
    /// <summary>No reader takes this type of document.</summary>
    Unsupported,

    /// <summary>Needs a password.</summary>
    Encrypted,

    /// <summary>Broken, cut short, or not what it claims to be.</summary>
    Corrupt,

    /// <summary>Over one of <see cref="ExtractionLimits"/>.</summary>
    TooLarge,

    /// <summary>Read well, but without text.</summary>
    Empty,

    TimedOut,
    OutOfMemory,
    Crashed,
}
