namespace Ingestion.Extraction;

/// <summary>How much one document may ask for. Each limit has its own error; none of them cuts silently.</summary>
public sealed record ExtractionLimits
{
    /// <summary>UTF-16 units of extracted text.</summary>
    public int MaxTextLength { get; init; } = 100_000_000;

    /// <summary>Uncompressed bytes over compressed bytes of an archive, above <see cref="ExpansionFloor"/>.</summary>
    public int MaxExpansionRatio { get; init; } = 100;

    /// <summary>Bytes: below it any ratio is fine, since honest repetitive documents pass 80:1.</summary>
    public long ExpansionFloor { get; init; } = 50_000_000;

    public int MaxArchiveEntries { get; init; } = 10_000;

    /// <summary>Documents within documents: an archive in a mail in an archive is 3.</summary>
    public int MaxNesting { get; init; } = 4;

    public int MaxXmlDepth { get; init; } = 256;
    public int MaxHtmlDepth { get; init; } = 512;

    /// <summary>Elements and pieces of text of a web page: a hundred megabytes of an ordinary one have less.</summary>
    public int MaxHtmlNodes { get; init; } = 8_000_000;

    public int MaxPages { get; init; } = 20_000;
    public int MaxTableCells { get; init; } = 5_000_000;

    /// <summary>Of a picture whose text is recognised: its largest page, unpacked.</summary>
    public long MaxPicturePixels { get; init; } = 100_000_000;
}
