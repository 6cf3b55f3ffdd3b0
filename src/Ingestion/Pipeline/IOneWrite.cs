using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>
/// Where tasks and documents live in one place: a small new document is stored and its task ended in one write, both or neither.
/// </summary>
public interface IOneWrite
{
    /// <summary>Whether the version is small and the first of its document, so that <see cref="StoreAndFinishAsync"/> may take it.</summary>
    /// <exception cref="UnavailableException">The storage cannot be read.</exception>
    bool CanTake(NewVersion version);

    /// <summary>
    /// False where nothing was written: the lease is lost, a cancel was asked for, or the document came to be meanwhile.
    /// Whoever then hands the task back does right in each case.
    /// </summary>
    /// <param name="vectors">One a chunk, in order, of one dimension, finite.</param>
    /// <param name="outcome">Completes the task.</param>
    /// <exception cref="UnavailableException">The storage cannot be written.</exception>
    Task<bool> StoreAndFinishAsync(
        Lease lease, NewVersion version, IReadOnlyList<ReadOnlyMemory<float>> vectors, TaskOutcome outcome);
}
