using Ingestion.Pipeline;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>Tasks and documents in the same SQLite file.</summary>
public sealed class SqliteOneWrite(SqliteEngine engine, SqliteStore store) : IOneWrite
{
    public bool CanTake(NewVersion version) => SqliteStore.IsSmall(version);

    public async Task<bool> StoreAndFinishAsync(
        Lease lease, NewVersion version, IReadOnlyList<ReadOnlyMemory<float>> vectors, TaskOutcome outcome)
    {
        var first = await store.PrepareFirstAsync(version, vectors);
        return await engine.FinishWithAsync(lease, outcome, first.TryWrite);
    }
}
