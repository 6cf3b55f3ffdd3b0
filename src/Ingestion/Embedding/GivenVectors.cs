using System.Numerics.Tensors;

namespace Ingestion.Embedding;

/// <summary>What a provider gave, of which nothing is trusted.</summary>
internal static class GivenVectors
{
    /// <param name="who">The provider, as the client is told: "The embedding provider openai".</param>
    /// <exception cref="EmbeddingException">Not one vector a text, of one dimension, finite.</exception>
    public static void Check(string who, IReadOnlyList<BatchText> texts, IReadOnlyList<ReadOnlyMemory<float>> vectors)
    {
        if (vectors.Count != texts.Count) throw Nonsense($"{who} gave {vectors.Count} vectors for {texts.Count} texts.");
        for (var i = 0; i < vectors.Count; i++)
        {
            var vector = vectors[i].Span;
            var chunk = texts[i].Index;
            if (vector.IsEmpty) throw Nonsense($"{who} gave an empty vector for chunk {chunk}.");
            if (vector.Length != vectors[0].Length)
                throw Nonsense($"{who} gave vectors of different dimensions: {vector.Length} for chunk {chunk}, {vectors[0].Length} before it.");
            // Squares too must stay finite: similarity is computed from them.
            if (!float.IsFinite(TensorPrimitives.SumOfSquares(vector))) throw Nonsense($"{who} gave numbers for chunk {chunk} that are not finite.");
        }
    }

    private static EmbeddingException Nonsense(string message) => new(message + " Check its model.", EmbeddingFault.Nonsense);
}
