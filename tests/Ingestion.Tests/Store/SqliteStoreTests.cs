using Ingestion.Sqlite;
using Ingestion.Store;

namespace Ingestion.Tests.Store;

public sealed class SqliteStoreTests : ChunkStoreConformance, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("store-").FullName;
    private readonly SqliteDatabase _database;

    public SqliteStoreTests()
    {
        _database = new SqliteDatabase(Path.Combine(_folder, "ingestion.db"));
        Store = new SqliteStore(_database, TimeProvider.System);
    }

    protected override IChunkStore Store { get; }

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
