using System.Data;
using System.Net.Sockets;
using Npgsql;

namespace Ingestion.Postgres;

/// <summary>
/// The connections to one database. It may be away at the start and go away at any time: a call then says so, and the next one that finds
/// it goes on. Before the first use the tables are brought up to date.
/// </summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>A write that met another one in its way is made again; so often that it is never given up for that alone.</summary>
    private const int Tries = 10;

    private readonly NpgsqlDataSource _source;
    private readonly PostgresMigration _migration;
    private readonly TimeSpan _timeout;
    private readonly SemaphoreSlim _opening = new(1);
    private volatile bool _isOpen;

    /// <param name="steps">What makes the tables of an empty database, step by step; a released step never changes.</param>
    public PostgresDatabase(NpgsqlConnectionStringBuilder address, IReadOnlyList<string> steps)
    {
        _source = new NpgsqlDataSourceBuilder(address.ConnectionString).Build();
        _migration = new PostgresMigration(address, steps);
        _timeout = TimeSpan.FromSeconds(address.CommandTimeout);
    }

    /// <summary>The version of pgvector; null where the type comes from elsewhere. Known once the database was opened.</summary>
    public Version? VectorVersion => _migration.VectorVersion;

    /// <summary>Brings the tables up to date, once; several instances may do so at the same time.</summary>
    /// <exception cref="PostgresSetupException">It answers and cannot be used.</exception>
    /// <exception cref="UnavailableException">It does not answer.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        if (_isOpen) return;
        await _opening.WaitAsync(cancel);
        try
        {
            if (_isOpen) return;
            await AskAsync(async connection =>
            {
                await _migration.RunAsync(connection, cancel);
                return true;
            }, cancel);
            _isOpen = true;
        }
        catch (PostgresException fault) when (_migration.Explain(fault) is { } advice)
        {
            throw new PostgresSetupException(advice, fault);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Reads from one moment's state of all tables.</summary>
    /// <exception cref="UnavailableException">It cannot be reached now.</exception>
    public Task<T> ReadAsync<T>(Func<PostgresSession, Task<T>> read, CancellationToken cancel) =>
        RepeatAsync(() => RunAsync(read, IsolationLevel.RepeatableRead, cancel), IsBroken, 2, cancel);

    /// <summary>Reads with one statement, which sees one moment's state without a transaction of its own.</summary>
    /// <exception cref="UnavailableException">As above.</exception>
    public Task<T> ReadOneAsync<T>(Func<PostgresSession, Task<T>> read, CancellationToken cancel) =>
        RepeatAsync(async () =>
        {
            await OpenAsync(cancel);
            return await AskAsync(connection => read(new PostgresSession(connection, _timeout, cancel)), cancel);
        }, IsBroken, 2, cancel);

    /// <summary>All of it is written or nothing, and on the disk with the answer.</summary>
    /// <exception cref="UnavailableException">It cannot be reached or written now; what was asked for may have been written.</exception>
    public Task<T> WriteAsync<T>(Func<PostgresSession, Task<T>> write, CancellationToken cancel) =>
        RepeatAsync(() => RunAsync(write, IsolationLevel.ReadCommitted, cancel), IsCollision, Tries, cancel);

    /// <summary>A step on the way to an answer: it reaches the disk with the next write that waits for it.</summary>
    /// <exception cref="UnavailableException">As above.</exception>
    public Task<T> StepAsync<T>(Func<PostgresSession, Task<T>> step, CancellationToken cancel) => WriteAsync(
        session =>
        {
            session.Queue("SET LOCAL synchronous_commit TO off");
            return step(session);
        }, cancel);

    /// <summary>For what cannot be in a transaction.</summary>
    public async Task<T> OutsideTransactionAsync<T>(Func<PostgresSession, Task<T>> run, CancellationToken cancel)
    {
        await OpenAsync(cancel);
        return await AskAsync(connection => run(new PostgresSession(connection, null, cancel)), cancel);
    }

    /// <summary>Whether it answers now.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        try
        {
            return await ReadOneAsync(session => session.ScalarAsync<int>("SELECT 1"), cancel) == 1;
        }
        catch (UnavailableException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _opening.Dispose();
    }

    private async Task<T> RunAsync<T>(Func<PostgresSession, Task<T>> run, IsolationLevel isolation, CancellationToken cancel)
    {
        await OpenAsync(cancel);
        return await AskAsync(async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(isolation, cancel);
            var session = new PostgresSession(connection, _timeout, cancel);
            var result = await run(session);
            await session.CommitAsync();
            return result;
        }, cancel);
    }

    private static async Task<T> RepeatAsync<T>(Func<Task<T>> run, Func<Exception, bool> mayRepeat, int tries, CancellationToken cancel)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await run();
            }
            catch (UnavailableException away) when (tried < tries && away.InnerException is { } fault && mayRepeat(fault))
            {
                await Task.Delay(Random.Shared.Next(5 * tried), cancel);
            }
        }
    }

    private async Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel)
    {
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancel);
            return await ask(connection);
        }
        catch (Exception fault) when (IsAway(fault))
        {
            throw new UnavailableException($"PostgreSQL cannot be reached or written now: {fault.Message}", fault);
        }
    }

    /// <summary>A connection that broke while nobody used it is found out by the first who does.</summary>
    private static bool IsBroken(Exception fault) => fault is { InnerException: IOException };

    private static bool IsCollision(Exception fault) => fault is PostgresException { SqlState: "40001" or "40P01" };

    /// <summary>What passes by itself, or by what an administrator does: away, full, overloaded, stopping, read-only.</summary>
    private static bool IsAway(Exception fault) => fault switch
    {
        PostgresException said => IsCollision(said) || said.SqlState is "25006" or "55P03" or "57014"
            || said.SqlState[..2] is "08" or "53" or "58" || said.SqlState.StartsWith("57P", StringComparison.Ordinal),
        NpgsqlException or SocketException or TimeoutException or ObjectDisposedException => true,
        _ => false,
    };
}
