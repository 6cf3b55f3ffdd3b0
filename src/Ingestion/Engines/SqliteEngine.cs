using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>
/// Tasks in the service's one SQLite file: nothing to install. Any number of processes of one machine may work on the same file.
/// </summary>
public sealed partial class SqliteEngine : ITaskEngine
{
    private const int MaxPromotions = 64;
    private const int MaxRescues = 64;
    private const int MaxPrunes = 256;
    private const int MaxSweepRounds = 16;

    private readonly SqliteDatabase _database;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly string? _process;
    private readonly WorkSignal _work = new();
    private readonly TaskWatchers _watchers = new();
    private readonly ForeignCommits _foreign;

    public SqliteEngine(SqliteDatabase database, EngineOptions options, TimeProvider time)
    {
        (_database, _options, _time) = (database, options, time);
        database.Migrate("tasks", SqliteEngineSchema.Scripts);
        _process = database.Processes.Own;
        _foreign = new ForeignCommits(database, () =>
        {
            _work.WakeAll();
            _watchers.Nudge(null);
        });
    }

    public async Task<EnqueueResult> EnqueueAsync(TaskSpec spec, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        var json = TaskJson.Write(spec);
        var accepted = TaskRules.Accepted(now);
        var change = new PreparedChange(spec.TaskId, spec.TenantId, new() { Events = [accepted] });
        var answer = await _database.WriteAsync<(TaskRow? Existing, EnqueueResult? Refused)>(session =>
        {
            if (FindEarlier(session, spec) is { } earlier)
            {
                var same = earlier.Tenant == spec.TenantId && earlier.Fingerprint == spec.Fingerprint;
                return same ? (SqliteTaskRows.Load(session, earlier.Seq), null) : (null, new EnqueueResult.Conflict(earlier.Id));
            }
            var line = SqliteTaskRows.ReadLine(session, spec.TenantId);
            if (FullQueue(session, spec.TenantId, line) is { } full) return (null, full);
            SqliteTaskRows.Insert(session, spec, json, change, line.Next(spec.Cost), now.ToUnixTimeMilliseconds());
            return default;
        }, seen: answer =>
        {
            // A worker may begin while the task is on its way to the disk: nothing of its end gets there before the task itself.
            if (answer == default) _work.Wake(1);
        });
        if (answer.Refused is not null) return answer.Refused;
        if (answer.Existing is not null) return new EnqueueResult.Existing(answer.Existing.ToTask());
        Changed(spec.TaskId);
        return Acceptance.Of(spec, accepted, change.Count);
    }

    public async Task<IReadOnlyList<Lease>> LeaseAsync(string worker, int max, TimeSpan wait, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        cancel.ThrowIfCancellationRequested();
        var deadline = _time.GetUtcNow() + wait;
        _work.Enter();
        try
        {
            while (true)
            {
                var now = _time.GetUtcNow();
                var (rows, due) = await _database.StepAsync(session =>
                {
                    var next = SqliteTaskRows.Promote(session, now.ToUnixTimeMilliseconds(), MaxPromotions);
                    var until = (now + _options.LeaseTime).ToUnixTimeMilliseconds();
                    return (SqliteTaskRows.Take(session, worker, _process, max, now.ToUnixTimeMilliseconds(), until), next);
                });
                if (rows.Count > 0)
                {
                    var leases = rows.ConvertAll(row => new Lease(worker, row.ToTask()));
                    foreach (var lease in leases) _watchers.Nudge(lease.TaskId);
                    return leases;
                }
                cancel.ThrowIfCancellationRequested();
                now = _time.GetUtcNow();
                if (now >= deadline) return [];
                var longest = deadline - now;
                if (due is { } at && DateTimeOffset.FromUnixTimeMilliseconds(at) - now is var untilDue && untilDue < longest)
                    longest = untilDue;
                if (longest <= TimeSpan.Zero) continue;
                using (_foreign.Follow()) await _work.WaitAsync(longest, _time, cancel);
            }
        }
        finally
        {
            _work.Leave();
        }
    }

    public async Task<IReadOnlyList<LeaseReply>> RenewAsync(IReadOnlyList<Lease> leases, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (leases.Count == 0) return [];
        var until = (_time.GetUtcNow() + _options.LeaseTime).ToUnixTimeMilliseconds();
        return await _database.StepAsync(session =>
        {
            var replies = new LeaseReply[leases.Count];
            for (var i = 0; i < replies.Length; i++) replies[i] = SqliteTaskRows.Renew(session, leases[i].TaskId, leases[i].Attempt, until);
            return replies;
        });
    }

