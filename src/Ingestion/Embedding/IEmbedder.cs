using Ingestion.Chunking;

namespace Ingestion.Embedding;

/// <summary>Turns texts into vectors, now or later. A new provider is one class and one line in <see cref="Embedders"/>.</summary>
public interface IEmbedder
{
    /// <summary>As users write it in EMBEDDING_PROVIDER.</summary>
    string Name { get; }

    /// <summary>Whether it answers at once, in this process, at a price that is not worth writing down before the document is stored.</summary>
    bool IsLocal => false;

    /// <summary>Texts that one call takes at the most.</summary>
    int MaxBatch { get; }

    /// <summary>Tokens that one call takes at the most, all its texts together.</summary>
    int MaxBatchTokens { get; }

    /// <summary>The model that a document gets which asks for <paramref name="requested"/> (null: for none).</summary>
    string ModelFor(string? requested);

    /// <summary>What one text may have; null where it may have anything. A longer one is split again before it comes here, never cut.</summary>
    TextLimit? LimitOf(string model) => null;

    /// <exception cref="EmbeddingException">The provider refused, failed or answered nonsense.</exception>
    Task<EmbeddingAnswer> EmbedAsync(EmbeddingBatch batch, CancellationToken cancel);
}

/// <summary>Texts of one document, in order.</summary>
public sealed record EmbeddingBatch
{
    public required string TenantId { get; init; }
    public required string CollectionId { get; init; }
    public required string DocumentId { get; init; }
    public required string TaskId { get; init; }
    public required int Attempt { get; init; }
    public string? Title { get; init; }
    public required string Model { get; init; }

    /// <summary>Chunks of the whole document.</summary>
    public required int TotalChunks { get; init; }

    public required IReadOnlyList<BatchText> Texts { get; init; }

    /// <summary>Told why the answer takes its time, in a sentence for the client.</summary>
    public Action<string>? Waits { get; init; }
}

/// <param name="Tokens">At the most.</param>
/// <param name="Counter">As the model counts them.</param>
public sealed record TextLimit(int Tokens, TokenCounter Counter);

public readonly record struct BatchText(int Index, string ChunkId, string Text);

public abstract record EmbeddingAnswer
{
    private EmbeddingAnswer() { }

    /// <param name="Values">One for each text, in order; all of one dimension, finite.</param>
    public sealed record Vectors(IReadOnlyList<ReadOnlyMemory<float>> Values) : EmbeddingAnswer;

    /// <summary>The answer comes as an EmbeddingCallbackAction.</summary>
    public sealed record Pending : EmbeddingAnswer;
}

public enum EmbeddingFault
{
    /// <summary>The same again would be refused again: something has to be set or sent otherwise.</summary>
    Refused,

    /// <summary>An answer came that cannot be used. It was paid for, so it is not asked for often.</summary>
    Nonsense,

    /// <summary>The provider asks to be asked later.</summary>
    Busy,

    /// <summary>No answer, or an error of the provider's own.</summary>
    Away,
}

/// <param name="message">For the client: what happened and what to do.</param>
/// <param name="retryAfter">As the provider asked.</param>
public sealed class EmbeddingException(string message, EmbeddingFault fault, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    public EmbeddingFault Fault { get; } = fault;

    /// <summary>Whether another attempt may succeed.</summary>
    public bool Transient => Fault is EmbeddingFault.Busy or EmbeddingFault.Away;

    public TimeSpan? RetryAfter { get; } = retryAfter;
}
