namespace Ingestion.Embedding.Cache;

/// <summary>
/// Vectors that were paid for once, by tenant, model and text. A tenant never finds another's. What a deleted document used last goes with
/// it; the rest goes by age and number.
/// </summary>
/// <exception cref="UnavailableException">Any call, while the place where they are kept cannot be reached or written.</exception>
public interface IEmbeddingCache
{
    /// <summary>One for each text, null where it is not known. What is found counts as used by the document from now on.</summary>
    Task<IReadOnlyList<float[]?>> FindAsync(CacheUser user, string model, IReadOnlyList<string> texts, CancellationToken cancel);

    /// <summary>The same text twice is the same as once.</summary>
    Task KeepAsync(CacheUser user, string model, IReadOnlyList<KnownVector> vectors, CancellationToken cancel);

    /// <summary>Removes what the document was the last to use.</summary>
    Task ForgetAsync(CacheUser user, CancellationToken cancel);

    /// <summary>Removes what is older or more than the settings allow, in bounded steps. Any number of processes may call it.</summary>
    Task SweepAsync(CancellationToken cancel);
}

/// <summary>The document that texts belong to.</summary>
public readonly record struct CacheUser(string Tenant, string Collection, string Document);

public readonly record struct KnownVector(string Text, ReadOnlyMemory<float> Vector);
