using Ingestion.Engines;
using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

public sealed class SqliteTaskEngineTests : TaskEngineConformance, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ingestion-tasks-");
    private readonly List<SqliteDatabase> _databases = [];

    protected override Task<ITaskEngine> OpenAsync(EngineOptions options, TimeProvider time) =>
        Task.FromResult<ITaskEngine>(new SqliteEngine(OpenDatabase(), options, time));

    private SqliteDatabase OpenDatabase()
    {
        var database = new SqliteDatabase(Path.Combine(_folder.FullName, "ingestion.db"));
        _databases.Add(database);
        return database;
    }

    public void Dispose()
    {
        foreach (var database in _databases) database.Dispose();
        _folder.Delete(recursive: true);
    }
}