    public async Task<LeaseReply> AppendAsync(Lease lease, TaskChange change, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        var until = (now + _options.LeaseTime).ToUnixTimeMilliseconds();
        var prepared = new PreparedChange(lease.TaskId, lease.Task.Spec.TenantId, change);
        var reply = await _database.StepAsync(session =>
        {
            if (FindHeld(session, lease) is not { } head) return LeaseReply.Lost;
            if (head.Cancel) return LeaseReply.CancelRequested;
            SqliteTaskRows.Step(session, head, prepared, now.ToUnixTimeMilliseconds(), until);
            return LeaseReply.Held;
        });
        if (reply == LeaseReply.Held) Changed(lease.TaskId);
        return reply;
    }

    public async Task<bool> FinishAsync(Lease lease, TaskOutcome outcome, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        var ending = new Ending(lease.TaskId, lease.Task.Spec.TenantId, outcome);
        bool Write(SqliteSession session)
        {
            if (FindHeld(session, lease) is not { } head) return false;
            // The worker had not heard of the cancel when it handed the task back.
            var actual = head.Cancel && !ending.IsFinal ? new Ending(head.Id, head.Tenant, TaskRules.Cancelled(head.State, now)) : ending;
            actual.Write(session, head, now.ToUnixTimeMilliseconds());
            return true;
        }

        // What ends for good, a client is told of; what goes back into the queue would go there again.
        var finished = await (ending.IsFinal ? _database.WriteAsync(Write) : _database.StepAsync(Write));
        if (!finished) return false;
        Changed(lease.TaskId, ending.Queues ? 1 : 0);
        if (outcome.At is not null) _work.WakeAll();
        return true;
    }

