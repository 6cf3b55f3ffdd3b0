using System.Diagnostics;
using Ingestion.Engines;
using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

public sealed class SqliteTaskEngineTests : TaskEngineConformance, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ingestion-tasks-");
    private readonly List<SqliteDatabase> _databases = [];

    private string FilePath => Path.Combine(_folder.FullName, "ingestion.db");

    protected override Task<ITaskEngine> OpenAsync(EngineOptions options, TimeProvider time) =>
        Task.FromResult<ITaskEngine>(new SqliteEngine(OpenDatabase(), options, time));

    [Fact]
    public async Task What_a_process_accepted_before_it_was_killed_is_all_there()
    {
        using var child = EngineChild.Start("enqueue", FilePath);
        var accepted = new List<string>();
        while (accepted.Count < 400) accepted.Add(await child.StandardOutput.ReadLineAsync(Stop) ?? throw await FaultAsync(child));
        child.Kill();
        var rest = await child.StandardOutput.ReadToEndAsync(Stop);
        // The last line may be cut off in the middle.
        accepted.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await child.WaitForExitAsync(Stop);
        Assert.NotEqual(0, child.ExitCode);

        var engine = await OpenAsync();
        foreach (var id in accepted)
        {
            Assert.Equal(TaskState.Pending, (await GetAsync(engine, id)).State);
            Assert.Equal(["pending"], await StatesAsync(engine, id));
        }
        var leased = new List<string>();
        while (await LeaseAsync(engine, 500) is { Count: > 0 } leases) leased.AddRange(leases.Select(lease => lease.TaskId));
        Assert.Equal(leased.Count, leased.Distinct().Count());
        Assert.Empty(accepted.Except(leased));
        // At most what was in flight is there without its answer.
        Assert.InRange(leased.Count - accepted.Count, 0, 16);
    }

    [Fact]
    public async Task Three_processes_on_one_file_hand_out_each_task_once_and_without_a_fault()
    {
        const int Tasks = 300;
        var engine = await OpenAsync();
        var specs = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => EnqueueAsync(engine, Spec($"tenant-{i % 5}"))));
        var finished = await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            using var child = EngineChild.Start("work", FilePath);
            var lines = await child.StandardOutput.ReadToEndAsync(Stop);
            await child.WaitForExitAsync(Stop);
            return child.ExitCode == 0 ? lines.Split('\n', StringSplitOptions.RemoveEmptyEntries) : throw await FaultAsync(child);
        }));
        Assert.Equal(specs.Select(spec => spec.TaskId).Order(), finished.SelectMany(one => one).Order());
        Assert.Equal(new EngineStats(0, 0, 0, null), await engine.StatsAsync(Stop));
    }

    [Fact]
    public async Task What_a_killed_process_held_is_given_back_at_once_and_what_a_living_or_sleeping_one_holds_is_not()
    {
        var engine = await OpenAsync(Options with { LeaseTime = TimeSpan.FromDays(1) }, TimeProvider.System);
        var own = await EnqueueAndLeaseAsync(engine);
        var spec = await EnqueueAsync(engine, Spec());
        using var child = EngineChild.Start("hold", FilePath);
        Assert.Equal(spec.TaskId, await child.StandardOutput.ReadLineAsync(Stop) ?? throw await FaultAsync(child));
        Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);
        using (var kill = Process.Start("kill", ["-STOP", $"{child.Id}"])) await kill.WaitForExitAsync(Stop);
        Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);

        child.Kill();
        await child.WaitForExitAsync(Stop);

        Assert.Equal(1, (await engine.SweepAsync(Stop)).Rescued);
        var again = Assert.Single(await LeaseAsync(engine, 2));
        Assert.Equal((spec.TaskId, 2, 1), (again.TaskId, again.Attempt, again.Task.Crashes));
        Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);
        Assert.Equal([LeaseReply.Held, LeaseReply.Held], await engine.RenewAsync([own, again], Stop));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.FullName, "processes")));
    }

    [Fact]
    public async Task Where_locks_keep_nobody_out_every_lease_has_its_time()
    {
        var engine = await OpenAsync(Options with { LeaseTime = TimeSpan.FromDays(1) }, TimeProvider.System);
        var own = await EnqueueAndLeaseAsync(engine);
        var spec = await EnqueueAsync(engine, Spec());
        using var child = EngineChild.Start("hold", FilePath, locks: false);
        Assert.Equal(spec.TaskId, await child.StandardOutput.ReadLineAsync(Stop) ?? throw await FaultAsync(child));
        child.Kill();
        await child.WaitForExitAsync(Stop);
        Assert.Equal(0, (await engine.SweepAsync(Stop)).Rescued);
        Assert.Equal([LeaseReply.Held], await engine.RenewAsync([own], Stop));
    }

    [Fact]
    public async Task A_full_disk_accepts_nothing_and_serves_again_when_there_is_room()
    {
        var database = OpenDatabase();
        var engine = new SqliteEngine(database, Options, Time);
        var before = await EnqueueAsync(engine, Spec());
        await database.WriteAsync(session => session.Scalar<long>("PRAGMA max_page_count=1"));
        var big = Spec() with { Content = new() { Inline = new byte[200_000], Size = 200_000 } };
        await Assert.ThrowsAsync<UnavailableException>(() => engine.EnqueueAsync(big, Stop));
        Assert.Null(await engine.GetAsync("acme", big.TaskId, Stop));
        Assert.Equal(1, (await engine.StatsAsync(Stop)).Waiting);

        await database.WriteAsync(session => session.Scalar<long>("PRAGMA max_page_count=1000000"));
        await EnqueueAsync(engine, big);
        Assert.Equal([before.TaskId, big.TaskId], (await LeaseAsync(engine, 2)).Select(lease => lease.TaskId));
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_accepts_and_changes_nothing()
    {
        var database = OpenDatabase();
        var engine = new SqliteEngine(database, Options, Time);
        var lease = await EnqueueAndLeaseAsync(engine);
        await database.WriteAsync(session => session.Execute("PRAGMA query_only=1"));
        var spec = Spec();
        await Assert.ThrowsAsync<UnavailableException>(() => engine.EnqueueAsync(spec, Stop));
        await Assert.ThrowsAsync<UnavailableException>(() => engine.FinishAsync(lease, Completed(), Stop));
        await Assert.ThrowsAsync<UnavailableException>(() => engine.AppendAsync(lease, Progress(50), Stop));
        await Assert.ThrowsAsync<UnavailableException>(() => engine.CancelAsync("acme", lease.TaskId, Stop));
        Assert.Null(await engine.GetAsync("acme", spec.TaskId, Stop));
        var task = await GetAsync(engine, lease.TaskId);
        Assert.Equal((TaskState.Pending, 0), (task.State, task.Percentage));
        Assert.True(await (await OpenAsync()).FinishAsync(lease, Completed(), Stop));
    }

    [Fact]
    public async Task A_closed_database_is_unavailable()
    {
        var database = OpenDatabase();
        var engine = new SqliteEngine(database, Options, Time);
        database.Dispose();
        await Assert.ThrowsAsync<UnavailableException>(() => engine.EnqueueAsync(Spec(), Stop));
        await Assert.ThrowsAsync<UnavailableException>(() => engine.GetAsync("acme", "any", Stop));
    }

    [Fact]
    public async Task The_bytes_of_a_completed_task_are_gone_and_those_of_a_failed_one_are_not()
    {
        var database = OpenDatabase();
        var engine = new SqliteEngine(database, Options, Time);
        await engine.FinishAsync(await EnqueueAndLeaseAsync(engine), Completed(), Stop);
        await engine.FinishAsync(await EnqueueAndLeaseAsync(engine), Failed(), Stop);
        Assert.Equal([true, false], database.Read(session => session.List(
            "SELECT inline IS NULL FROM task_spec ORDER BY task", row => row.GetInt64(0) != 0)));
    }

    [Fact]
    public async Task What_was_forgotten_leaves_no_row_behind()
    {
        var database = OpenDatabase();
        var engine = new SqliteEngine(database, Options, Time);
        for (var i = 0; i < 600; i++) await EnqueueAsync(engine, Spec($"tenant-{i % 9}"));
        foreach (var lease in await LeaseAsync(engine, 600)) await engine.FinishAsync(lease, Failed(), Stop);
        await AdvanceAsync(Retention + Tick);
        Assert.Equal(600, (await engine.SweepAsync(Stop)).Pruned.Count);
        foreach (var table in (string[])["task", "task_spec", "task_events", "task_tenant"])
            Assert.Equal(0, database.Read(session => session.Scalar<long>($"SELECT count(*) FROM {table}")));
    }

    [Fact]
    public async Task An_idle_engine_writes_nothing()
    {
        var engine = await OpenAsync();
        await EnqueueAndLeaseAsync(engine);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await using var watch = engine.WatchAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await watch.MoveNextAsync());
        var waiting = engine.LeaseAsync("worker-1", 1, TimeSpan.FromDays(1), stop.Token);
        var before = Written();
        // Four looks at the file.
        await Task.Delay(1_000, Stop);
        await engine.SweepAsync(Stop);
        Assert.Equal(before, Written());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        (DateTime, long)[] Written() =>
        [
            .. new[] { FilePath, FilePath + "-wal" }.Select(path => new FileInfo(path))
                .Select(file => (file.LastWriteTimeUtc, file.Length)),
        ];
    }

    public void Dispose()
    {
        foreach (var database in _databases) database.Dispose();
        _folder.Delete(recursive: true);
    }

    private static async Task<Exception> FaultAsync(Process child) =>
        new InvalidOperationException("The child process failed: " + await child.StandardError.ReadToEndAsync(Stop));

    private SqliteDatabase OpenDatabase()
    {
        var database = new SqliteDatabase(FilePath);
        _databases.Add(database);
        return database;
    }
}
