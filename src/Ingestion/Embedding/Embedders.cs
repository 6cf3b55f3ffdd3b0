using Ingestion.Chunking;
using Ingestion.Config;
using Ingestion.Embedding.Onnx;
using Ingestion.Embedding.Pacing;
using Ingestion.Sources;

namespace Ingestion.Embedding;

/// <summary>The list of providers, by the name that operators write in EMBEDDING_PROVIDER.</summary>
public static class Embedders
{
    private const string OpenAiAddress = "https://api.openai.com/v1";
    private const int OpenAiBatchTokens = 250_000;

    /// <summary>Its memory grows with a batch.</summary>
    private const int OnnxBatchTokens = 8_192;

    private static readonly TimeSpan LongestCall = TimeSpan.FromMinutes(2);

    private static readonly Dictionary<string, Func<Settings, IEmbedder>> All = new(StringComparer.Ordinal)
    {
        ["local"] = _ => new GeneratorEmbedder("local", new LocalEmbedder(), _ => LocalEmbedder.Model, maxBatch: 64, maxBatchTokens: int.MaxValue)
        {
            IsLocal = true,
        },
        [ServiceEmbedder.ProviderName] = settings => new ServiceEmbedder(OfOperator(), settings, CallTime(settings)),
        ["openai"] = settings => new GeneratorEmbedder(
            "openai",
            new OpenAiGenerator(OfOperator(), settings.OpenAiBaseUrl ?? OpenAiAddress, settings.OpenAiApiKey, settings.EmbeddingDimensions, CallTime(settings)),
            requested => requested ?? settings.EmbeddingModel, settings.OpenAiBatchSize, OpenAiBatchTokens)
        {
            Limit = model => new TextLimit(settings.EmbeddingMaxTokens, TokenCounters.TryForModel(model, out var own) ? own : TokenCounters.Cl100kBase),
        },
        ["onnx"] = settings =>
        {
            var generator = new OnnxGenerator(settings.OnnxModelDir!);
            return new GeneratorEmbedder("onnx", generator, _ => generator.Model, maxBatch: 32, OnnxBatchTokens) { Limit = _ => generator.Limit };
        },
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>The provider that the settings name, paced where it can refuse.</summary>
    /// <exception cref="ArgumentException">EMBEDDING_PROVIDER names none of them.</exception>
    public static IEmbedder Create(Settings settings, IEmbeddingPace pace, TimeProvider time)
    {
        if (!All.TryGetValue(settings.EmbeddingProvider, out var make))
        {
            throw new ArgumentException(
                $"EMBEDDING_PROVIDER is {settings.EmbeddingProvider}, which is not known. Set it to one of: {string.Join(", ", Names)}.");
        }
        var provider = make(settings);
        return provider.IsLocal ? provider : new PacedEmbedder(provider, pace, time, CallTime(settings));
    }

    /// <summary>Of one call; a document may wait longer.</summary>
    private static TimeSpan CallTime(Settings settings) => settings.EmbeddingTimeout < LongestCall ? settings.EmbeddingTimeout : LongestCall;

    /// <summary>Only the operator sets these addresses, so they may be private.</summary>
    private static HttpClient OfOperator() => new GuardedHttp(allowPrivate: true, []).Client;
}
