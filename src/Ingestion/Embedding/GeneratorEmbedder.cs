using System.Numerics.Tensors;
using Microsoft.Extensions.AI;

namespace Ingestion.Embedding;

/// <summary>Makes a provider of any <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>, and trusts nothing of what it answers.</summary>
/// <param name="isLocal">See <see cref="IEmbedder.IsLocal"/>.</param>
/// <param name="modelFor">The model for the one that a document asked for, null where it asked for none.</param>
public sealed class GeneratorEmbedder(
    string name, IEmbeddingGenerator<string, Embedding<float>> generator, Func<string?, string> modelFor, int maxBatch, int maxBatchTokens,
    bool isLocal = false)
    : IEmbedder, IDisposable
{
    public string Name => name;
    public bool IsLocal => isLocal;
    public int MaxBatch => maxBatch;
    public int MaxBatchTokens => maxBatchTokens;

    public string ModelFor(string? requested) => modelFor(requested);

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
            throw new EmbeddingException($"The embedding provider {name} failed: {fault.Message}", transient: true, inner: fault);
        }
        if (answer.Count != texts.Count)
            throw new EmbeddingException(
                $"The embedding provider {name} gave {answer.Count} vectors for {texts.Count} texts.", transient: true);
        var vectors = new ReadOnlyMemory<float>[texts.Count];
        for (var i = 0; i < vectors.Length; i++)
        {
            vectors[i] = answer[i].Vector;
            Check(vectors[i].Span, vectors[0].Length, texts[i].Index);
        }
        return new EmbeddingAnswer.Vectors(vectors);
    }

    public void Dispose() => generator.Dispose();

    private void Check(ReadOnlySpan<float> vector, int dimension, int chunk)
    {
        if (vector.IsEmpty)
            throw new EmbeddingException($"The embedding provider {name} gave an empty vector for chunk {chunk}.", transient: true);
        if (vector.Length != dimension)
            throw new EmbeddingException(
                $"The embedding provider {name} gave {vector.Length} numbers for chunk {chunk} and {dimension} for the one before it.",
                transient: false);
        // Squares too must stay finite: similarity is computed from them.
        if (!float.IsFinite(TensorPrimitives.SumOfSquares(vector)))
            throw new EmbeddingException(
                $"The embedding provider {name} gave numbers for chunk {chunk} that are not finite.", transient: true);
    }
}
