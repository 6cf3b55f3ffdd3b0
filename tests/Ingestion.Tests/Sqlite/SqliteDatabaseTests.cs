using Ingestion.Sqlite;

namespace Ingestion.Tests.Sqlite;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ingestion-sqlite-");

    private string FilePath => Path.Combine(_folder.FullName, "deep", "er", "ingestion.db");

    [Fact]
    public async Task A_write_that_throws_is_undone_alone()
    {
        using var database = new SqliteDatabase(FilePath);
        database.Migrate("test", "CREATE TABLE t(n INTEGER PRIMARY KEY)");
        using var hold = new ManualResetEventSlim();
        var first = database.WriteAsync(_ =>
        {
            hold.Wait(TestContext.Current.CancellationToken);
            return 0;
        });
        var writes = Enumerable.Range(0, 50).Select(i => database.WriteAsync(session =>
        {
            session.Execute("INSERT INTO t VALUES($n)", ("$n", i));
            return i % 10 == 3 ? throw new FormatException("Not this one.") : i;
        })).ToList();
        var duplicate = database.WriteAsync(session => session.Execute("INSERT INTO t VALUES(0)"));
        hold.Set();
        await first;
        for (var i = 0; i < writes.Count; i++)
        {
            if (i % 10 == 3) await Assert.ThrowsAsync<FormatException>(() => writes[i]);
            else Assert.Equal(i, await writes[i]);
        }
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => duplicate);
        Assert.Equal(
            Enumerable.Range(0, 50).Where(i => i % 10 != 3).Select(i => (long)i),
            database.Read(session => session.List("SELECT n FROM t ORDER BY n", row => row.GetInt64(0))));
    }

    [Fact]
    public async Task A_read_is_one_snapshot_beside_the_writer()
    {
        using var database = new SqliteDatabase(FilePath);
        database.Migrate("test", "CREATE TABLE t(n INTEGER)");
        await database.WriteAsync(session => session.Execute("INSERT INTO t VALUES(1)"));
        var counts = database.Read(session =>
        {
            var before = session.Scalar<long>("SELECT count(*) FROM t");
            database.WriteAsync(writer => writer.Execute("INSERT INTO t VALUES(2)")).GetAwaiter().GetResult();
            return (before, session.Scalar<long>("SELECT count(*) FROM t"));
        });
        Assert.Equal((1, 1), counts);
        Assert.Equal(2, database.Read(session => session.Scalar<long>("SELECT count(*) FROM t")));
    }

    [Fact]
    public void Each_migration_runs_once_and_a_newer_file_is_refused()
    {
        using (var database = new SqliteDatabase(FilePath))
        {
            database.Migrate("test", "CREATE TABLE a(n)");
            database.Migrate("test", "CREATE TABLE a(n)", "CREATE TABLE b(n)");
        }
        using var reopened = new SqliteDatabase(FilePath);
        reopened.Migrate("test", "CREATE TABLE a(n)", "CREATE TABLE b(n)");
        reopened.Migrate("other", "CREATE TABLE c(n)");
        Assert.Throws<InvalidOperationException>(() => reopened.Migrate("test", "CREATE TABLE a(n)"));
    }

    [Fact]
    public async Task Many_may_open_and_migrate_a_new_file_at_once()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() =>
        {
            var database = new SqliteDatabase(FilePath);
            database.Migrate("test", "CREATE TABLE t(n)", "INSERT INTO t VALUES(1)");
            return database;
        })));
        Assert.Equal(1, databases[0].Read(session => session.Scalar<long>("SELECT count(*) FROM t")));
        foreach (var database in databases) database.Dispose();
    }

    [Fact]
    public async Task Only_others_commits_change_the_foreign_version()
    {
        using var mine = new SqliteDatabase(FilePath);
        using var other = new SqliteDatabase(FilePath);
        mine.Migrate("test", "CREATE TABLE t(n)");
        var before = await mine.ReadForeignVersionAsync();
        await mine.WriteAsync(session => session.Execute("INSERT INTO t VALUES(1)"));
        Assert.Equal(before, await mine.ReadForeignVersionAsync());
        await other.WriteAsync(session => session.Execute("INSERT INTO t VALUES(2)"));
        Assert.NotEqual(before, await mine.ReadForeignVersionAsync());
    }

    [Fact]
    public async Task A_write_after_the_end_is_refused_and_those_before_it_are_done()
    {
        Task<int> last;
        SqliteDatabase closed;
        using (var database = closed = new SqliteDatabase(FilePath))
        {
            database.Migrate("test", "CREATE TABLE t(n)");
            last = database.WriteAsync(session => session.Execute("INSERT INTO t VALUES(1)"));
        }
        Assert.Equal(1, await last);
        await Assert.ThrowsAsync<UnavailableException>(() => closed.WriteAsync(session => session.Execute("INSERT INTO t VALUES(2)")));
        Assert.Throws<UnavailableException>(() => closed.Read(session => session.Scalar<long>("SELECT 1")));
    }

    [Fact]
    public async Task The_log_is_copied_into_the_file_while_it_is_open_and_starts_again()
    {
        using var database = new SqliteDatabase(FilePath);
        database.Migrate("test", "CREATE TABLE t(n INTEGER PRIMARY KEY, bytes BLOB)");
        var log = new FileInfo(FilePath + "-wal");
        long before;
        var writes = 0;
        do
        {
            log.Refresh();
            before = log.Length;
            await database.WriteAsync(session => session.Execute(
                "INSERT OR REPLACE INTO t VALUES($n, $bytes)", ("$n", writes % 4), ("$bytes", new byte[400_000])));
            Assert.InRange(++writes, 1, 200);
            await Task.Delay(5, TestContext.Current.CancellationToken);
            log.Refresh();
        }
        while (log.Length > before);
        // A write that did not lengthen the log went to its beginning, which is so only once all of it is in the file.
        Assert.InRange(new FileInfo(FilePath).Length, 1_000_000, 20_000_000);
    }

    [Fact]
    public void The_file_is_for_its_user_alone()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has access lists instead of modes.");
        else
            using (new SqliteDatabase(FilePath)) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