    /// <summary>
    /// Ends a task for good together with other work on the same file, both or neither. False, and nothing written, where the lease is
    /// lost, a cancel was asked for, or <paramref name="work"/> refuses (returns false, having written nothing).
    /// </summary>
    internal async Task<bool> FinishWithAsync(Lease lease, TaskOutcome outcome, Func<SqliteSession, bool> work)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var ending = new Ending(lease.TaskId, lease.Task.Spec.TenantId, outcome);
        var finished = await _database.WriteAsync(session =>
        {
            if (FindHeld(session, lease) is not { Cancel: false } head || !work(session)) return false;
            ending.Write(session, head, now);
            return true;
        });
        if (finished) Changed(lease.TaskId);
        return finished;
    }

    public async Task<bool> ResumeAsync(string tenant, string taskId, int attempt, TaskChange change, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var prepared = new PreparedChange(taskId, tenant, change);
        var resumed = await _database.WriteAsync(session =>
        {
            if (SqliteTaskRows.Find(session, tenant, taskId) is not { Phase: TaskPhase.Parked } head || head.Attempt != attempt) return false;
            SqliteTaskRows.Move(session, head, head with { Phase = TaskPhase.Queued }, prepared, now);
            return true;
        });
        if (resumed) Changed(taskId, queued: 1);
        return resumed;
    }

    public async Task<CancelResult> CancelAsync(string tenant, string taskId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        var (kind, row) = await _database.WriteAsync<(CancelKind, TaskRow?)>(session =>
        {
            if (SqliteTaskRows.Find(session, tenant, taskId) is not { } head) return (CancelKind.NotFound, null);
            var kind = head switch
            {
                { State: TaskState.Cancelled } => CancelKind.Cancelled,
                { Phase: TaskPhase.Ended } => CancelKind.Finished,
                { Committing: true } => CancelKind.Committing,
                { Phase: TaskPhase.Running } => CancelKind.Requested,
                _ => CancelKind.Cancelled,
            };
            if (kind == CancelKind.Requested) session.Execute("UPDATE task SET cancel=1 WHERE seq=$seq", ("$seq", head.Seq));
            else if (head.Phase != TaskPhase.Ended && kind == CancelKind.Cancelled)
                new Ending(head.Id, head.Tenant, TaskRules.Cancelled(head.State, now)).Write(session, head, now.ToUnixTimeMilliseconds());
            return (kind, SqliteTaskRows.Load(session, head.Seq));
        });
        if (kind is CancelKind.Cancelled or CancelKind.Requested) Changed(taskId, isCancel: true);
        return new(kind, row?.ToTask());
    }

    public async Task<RetryResult> RetryAsync(string tenant, string taskId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        var (kind, row, full) = await _database.WriteAsync<(RetryKind, TaskRow?, EnqueueResult.Full?)>(session =>
        {
            if (SqliteTaskRows.Find(session, tenant, taskId) is not { } head) return (RetryKind.NotFound, null, null);
            if (head.State is not (TaskState.Failed or TaskState.Cancelled))
                return (RetryKind.NotEnded, SqliteTaskRows.Load(session, head.Seq), null);
            var line = SqliteTaskRows.ReadLine(session, tenant);
            if (FullQueue(session, tenant, line) is { } full) return (RetryKind.Full, SqliteTaskRows.Load(session, head.Seq), full);
            var queued = head with
            {
                Phase = TaskPhase.Queued,
                Place = line.Next(head.Cost),
                Cancel = false,
                Failures = 0,
                Crashes = 0,
                Released = 0,
            };
            var change = new PreparedChange(head.Id, tenant, new() { Events = [TaskRules.Requeued(head.State, now)] });
            SqliteTaskRows.Move(session, head, queued, change, now.ToUnixTimeMilliseconds());
            return (RetryKind.Queued, SqliteTaskRows.Load(session, head.Seq), null);
        });
        if (kind == RetryKind.Queued) Changed(taskId, queued: 1);
        return new(kind, row?.ToTask(), full);
    }

    public Task<IngestionTask?> GetAsync(string tenant, string taskId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var row = _database.Read(session => session.First(
            $"SELECT {TaskRow.Columns} FROM task t JOIN task_spec s ON s.task=t.seq WHERE t.id=$id AND t.tenant=$tenant",
            row => new TaskRow(row), ("$id", taskId), ("$tenant", tenant)));
        return Task.FromResult(row?.ToTask());
    }

    public Task<TaskPage> ListAsync(TaskFilter filter, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var where = "t.tenant=$tenant"
            + (filter.Collection is null ? "" : " AND t.collection=$collection")
            + (filter.Document is null ? "" : " AND t.document=$document")
            + (filter.State is null ? "" : " AND t.state=$state");
        List<(string, object?)> values = [("$tenant", filter.Tenant)];
        if (filter.Collection is not null) values.Add(("$collection", filter.Collection));
        if (filter.Document is not null) values.Add(("$document", filter.Document));
        if (filter.State is { } state) values.Add(("$state", (int)state));
        var (rows, total) = _database.Read(session =>
        {
            var total = session.Scalar<long>($"SELECT count(*) FROM task t WHERE {where}", [.. values]);
            var rows = session.List(
                $"""
                SELECT {TaskRow.Columns} FROM task t JOIN task_spec s ON s.task=t.seq
                WHERE {where} ORDER BY t.seq DESC LIMIT $size OFFSET $skip
                """,
                row => new TaskRow(row),
                [.. values, ("$size", filter.PageSize), ("$skip", (filter.Page - 1L) * filter.PageSize)]);
            return (rows, total);
        });
        return Task.FromResult(new TaskPage(rows.ConvertAll(row => row.ToTask()), total));
    }

    public Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(string tenant, string taskId, long after, int max, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<StoredEvent>>(_database.Read(
            session => SqliteTaskRows.ReadEvents(session, tenant, taskId, after, max)));
    }

    public async IAsyncEnumerable<TaskNudge> WatchAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using (_foreign.Follow())
        {
            await foreach (var nudge in _watchers.WatchAsync(cancel)) yield return nudge;
        }
    }

    public async Task<SweepResult> SweepAsync(CancellationToken cancel)
    {
        var ended = new List<TaskRow>();
        var pruned = new List<string>();
        var rescued = 0;
        await _database.Processes.ForgetDeadAsync(process => _database.StepAsync(session => SqliteTaskRows.EndLeases(session, process)));
        for (var round = 0; round < MaxSweepRounds; round++)
        {
            cancel.ThrowIfCancellationRequested();
            var now = _time.GetUtcNow();
            var (lost, old) = await _database.StepAsync(session => (
                Rescue(session, now),
                SqliteTaskRows.Prune(session, (now - _options.Retention).ToUnixTimeMilliseconds(), MaxPrunes)));
            rescued += lost.Count;
            pruned.AddRange(old);
            foreach (var (id, row) in lost)
            {
                if (row is not null) ended.Add(row);
                Changed(id, queued: row is null ? 1 : 0);
            }
            if (lost.Count < MaxRescues && old.Count < MaxPrunes) break;
        }
        return new(ended.ConvertAll(row => row.ToTask()), pruned.ConvertAll(TaskJson.ReadSpec), rescued);
    }

    public Task<bool> NeedsUploadAsync(string fileKey, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult(_database.Read(session =>
            session.Scalar<long>("SELECT count(*) FROM task WHERE file_key=$file AND file_key IS NOT NULL", ("$file", fileKey))) > 0);
    }

    public Task<EngineStats> StatsAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult(_database.Read(session => session.First(
            """
            SELECT (SELECT waiting FROM task_queue),
              (SELECT count(*) FROM task WHERE lease_until IS NOT NULL),
              (SELECT count(*) FROM task WHERE run_at IS NOT NULL AND phase=2),
              (SELECT min(created_at) FROM
                (SELECT created_at FROM task WHERE phase=0 UNION ALL SELECT created_at FROM task WHERE run_at IS NOT NULL AND phase=1))
            """,
            row => new EngineStats(
                row.GetInt64(0), row.GetInt64(1), row.GetInt64(2),
                row.IsDBNull(3) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)))))!);
    }

    private static List<(string Id, TaskRow? Ended)> Rescue(SqliteSession session, DateTimeOffset now)
    {
        var lost = session.List(
            $"SELECT {TaskHead.Columns} FROM task WHERE lease_until IS NOT NULL AND lease_until<=$now ORDER BY lease_until LIMIT $max",
            row => new TaskHead(row), ("$now", now.ToUnixTimeMilliseconds()), ("$max", MaxRescues));
        return lost.ConvertAll(head =>
        {
            var outcome = TaskRules.AfterLostLease(SqliteTaskRows.Load(session, head.Seq).ToTask(), now);
            var ending = new Ending(head.Id, head.Tenant, outcome);
            ending.Write(session, head, now.ToUnixTimeMilliseconds(), lostLease: true);
            return (head.Id, ending.IsFinal ? SqliteTaskRows.Load(session, head.Seq) : null);
        });
    }

    /// <summary>The task that this one repeats.</summary>
    private static (long Seq, string Id, string Tenant, string? Fingerprint)? FindEarlier(SqliteSession session, TaskSpec spec) =>
        session.First<(long, string, string, string?)?>(
            """
            SELECT seq, id, tenant, fingerprint FROM task WHERE id=$id
            UNION ALL SELECT seq, id, tenant, fingerprint FROM task WHERE tenant=$tenant AND idempotency_key=$key
            LIMIT 1
            """,
            row => (row.GetInt64(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3)),
            ("$id", spec.TaskId), ("$tenant", spec.TenantId), ("$key", spec.IdempotencyKey));

    private static TaskHead? FindHeld(SqliteSession session, Lease lease) =>
        SqliteTaskRows.Find(session, lease.Task.Spec.TenantId, lease.TaskId) is { Phase: TaskPhase.Running } head
        && head.Attempt == lease.Attempt ? head : null;

    private EnqueueResult.Full? FullQueue(SqliteSession session, string tenant, Line line)
    {
        var own = _options.LimitsOf(tenant);
        (FullKind Kind, int Limit)? full = line switch
        {
            _ when line.Waiting >= _options.MaxQueueDepth => (FullKind.Queue, _options.MaxQueueDepth),
            _ when line.TenantWaiting >= own.Waiting => (FullKind.TenantQueue, own.Waiting),
            _ when line.TenantOpen >= own.Open => (FullKind.TenantTasks, own.Open),
            _ => null,
        };
        if (full is not { } found) return null;
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return new(found.Limit, SqliteTaskRows.EstimateRoom(session, now, found.Limit, found.Kind == FullKind.Queue), found.Kind);
    }

    private void Changed(string taskId, int queued = 0, bool isCancel = false)
    {
        if (queued > 0) _work.Wake(queued);
        _watchers.Nudge(taskId, isCancel);
    }
}
