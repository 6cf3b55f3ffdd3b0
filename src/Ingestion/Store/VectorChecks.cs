using System.Numerics.Tensors;

namespace Ingestion.Store;

/// <summary>What every store asks of vectors before it saves them.</summary>
internal static class VectorChecks
{
    /// <exception cref="ArgumentException">Vectors of different dimensions, numbers that are not finite, or no such chunk.</exception>
    public static void Check(StagedVersion staged, IReadOnlyList<ChunkVector> vectors)
    {
        foreach (var (index, vector) in vectors)
        {
            if ((uint)index >= (uint)staged.ChunkCount) throw new ArgumentException($"There is no chunk {index} of {staged.ChunkCount}.");
            if (vector.Length == 0 || vector.Length != vectors[0].Vector.Length)
                throw new ArgumentException(
                    $"The vector of chunk {index} has {vector.Length} numbers, others have {vectors[0].Vector.Length}.");
            if (!float.IsFinite(TensorPrimitives.SumOfSquares(vector.Span)))
                throw new ArgumentException($"The vector of chunk {index} holds numbers that are not finite.");
        }
    }

    /// <exception cref="ArgumentException">The version's vectors have another dimension.</exception>
    public static void CheckDimension(int index, int dimension, int known)
    {
        if (dimension != known)
            throw new ArgumentException($"The vector of chunk {index} has {dimension} numbers, the version's vectors have {known}.");
    }
}
