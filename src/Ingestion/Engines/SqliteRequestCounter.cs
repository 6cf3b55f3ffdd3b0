using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>Counts in the service's one SQLite file, for all processes that work on it. Nothing waits for the disk: a power cut may forgive.</summary>
public sealed class SqliteRequestCounter : IRequestCounter
{
    private static readonly string[] Scripts =
    [
        "CREATE TABLE request_count(tenant TEXT PRIMARY KEY, minute INTEGER NOT NULL, requests INTEGER NOT NULL) WITHOUT ROWID",
    ];

    private readonly SqliteDatabase _database;
    private long _minute;

    public SqliteRequestCounter(SqliteDatabase database)
    {
        _database = database;
        database.Migrate("requests", Scripts);
    }

    public async ValueTask<long> AddAsync(string tenant, long minute, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var isNew = Interlocked.Exchange(ref _minute, minute) != minute;
        return await _database.StepAsync(session =>
        {
            if (isNew) session.Execute("DELETE FROM request_count WHERE minute<$minute", ("$minute", minute));
            return session.Scalar<long>(
                """
                INSERT INTO request_count(tenant, minute, requests) VALUES($tenant, $minute, 1)
                ON CONFLICT(tenant) DO UPDATE SET
                  requests=CASE WHEN minute=$minute THEN requests+1 ELSE 1 END, minute=$minute
                RETURNING requests
                """,
                ("$tenant", tenant), ("$minute", minute));
        });
    }
}
