using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ingestion.Sqlite;

/// <summary>
/// The one SQLite file. All writes go through one connection on one thread, many of them in one commit; reads run beside it on
/// connections of their own. A write whose task has completed survives a power cut: it is in the log, and the log is on the disk.
/// Several processes of one machine may open the same file.
/// </summary>
public sealed class SqliteDatabase : IDisposable
{
    private const int MaxWritesPerCommit = 512;
    private const int PagesPerCheckpoint = 5_000;
    private const int LongLog = 9_000;
    private static readonly TimeSpan MaxCommitTime = TimeSpan.FromMilliseconds(20);

    private readonly string _connectionString;
    private readonly WriteQueue<Write> _writes = new(capacity: 16_384);
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly SqliteSession _writer;
    private readonly Thread _thread;
    private readonly LogSync _sync;
    private readonly SqliteSession _checkpointer;
    private readonly Thread _checkpoints;
    private readonly AutoResetEvent _checkpointDue = new(false);
    private readonly Lazy<ProcessLocks> _processes;
    private long _pagesAtCheckpoint;
    private volatile bool _logIsLong;
    private volatile bool _disposed;

    static SqliteDatabase()
    {
        // A session is used by one thread at a time, and nobody reads these counts: no locks for either. Refused where another part of
        // the process was faster, which costs only the locks.
        Batteries_V2.Init();
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    /// <param name="path">The file; made with its folder, for this user only, where it does not exist.</param>
    public SqliteDatabase(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        CreateFile(Path);
        _processes = new(() => new ProcessLocks(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, "processes")));
        _connectionString = new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = 10 }.ToString();
        _writer = Open();
        _writer.Script("CREATE TABLE IF NOT EXISTS schema_version(part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID");
        _sync = new LogSync(Path + "-wal");
        _thread = new Thread(WriteLoop) { IsBackground = true, Name = "sqlite-writer" };
        _thread.Start();
        _checkpointer = Open();
        _checkpoints = new Thread(CheckpointLoop) { IsBackground = true, Name = "sqlite-checkpoint" };
        _checkpoints.Start();
    }

    public string Path { get; }

    /// <summary>Who works on the file, from the first who asks.</summary>
    public ProcessLocks Processes => _processes.Value;

    /// <summary>
    /// Runs <paramref name="work"/> inside a transaction that others may share; completes when it is on disk. Where it throws, only its
    /// own changes are undone, and its neighbours run again: so it may run more than once, its last run being the one that counts.
    /// It must not block, and it may not touch the session later.
    /// </summary>
    /// <exception cref="UnavailableException">The file cannot be written: locked too long, disk full, read-only.</exception>
    /// <param name="seen">Told the result when others can see it, which is before it is on disk; on the writer's thread, must not block.</param>
    public Task<T> WriteAsync<T>(Func<SqliteSession, T> work, Action<T>? seen = null) => AddAsync(new Write<T>(work, onDisk: true, seen));

    /// <summary>
    /// The same, for a step on the way to a <see cref="WriteAsync"/>: it completes when others can see it, and reaches the disk with the
    /// next write that has to. It survives the death of this process; a power cut may take it, and then takes all that came after it too.
    /// </summary>
    /// <exception cref="UnavailableException">As above.</exception>
    public Task<T> StepAsync<T>(Func<SqliteSession, T> work) => AddAsync(new Write<T>(work, onDisk: false, seen: null));

    private Task<T> AddAsync<T>(Write<T> write)
    {
        if (!_writes.TryAdd(write)) write.Fail(Closed());
        return write.Task;
    }

    /// <summary>Runs a read on the calling thread, in one consistent snapshot.</summary>
    /// <exception cref="UnavailableException">The file cannot be read.</exception>
    public T Read<T>(Func<SqliteSession, T> work)
    {
        if (_disposed) throw Closed();
        SqliteSession? session = null;
        try
        {
            if (!_readers.TryTake(out session)) session = Open();
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
            if (session is not null && !_disposed) _readers.Add(session);
            else session?.Dispose();
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
                throw new InvalidOperationException(
                    $"{Path} was written by a newer version of Ingestion. Start that version, or use another DATA_DIR.");
            for (; version < steps.Length; version++) session.Script(steps[version]);
            return session.Execute("INSERT OR REPLACE INTO schema_version VALUES($part,$version)", ("$part", part), ("$version", version));
        }).GetAwaiter().GetResult();
    }

    /// <summary>A number that changes whenever another process has committed to the file; this one's own writes leave it.</summary>
    public Task<long> ReadForeignVersionAsync() => StepAsync(session => session.Scalar<long>("PRAGMA data_version"));

    /// <summary>A connection of the caller's own, for reading.</summary>
    public SqliteSession Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        var session = new SqliteSession(connection);
        session.Script("""
            PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;
            PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=0;
            """);
        return session;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _writes.Close();
        _thread.Join();
        _sync.Dispose();
        _checkpointDue.Set();
        _checkpoints.Join();
        _checkpointDue.Dispose();
        _checkpointer.Dispose();
        while (_readers.TryTake(out var session)) session.Dispose();
        _writer.Dispose();
        if (_processes.IsValueCreated) _processes.Value.Dispose();
    }

    private static UnavailableException Closed() => new("The database is closed: the service is stopping.");

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
        while (_writes.Take(out var first))
        {
            group.Clear();
            group.Add(first);
            try
            {
                _writer.Execute("BEGIN IMMEDIATE");
                var started = Stopwatch.GetTimestamp();
                first.Run(_writer);
                while (group.Count < MaxWritesPerCommit && Stopwatch.GetElapsedTime(started) < MaxCommitTime && _writes.TryTake(out var next))
                {
                    group.Add(next);
                    next.Run(_writer);
                }
                _writer.Execute("COMMIT");
            }
            catch (Exception fault)
            {
                TryRollback();
                if (group.Count > 1 && !IsOfTheFile(fault)) group.ForEach(RunAlone);
                else Fail(group, fault);
                continue;
            }
            group.ForEach(Answer);
            ShortenLog();
        }
    }

    /// <summary>A step is done when others can see it; what was asked to survive a power cut, when it would.</summary>
    private void Answer(Write write)
    {
        try
        {
            write.Show();
        }
        catch (Exception fault)
        {
            // It is committed all the same: who asked hears of the fault, and nothing is written twice.
            write.Fail(fault);
            return;
        }
        if (write.OnDisk) _sync.Add(write);
        else write.Complete();
    }

    /// <summary>After one write of a group threw: each for itself, so that it takes no other with it.</summary>
    private void RunAlone(Write write)
    {
        try
        {
            _writer.Execute("BEGIN IMMEDIATE");
            write.Run(_writer);
            _writer.Execute("COMMIT");
        }
        catch (Exception fault)
        {
            TryRollback();
            Fail([write], fault);
            return;
        }
        Answer(write);
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

    /// <summary>
    /// Copies the log into the file beside the writer, so that no commit waits for it. The log starts again from its beginning once all
    /// of it is copied; a writer that never pauses would outrun that, so from <see cref="LongLog"/> on it copies the rest itself.
    /// </summary>
    private void CheckpointLoop()
    {
        while (_checkpointDue.WaitOne() && !_disposed) _logIsLong = Checkpoint(_checkpointer) > LongLog;
    }

    private void ShortenLog()
    {
        if (_logIsLong)
        {
            Checkpoint(_writer);
            _logIsLong = false;
        }
        if (_writer.PagesWritten - _pagesAtCheckpoint < PagesPerCheckpoint) return;
        _pagesAtCheckpoint = _writer.PagesWritten;
        _checkpointDue.Set();
    }

    /// <summary>Returns the length of the log in pages.</summary>
    private static long Checkpoint(SqliteSession session)
    {
        try
        {
            return session.First("PRAGMA wal_checkpoint(PASSIVE)", row => row.GetInt64(1));
        }
        catch (SqliteException)
        {
            // Disk full or failing: what is in the log is safe there, and the next write meets the same fault and tells.
            return 0;
        }
    }

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

    private abstract class Write : IWaitForDisk
    {
        public abstract bool OnDisk { get; }
        public abstract void Run(SqliteSession session);
        public abstract void Show();
        public abstract void Complete();
        public abstract void Fail(Exception fault);
    }

    private sealed class Write<T>(Func<SqliteSession, T> work, bool onDisk, Action<T>? seen) : Write
    {
        // Callers go on elsewhere: the writer thread never runs their code.
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public override bool OnDisk => onDisk;

        public Task<T> Task => _done.Task;

        public override void Run(SqliteSession session) => _result = work(session);
        public override void Show() => seen?.Invoke(_result);
        public override void Complete() => _done.TrySetResult(_result);
        public override void Fail(Exception fault) => _done.TrySetException(fault);
    }
}
