using System.Text.Json;

namespace Ingestion.Store;

/// <summary>A version to stage, with everything that a reader of the document will be told.</summary>
public sealed record NewVersion
{
    public required string TenantId { get; init; }
    public required string CollectionId { get; init; }
    public required string DocumentId { get; init; }

    /// <summary>Ids of tasks sort by acceptance: a version of an older task never replaces one of a newer task.</summary>
    public required string TaskId { get; init; }

    public string? Title { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>A JSON object, or null.</summary>
    public JsonElement? Metadata { get; init; }

    public required StoredSource Source { get; init; }

    /// <summary>Canonical Markdown; the chunks are slices of it.</summary>
    public required string Content { get; init; }

    public int? PageCount { get; init; }

    /// <summary>Code points: where each page starts in the content.</summary>
    public IReadOnlyList<int> PageStarts { get; init; } = [];

    public string? Language { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The embedding model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The same for the same bytes and the same wishes: such a document need not be read again. Null: it always is.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The chunker and its options: chunks of the same may keep their boundaries. Null: they never do.</summary>
    public string? Chunking { get; init; }

    /// <summary>Embedded before each chunk's text, and no part of it; null for nothing.</summary>
    public string? Preface { get; init; }

    /// <summary>In order of the text.</summary>
    public required IReadOnlyList<NewChunk> Chunks { get; init; }

    /// <summary>Larger chunks that the others are a part of, level by level. They are kept to be read, neither searched nor embedded.</summary>
    public IReadOnlyList<NewChunk> Parents { get; init; } = [];
}

/// <param name="Kind">"file", "url" or "text".</param>
/// <param name="Hash">SHA-256 of the source's bytes, hex.</param>
/// <param name="Size">Bytes.</param>
public sealed record StoredSource(string Kind, string? FileName, string? Url, string? MediaType, long Size, string? Hash);

/// <param name="Start">UTF-16 offset into the content; the text is <c>[Start, End)</c>.</param>
/// <param name="StartCodePoint">The same in Unicode code points, as the wire counts.</param>
/// <param name="PageStart">From 1; 0 where the format has no pages.</param>
public sealed record NewChunk(
    string ChunkId, int Start, int End, int StartCodePoint, int EndCodePoint, int TokenCount,
    int PageStart, int PageEnd, IReadOnlyList<string> HeadingPath)
{
    /// <summary>Null for most chunkers.</summary>
    public ChunkContext? Context { get; init; }

    /// <summary>The index of the larger chunk in the version's parents.</summary>
    public int? Parent { get; init; }
}

/// <summary>What some chunkers know around a chunk's text. Offsets are code points.</summary>
/// <param name="Level">From 1 for the largest chunks; 0 where there are no levels.</param>
/// <param name="Window">What to read in place of the chunk once it is found.</param>
/// <param name="Header">The header rows of the table that the chunk goes on with.</param>
public sealed record ChunkContext(int Level, CodePointRange? Window, TableHeaderRows? Header);

/// <summary>The slice <c>[Start, End)</c> of the content, in code points.</summary>
public readonly record struct CodePointRange(int Start, int End);

/// <param name="Start">Code point of the content where the rows stand.</param>
public sealed record TableHeaderRows(int Start, string Text);

/// <param name="ChunkCount">Of the whole version.</param>
/// <param name="VectorCount">Chunks that have a vector already, taken over or saved before.</param>
public sealed record StagedVersion(
    string TenantId, string CollectionId, string DocumentId, string TaskId, string Model, int ChunkCount, long TokenCount, int VectorCount)
{
    /// <summary>The store's own handle.</summary>
    public required long Id { get; init; }

    /// <summary>What the collection's vectors have; null before its first document. The version's vectors must have the same.</summary>
    public VectorSpace? Space { get; init; }

    /// <summary>Of the vectors that it has; null while it has none.</summary>
    public int? Dimension { get; init; }
}

/// <param name="Text">To embed: the version's preface and the table's header rows stand before the chunk's own.</param>
public readonly record struct PendingChunk(int Index, string ChunkId, string Text);

public readonly record struct ChunkVector(int Index, ReadOnlyMemory<float> Vector);

public enum CommitKind
{
    Committed,

    /// <summary>A later upload of the same document is already visible: this one was dropped.</summary>
    Superseded,

    /// <summary>It was discarded, or a chunk still lacks its vector.</summary>
    NotReady,

    /// <summary>The collection's vectors have another model or dimension.</summary>
    OtherModel,
}

/// <param name="Version">From 1, growing with every commit of the document.</param>
/// <param name="Space">With <see cref="CommitKind.OtherModel"/>: what the collection has.</param>
public sealed record CommitResult(
    CommitKind Kind, int Version = 0, int Kept = 0, int Added = 0, int Removed = 0, int Dimension = 0, VectorSpace? Space = null);

public sealed record VectorSpace(string Model, int Dimension);

public sealed record StoredDocument
{
    public required string CollectionId { get; init; }
    public required string DocumentId { get; init; }
    public required string TaskId { get; init; }
    public required int Version { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public JsonElement? Metadata { get; init; }
    public required StoredSource Source { get; init; }
    public int? PageCount { get; init; }
    public IReadOnlyList<int> PageStarts { get; init; } = [];
    public string? Language { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];
    public required string Model { get; init; }
    public required int Dimension { get; init; }
    public required int ChunkCount { get; init; }
    public required long TokenCount { get; init; }

    /// <summary>Code points.</summary>
    public required int ContentLength { get; init; }

    /// <summary>When the document's first version was committed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>The visible version of a document that may come again.</summary>
/// <param name="Commit">What its commit answered.</param>
public sealed record CurrentVersion(StoredDocument Document, string? Fingerprint, string? Chunking, string? Preface, CommitResult Commit)
{
    /// <summary>The store's own handle.</summary>
    public required long Id { get; init; }
}

/// <summary>A version's text and where its chunks are, in order.</summary>
public sealed record StoredSplit(string Content, IReadOnlyList<StoredSlice> Chunks);

/// <param name="Start">Code point.</param>
/// <param name="End">Code point.</param>
public readonly record struct StoredSlice(int Start, int End, int TokenCount, TableHeaderRows? Header);

public enum RollbackKind
{
    Done,

    DocumentNotFound,

    /// <summary>No earlier version is kept, or not that one.</summary>
    VersionNotFound,

    /// <summary>The collection's vectors have another model or dimension by now.</summary>
    OtherModel,
}

/// <param name="Document">As it is now.</param>
/// <param name="Kept">Numbers of the earlier versions that could be asked for, the newest first.</param>
public sealed record RollbackResult(RollbackKind Kind, StoredDocument? Document, IReadOnlyList<int> Kept);

public sealed record DocumentPage(IReadOnlyList<StoredDocument> Documents, long Total);

/// <param name="Start">Code points.</param>
/// <param name="End">Code points.</param>
/// <param name="PageStart">From 1; 0 where the format has no pages.</param>
public sealed record StoredChunk(
    string ChunkId, int Index, string Text, int Start, int End, int TokenCount,
    int PageStart, int PageEnd, IReadOnlyList<string> HeadingPath, float[]? Vector = null)
{
    /// <summary>The chunk before it, of the same level.</summary>
    public string? PreviousId { get; init; }

    public string? NextId { get; init; }

    /// <summary>The larger chunk that it is a part of.</summary>
    public string? ParentId { get; init; }

    public ChunkContext? Context { get; init; }

    /// <summary>The text of the context's window; only in search hits.</summary>
    public string? Window { get; init; }
}

/// <param name="Parents">The larger chunks that those of the page are a part of, the largest first.</param>
public sealed record ChunkPage(IReadOnlyList<StoredChunk> Chunks, IReadOnlyList<StoredChunk> Parents, long Total);

public sealed record DeleteReceipt(int Versions, long Chunks, long Vectors, long Remaining);

public enum SearchMode
{
    Hybrid,
    Vector,
    Text,
}

public sealed record SearchQuery
{
    public required string TenantId { get; init; }
    public required string CollectionId { get; init; }
    public required SearchMode Mode { get; init; }

    /// <summary>For Text and Hybrid: the user's words, no query language.</summary>
    public string? Text { get; init; }

    /// <summary>For Vector and Hybrid.</summary>
    public ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>What made the vector; null where the caller vouches for it.</summary>
    public string? Model { get; init; }

    /// <summary>1–1000.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>0–1: hits with a lower score are left out.</summary>
    public double Threshold { get; init; }

    /// <summary>
    /// Equality: each name is "tags" (the document has all of them), "document_id", "title" or a name in its metadata, whole or by its
    /// parts between dots. Values are equal by JSON type and value; a name that the metadata lacks equals nothing. Null: no filter.
    /// </summary>
    public JsonElement? Filter { get; init; }

    /// <summary>Vectors of different models say nothing of each other, even where they have as many numbers.</summary>
    /// <exception cref="UnavailableException">The collection has another model by now.</exception>
    internal void CheckModel(string? collectionModel)
    {
        if (Mode != SearchMode.Text && Model is not null && collectionModel is not null && Model != collectionModel)
            throw new UnavailableException($"The collection's model changed from {Model} to {collectionModel} while the query was embedded.");
    }
}

/// <param name="Score">0–1, comparable within one mode.</param>
public sealed record SearchHit(StoredDocument Document, StoredChunk Chunk, double Score);

/// <param name="Bytes">Of the documents as they were sent.</param>
public readonly record struct StoredUsage(long Chunks, long Bytes);
