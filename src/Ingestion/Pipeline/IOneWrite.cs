using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>
/// Where tasks and documents live in one place: a small new document is stored and its task ended in one write, both or neither.
/// </summary>
public interface IOneWrite
{
    /// <summary>Whether the version is small enough for one write.</summary>
    bool CanTake(NewVersion version);

    /// <summary>
    /// False where nothing was written: the lease is lost, a cancel was asked for, the document has a visible version, or the collection
    /// vectors of another model.
    /// Whoever then hands the task back does right in each case.
    /// </summary>
    /// <param name="vectors">One a chunk, in order, of one dimension, finite.</param>
    /// <param name="outcome">Completes the task.</param>
    /// <exception cref="UnavailableException">The storage cannot be written.</exception>
    Task<bool> StoreAndFinishAsync(
        Lease lease, NewVersion version, IReadOnlyList<ReadOnlyMemory<float>> vectors, TaskOutcome outcome);
}
