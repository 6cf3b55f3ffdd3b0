using Ingestion.Config;
using Ingestion.Sources;

namespace Ingestion.Embedding;

/// <summary>The list of providers, by the name that operators write in EMBEDDING_PROVIDER.</summary>
public static class Embedders
{
    private static readonly Dictionary<string, Func<Settings, IEmbedder>> All = new(StringComparer.Ordinal)
    {
        ["local"] = _ => new GeneratorEmbedder(
            "local", new LocalEmbedder(), _ => LocalEmbedder.Model, maxBatch: 64, maxBatchTokens: int.MaxValue, isLocal: true),
        // Only the operator sets this address, so it may be private.
        [ServiceEmbedder.ProviderName] = settings => new ServiceEmbedder(new GuardedHttp(allowPrivate: true, []).Client, settings),
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <exception cref="ArgumentException">EMBEDDING_PROVIDER names none of them.</exception>
    public static IEmbedder Create(Settings settings) =>
        All.TryGetValue(settings.EmbeddingProvider, out var make)
            ? make(settings)
            : throw new ArgumentException(
                $"EMBEDDING_PROVIDER is {settings.EmbeddingProvider}, which is not known. Set it to one of: {string.Join(", ", Names)}.");
}
