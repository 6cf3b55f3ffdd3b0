using Microsoft.Extensions.AI;

namespace Ingestion.Embedding;

/// <summary>Makes a provider of any <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>, and trusts nothing of what it answers.</summary>
/// <param name="modelFor">The model for the one that a document asked for, null where it asked for none.</param>
public sealed class GeneratorEmbedder(
    string name, IEmbeddingGenerator<string, Embedding<float>> generator, Func<string?, string> modelFor, int maxBatch, int maxBatchTokens)
    : IEmbedder, IDisposable
{
    public string Name => name;

    public bool IsLocal { get; init; }

    public int MaxBatch => maxBatch;

    public int MaxBatchTokens => maxBatchTokens;

    /// <summary>By the model; without it, texts may be as long as they like.</summary>
    public Func<string, TextLimit>? Limit { get; init; }

    public string ModelFor(string? requested) => modelFor(requested);

    public TextLimit? LimitOf(string model) => Limit?.Invoke(model);

    public async Task<EmbeddingAnswer> EmbedAsync(EmbeddingBatch batch, CancellationToken cancel)
    {
        var texts = batch.Texts;
        GeneratedEmbeddings<Embedding<float>> answer;
        try
        {
            answer = await generator.GenerateAsync(
                texts.Select(text => text.Text), new EmbeddingGenerationOptions { ModelId = batch.Model }, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception fault) when (fault is not EmbeddingException)
        {
            throw new EmbeddingException($"The embedding provider {name} failed: {fault.Message}", EmbeddingFault.Away, inner: fault);
        }
        ReadOnlyMemory<float>[] vectors = [.. answer.Select(one => one.Vector)];
        GivenVectors.Check($"The embedding provider {name}", texts, vectors);
        return new EmbeddingAnswer.Vectors(vectors);
    }

    public void Dispose() => generator.Dispose();
}
