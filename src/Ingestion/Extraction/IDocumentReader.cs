using Ingestion.Extraction.Ocr;

namespace Ingestion.Extraction;

/// <summary>Reads one family of formats. A new format is one such class and one line in <see cref="DocumentReaders"/>.</summary>
/// <remarks>
/// Readers are stateless, open no network connection and no other file, and stop soon after the token is cancelled.
/// They throw <see cref="ExtractionException"/> for what the document did wrong, and nothing else that they can foresee.
/// </remarks>
public interface IDocumentReader
{
    /// <summary>Media types that this reader takes, lower case, without parameters.</summary>
    IReadOnlyList<string> MediaTypes { get; }

    /// <summary>Nothing in a small document can hurt this reader, so it needs no process of its own (<see cref="Host.ReaderHost"/>).</summary>
    bool RunsInProcess => false;

    Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel);
}

/// <summary>A document's bytes and what is known of them before reading.</summary>
public sealed record DocumentContent
{
    /// <summary>Seekable, at position 0; owned by the caller.</summary>
    public required Stream Bytes { get; init; }

    /// <summary>As decided by <see cref="MediaTypes"/> from content, then name, then header.</summary>
    public required string MediaType { get; init; }

    /// <summary>The media type is known, whatever the bytes look like: a text that was typed in is a text.</summary>
    public bool IsTypeCertain { get; init; }

    public string? FileName { get; init; }

    /// <summary>As an HTTP header or a form declared it; a byte order mark wins over it.</summary>
    public string? Charset { get; init; }

    /// <summary>Where the document came from: relative links are resolved against it. Nothing is ever fetched from it.</summary>
    public Uri? Address { get; init; }

    /// <summary>How many documents it lies in: an attachment's is 1.</summary>
    public int Nesting { get; init; }

    public ExtractionLimits Limits { get; init; } = new();

    /// <summary>How text in pictures is recognised; null leaves it out, with a warning or an error.</summary>
    public OcrOptions? Ocr { get; init; }

    /// <summary>Told as the reading goes on; may be called from any thread, must not block.</summary>
    public Action<ReadProgress>? Progress { get; init; }
}

/// <param name="Done">Units (pages, sheets, parts) read so far.</param>
/// <param name="Total">Of how many; 0 where that is not known.</param>
/// <param name="Unit">Singular noun: "page", "sheet", "part".</param>
public readonly record struct ReadProgress(int Done, int Total, string Unit);
