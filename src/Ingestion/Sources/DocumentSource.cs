namespace Ingestion.Sources;

/// <summary>Where a document's bytes are until a worker reads them.</summary>
public sealed record DocumentSource
{
    /// <summary>Small enough to travel with the task itself; then <see cref="FileKey"/> is null.</summary>
    public byte[]? Inline { get; init; }

    /// <summary>Key in the <see cref="UploadStore"/>.</summary>
    public string? FileKey { get; init; }

    /// <summary>Not fetched yet.</summary>
    public string? Url { get; init; }

    /// <summary>As the client named it, without folders; never used as a path.</summary>
    public string? FileName { get; init; }

    /// <summary>As the client or the web server declared it.</summary>
    public string? MediaType { get; init; }

    /// <summary>As the web server declared it; null where it did not.</summary>
    public string? Charset { get; init; }

    /// <summary>Bytes; 0 where not known yet.</summary>
    public long Size { get; init; }

    /// <summary>SHA-256 of the bytes, lower-case hex; null where not known yet.</summary>
    public string? Hash { get; init; }
}
