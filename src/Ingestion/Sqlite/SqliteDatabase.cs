using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ingestion.Sqlite;

/// <summary>
/// The one SQLite file. All writes go through one connection on one thread, many of them in one commit; reads run beside it on
/// connections of their own. A write whose task has completed survives a power cut (WAL, <c>synchronous=FULL</c>).
/// Several processes of one machine may open the same file.
/// </summary>
public sealed class SqliteDatabase : IDisposable
{
    private const int MaxWritesPerCommit = 512;
    private static readonly TimeSpan MaxCommitTime = TimeSpan.FromMilliseconds(20);

    private readonly string _connectionString;
    private readonly BlockingCollection<Write> _writes = new(boundedCapacity: 16_384);
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly SqliteSession _writer;
    private readonly Thread _thread;
    private volatile bool _disposed;

    /// <param name="path">The file; made with its folder, for this user only, where it does not exist.</param>
    public SqliteDatabase(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        CreateFile(Path);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = 10 }.ToString();
        _writer = Open();
        _writer.Script("CREATE TABLE IF NOT EXISTS schema_version(part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID");
        _thread = new Thread(WriteLoop) { IsBackground = true, Name = "sqlite-writer" };
        _thread.Start();
    }

    public string Path { get; }

    /// <summary>
    /// Runs <paramref name="work"/> inside a transaction that others may share; completes when it is on disk. Where it throws, only its
    /// own changes are undone, and its neighbours run again: so it may run more than once, its last run being the one that counts.
    /// It must not block, and it may not touch the session later.
    /// </summary>
    /// <exception cref="UnavailableException">The file cannot be written: locked too long, disk full, read-only.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteSession, T> work)
    {
        var write = new Write<T>(work);
        try
        {
            _writes.Add(write);
        }
        catch (InvalidOperationException)
        {
            write.Fail(new UnavailableException("The database is closed: the service is stopping."));
        }
        return write.Task;
    }

    /// <summary>Runs a read on the calling thread, in one consistent snapshot.</summary>
    /// <exception cref="UnavailableException">The file cannot be read.</exception>
    public T Read<T>(Func<SqliteSession, T> work)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_readers.TryTake(out var session)) session = Open();
        try
        {
            session.Execute("BEGIN");
            try
            {
                return work(session);
            }
            finally
            {
                session.Execute("COMMIT");
            }
        }
        catch (SqliteException fault)
        {
            throw new UnavailableException("The database cannot be read now.", fault);
        }
        finally
        {
            if (_disposed) session.Dispose();
            else _readers.Add(session);
        }
    }

    /// <summary>Brings one part's tables up to date: runs the scripts after the version that the file has, each once, in order.</summary>
    public void Migrate(string part, params ReadOnlySpan<string> scripts)
    {
        var steps = scripts.ToArray();
        WriteAsync(session =>
        {
            var version = (int)session.Scalar<long>("SELECT version FROM schema_version WHERE part=$part", ("$part", part));
            if (version > steps.Length)
                throw new InvalidOperationException($"{Path} was written by a newer version of Ingestion. Start that version, or use another DATA_DIR.");
            for (; version < steps.Length; version++) session.Script(steps[version]);
            return session.Execute("INSERT OR REPLACE INTO schema_version VALUES($part,$version)", ("$part", part), ("$version", version));
        }).GetAwaiter().GetResult();
    }

    /// <summary>A number that changes whenever another process has committed to the file; this one's own writes leave it.</summary>
    public Task<long> ReadForeignVersionAsync() => WriteAsync(session => session.Scalar<long>("PRAGMA data_version"));

    /// <summary>A connection of the caller's own, for reading.</summary>
    public SqliteSession Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        var session = new SqliteSession(connection);
        session.Script("""
            PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA foreign_keys=ON;
            PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA journal_size_limit=67108864;
            """);
        return session;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _writes.CompleteAdding();
        _thread.Join();
        while (_readers.TryTake(out var session)) session.Dispose();
        _writer.Dispose();
        _writes.Dispose();
    }

    private static void CreateFile(string path)
    {
        var folder = System.IO.Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }).Dispose();
    }

    private void WriteLoop()
    {
        var group = new List<Write>(MaxWritesPerCommit);
        foreach (var first in _writes.GetConsumingEnumerable())
        {
            group.Clear();
            var next = first;
            try
            {
                group.Add(first);
                _writer.Execute("BEGIN IMMEDIATE");
                var started = Stopwatch.GetTimestamp();
                first.Run(_writer);
                while (group.Count < MaxWritesPerCommit && Stopwatch.GetElapsedTime(started) < MaxCommitTime && _writes.TryTake(out next))
                {
                    group.Add(next);
                    next.Run(_writer);
                }
                _writer.Execute("COMMIT");
                foreach (var write in group) write.Complete();
            }
            catch (Exception fault)
            {
                TryRollback();
                if (group.Count > 1 && !IsOfTheFile(fault)) group.ForEach(RunAlone);
                else Fail(group, fault);
            }
        }
    }

    /// <summary>After one write of a group threw: each for itself, so that it takes no other with it.</summary>
    private void RunAlone(Write write)
    {
        try
        {
            _writer.Execute("BEGIN IMMEDIATE");
            write.Run(_writer);
            _writer.Execute("COMMIT");
            write.Complete();
        }
        catch (Exception fault)
        {
            TryRollback();
            Fail([write], fault);
        }
    }

    private static void Fail(List<Write> group, Exception fault)
    {
        if (IsOfTheFile(fault)) fault = new UnavailableException("The database cannot be written now: " + fault.Message, fault);
        foreach (var write in group) write.Fail(fault);
    }

    /// <summary>The file, its disk or its other users are at fault, not the statement.</summary>
    private static bool IsOfTheFile(Exception fault) => fault is SqliteException
    {
        SqliteErrorCode: not (raw.SQLITE_ERROR or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE or raw.SQLITE_TOOBIG),
    };

    private void TryRollback()
    {
        try
        {
            _writer.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (disk full, I/O error): there is no transaction left.
        }
    }

    private abstract class Write
    {
        public abstract void Run(SqliteSession session);
        public abstract void Complete();
        public abstract void Fail(Exception fault);
    }

    private sealed class Write<T>(Func<SqliteSession, T> work) : Write
    {
        // Callers go on elsewhere: the writer thread never runs their code.
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Task => _done.Task;

        public override void Run(SqliteSession session) => _result = work(session);
        public override void Complete() => _done.TrySetResult(_result);
        public override void Fail(Exception fault) => _done.TrySetException(fault);
    }
}
