using Ingestion.Sqlite;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <param name="VirtualTime">The place of the last task that was leased.</param>
/// <param name="Waiting">Over all tenants.</param>
/// <param name="TenantOpen">Its tasks that have not ended.</param>
internal readonly record struct Line(double VirtualTime, long Waiting, double TenantPlace, long TenantWaiting, long TenantOpen)
{
    /// <summary>Where the tenant's next task stands: a tenant that was idle starts now, a busy one behind its own last task.</summary>
    public double Next(double cost) => Math.Max(VirtualTime, TenantPlace) + cost;
}

/// <summary>
/// Every statement that changes tasks, inside the one write transaction of the session. Whoever moves a task between phases does it
/// here, so that the counts of waiting tasks and the tenants' turns stay true.
/// </summary>
internal static class SqliteTaskRows
{
    private const long Never = long.MaxValue;
    private static readonly TimeSpan LongestEstimate = TimeSpan.FromMinutes(1);

    public static TaskHead? Find(SqliteSession session, string tenant, string id) =>
        session.First($"SELECT {TaskHead.Columns} FROM task WHERE id=$id", row => new TaskHead(row), ("$id", id)) is { } head
        && head.Tenant == tenant ? head : null;

    public static TaskRow Load(SqliteSession session, long seq) => session.First(
        $"SELECT {TaskRow.Columns} FROM task t JOIN task_spec s ON s.task=t.seq WHERE t.seq=$seq",
        row => new TaskRow(row), ("$seq", seq))!;

    public static Line ReadLine(SqliteSession session, string tenant) => session.First(
        "SELECT q.virtual_time, q.waiting, t.vft, t.waiting, t.open FROM task_queue q LEFT JOIN task_tenant t ON t.id=$tenant",
        row => new Line(
            row.GetDouble(0), row.GetInt64(1), row.IsDBNull(2) ? 0 : row.GetDouble(2), row.IsDBNull(3) ? 0 : row.GetInt64(3),
            row.IsDBNull(4) ? 0 : row.GetInt64(4)),
        ("$tenant", tenant));

    public static void Insert(SqliteSession session, TaskSpec spec, string specJson, PreparedChange accepted, double place, long now)
    {
        var seq = session.Scalar<long>(
            """
            INSERT INTO task(id, tenant, collection, document, file_key, idempotency_key, fingerprint, priority, cost, created_at, phase, state, vft,
              committing, cancel, attempt, failures, crashes, released, percentage, last_event, updated_at, message, notify)
            VALUES($id, $tenant, $collection, $document, $file, $key, $fingerprint, $priority, $cost, $created, 0, $state, $vft,
              0, 0, 0, 0, 0, 0, 0, $events, $now, $message, $notify)
            RETURNING seq
            """,
            ("$id", spec.TaskId), ("$tenant", spec.TenantId), ("$collection", spec.CollectionId),
            ("$document", spec.DocumentId), ("$file", spec.Content.FileKey), ("$key", spec.IdempotencyKey),
            ("$fingerprint", spec.Fingerprint), ("$priority", spec.Priority), ("$cost", spec.Cost),
            ("$created", spec.CreatedAt.ToUnixTimeMilliseconds()), ("$state", (int)accepted.State!), ("$vft", place),
            ("$events", accepted.Count), ("$now", now), ("$message", accepted.Message), ("$notify", spec.Notify));
        session.Execute("INSERT INTO task_spec(task, spec, inline) VALUES($task, $spec, $inline)",
            ("$task", seq), ("$spec", specJson), ("$inline", spec.Content.Inline));
        WriteEvents(session, seq, 0, 0, accepted);
        Count(session, spec.TenantId, +1, open: +1, tenantPlace: place);
    }

    /// <summary>Queues what is due. Returns when the next one will be; null where none is waiting for its time.</summary>
    public static long? Promote(SqliteSession session, long now, int max)
    {
        for (var promoted = 0; ; promoted++)
        {
            var next = session.Scalar<long?>("SELECT run_at FROM task WHERE run_at IS NOT NULL ORDER BY run_at LIMIT 1");
            if (next is null or Never) return null;
            if (next > now || promoted == max) return next;
            var head = session.First(
                $"SELECT {TaskHead.Columns} FROM task WHERE run_at IS NOT NULL ORDER BY run_at LIMIT 1", row => new TaskHead(row))!;
            Requeue(session, head);
        }
    }

    /// <summary>
    /// A task that failed takes another of its tenant's turns; one that was parked has paid for the turn that it did not use up.
    /// </summary>
    public static void Requeue(SqliteSession session, TaskHead head)
    {
        var place = head.Phase == TaskPhase.Delayed ? ReadLine(session, head.Tenant).Next(head.Cost) : head.Place;
        session.Execute("UPDATE task SET phase=0, run_at=NULL, vft=$vft WHERE seq=$seq", ("$vft", place), ("$seq", head.Seq));
        Count(session, head.Tenant, head.IsWaiting ? 0 : +1, tenantPlace: head.Phase == TaskPhase.Delayed ? place : 0);
    }

    /// <summary>The next tasks in line, each with a new attempt.</summary>
    /// <param name="process">Null where nobody will be able to tell whether it lives.</param>
    public static List<TaskRow> Take(SqliteSession session, string worker, string? process, int max, long now, long leaseUntil)
    {
        // SQLite would plan anew for each value of a limit that is a parameter alone.
        var next = session.List(
            "SELECT seq, tenant, vft FROM task WHERE phase=0 ORDER BY priority, vft, seq LIMIT $max+0",
            row => (Seq: row.GetInt64(0), Tenant: row.GetString(1), Place: row.GetDouble(2)), ("$max", max));
        var taken = new List<TaskRow>(next.Count);
        foreach (var (seq, tenant, place) in next)
        {
            session.Execute(
                """
                UPDATE task SET phase=3, attempt=attempt+1, worker=$worker, process=$process, lease_until=$until,
                  started_at=coalesce(started_at, $now), updated_at=$now WHERE seq=$seq
                """,
                ("$worker", worker), ("$process", process), ("$until", leaseUntil), ("$now", now), ("$seq", seq));
            Count(session, tenant, -1, virtualTime: place);
            taken.Add(session.First(
                $"SELECT {TaskRow.Columns}, s.inline FROM task t JOIN task_spec s ON s.task=t.seq WHERE t.seq=$seq",
                row => new TaskRow(row)
                {
                    Inline = row.IsDBNull(TaskRow.ColumnCount) ? null : row.GetBytes(TaskRow.ColumnCount).ToArray(),
                },
                ("$seq", seq))!);
        }
        return taken;
    }

    public static LeaseReply Renew(SqliteSession session, string id, int attempt, long leaseUntil)
    {
        var renewed = session.Execute(
            "UPDATE task SET lease_until=$until WHERE id=$id AND attempt=$attempt AND phase=3 AND cancel=0",
            ("$until", leaseUntil), ("$id", id), ("$attempt", attempt));
        if (renewed == 1) return LeaseReply.Held;
        var cancelled = session.Scalar<long>(
            "SELECT count(*) FROM task WHERE id=$id AND attempt=$attempt AND phase=3", ("$id", id), ("$attempt", attempt));
        return cancelled == 1 ? LeaseReply.CancelRequested : LeaseReply.Lost;
    }

    /// <summary>A process has died: what it held may be rescued at once.</summary>
    public static int EndLeases(SqliteSession session, string process) =>
        session.Execute("UPDATE task SET lease_until=0 WHERE lease_until>0 AND process=$process", ("$process", process));

    /// <summary>A change of a task that a worker keeps.</summary>
    public static void Step(SqliteSession session, TaskHead head, PreparedChange change, long now, long leaseUntil)
    {
        var percentage = WriteEvents(session, head.Seq, head.LastEvent, head.Percentage, change);
        session.Execute(
            """
            UPDATE task SET lease_until=$until, committing=$committing, state=coalesce($state, state), percentage=$percentage,
              last_event=$last, updated_at=$now, message=coalesce($message, message),
              details=CASE WHEN $has_details THEN $details ELSE details END,
              warnings=coalesce($warnings, warnings), checkpoint=coalesce($checkpoint, checkpoint)
            WHERE seq=$seq
            """,
            ("$until", leaseUntil), ("$committing", head.Committing || change.Committing), ("$state", (int?)change.State),
            ("$percentage", percentage), ("$last", head.LastEvent + change.Count), ("$now", now), ("$message", change.Message),
            ("$has_details", change.HasDetails), ("$details", change.Details),
            ("$warnings", change.Warnings), ("$checkpoint", change.Checkpoint), ("$seq", head.Seq));
    }

    /// <summary>Moves a task to the phase, the counters and the place of <paramref name="after"/>; nobody holds it then.</summary>
    /// <param name="runAt">Delayed and parked; null is never.</param>
    public static void Move(
        SqliteSession session, TaskHead before, TaskHead after, PreparedChange change, long now,
        long? runAt = null, string? error = null, string? result = null)
    {
        var percentage = WriteEvents(session, before.Seq, before.LastEvent, before.Percentage, change);
        var ended = after.Phase == TaskPhase.Ended;
        var completed = ended && change.State == TaskState.Completed;
        session.Execute(
            """
            UPDATE task SET phase=$phase, vft=$vft, run_at=$run_at, lease_until=NULL, worker=NULL, process=NULL, committing=0, cancel=$cancel,
              failures=$failures, crashes=$crashes, released=$released, completed_at=$completed_at,
              webhook_at=CASE WHEN notify THEN $completed_at END, webhook_tries=0,
              state=coalesce($state, state), percentage=$percentage, last_event=$last, updated_at=$now,
              message=coalesce($message, message), details=CASE WHEN $has_details THEN $details ELSE details END,
              error=CASE WHEN $clean THEN NULL ELSE coalesce($error, error) END, result=$result,
              file_key=CASE WHEN $completed THEN NULL ELSE file_key END,
              warnings=coalesce($warnings, warnings),
              checkpoint=CASE WHEN $completed THEN NULL ELSE coalesce($checkpoint, checkpoint) END
            WHERE seq=$seq
            """,
            ("$phase", (int)after.Phase), ("$vft", after.Place),
            ("$run_at", after.Phase is TaskPhase.Delayed or TaskPhase.Parked ? runAt ?? Never : null), ("$cancel", after.Cancel),
            ("$failures", after.Failures), ("$crashes", after.Crashes), ("$released", after.Released),
            ("$completed_at", ended ? now : null), ("$state", (int?)change.State), ("$percentage", percentage),
            ("$last", before.LastEvent + change.Count), ("$now", now), ("$message", change.Message),
            ("$has_details", change.HasDetails), ("$details", change.Details),
            ("$clean", change.State is TaskState.Completed or TaskState.Cancelled || before.Phase == TaskPhase.Ended),
            ("$error", error), ("$result", result),
            ("$warnings", change.Warnings), ("$completed", completed), ("$checkpoint", change.Checkpoint), ("$seq", before.Seq));
        if (completed) session.Execute("UPDATE task_spec SET inline=NULL WHERE task=$task AND inline IS NOT NULL", ("$task", before.Seq));
        var waiting = (after.IsWaiting ? 1 : 0) - (before.IsWaiting ? 1 : 0);
        var open = (ended ? 0 : 1) - (before.Phase == TaskPhase.Ended ? 0 : 1);
        if (waiting != 0 || open != 0) Count(session, before.Tenant, waiting, open, before.Phase == TaskPhase.Ended ? after.Place : 0);
    }

    /// <summary>Removes up to <paramref name="max"/> tasks that ended at or before the given time.</summary>
    public static List<string> Prune(SqliteSession session, long endedBy, int max)
    {
        var old = session.List(
            """
            SELECT t.seq, s.spec FROM task t JOIN task_spec s ON s.task=t.seq
            WHERE t.completed_at IS NOT NULL AND t.completed_at<=$by ORDER BY t.completed_at LIMIT $max
            """,
            row => (Seq: row.GetInt64(0), Spec: row.GetString(1)), ("$by", endedBy), ("$max", max));
        foreach (var (seq, _) in old)
        {
            session.Execute("DELETE FROM task_events WHERE task=$task", ("$task", seq));
            session.Execute("DELETE FROM task_spec WHERE task=$task", ("$task", seq));
            session.Execute("DELETE FROM task WHERE seq=$seq", ("$seq", seq));
        }
        // A tenant that waits for nothing and is not ahead of the line is as good as new.
        if (old.Count > 0)
            session.Execute("DELETE FROM task_tenant WHERE waiting=0 AND open=0 AND vft<=(SELECT virtual_time FROM task_queue)");
        return old.ConvertAll(task => task.Spec);
    }

    /// <summary>How long it takes, at the pace of the last ends, until a hundredth of what waits has gone.</summary>
    /// <param name="everyone">False: a single tenant's share of the pace.</param>
    public static TimeSpan EstimateRoom(SqliteSession session, long now, int limit, bool everyone)
    {
        var (ends, since) = session.First(
            """
            SELECT count(*), min(completed_at)
            FROM (SELECT completed_at FROM task WHERE completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT 100)
            """,
            row => (row.GetInt64(0), row.IsDBNull(1) ? now : row.GetInt64(1)));
        var sharers = everyone ? 1 : session.Scalar<long>("SELECT count(*) FROM task_tenant WHERE waiting>0");
        var each = ends == 0 ? LongestEstimate : TimeSpan.FromMilliseconds((double)Math.Max(1, now - since) / ends * sharers);
        var seconds = Math.Ceiling(each.TotalSeconds * Math.Max(1, limit / 100));
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestEstimate.TotalSeconds));
    }

    /// <summary>Events after the given number, in order, at most <paramref name="max"/>.</summary>
    public static List<StoredEvent> ReadEvents(SqliteSession session, string tenant, string id, long after, int max)
    {
        var events = new List<StoredEvent>();
        session.Visit(
            """
            SELECT e.last, e.bodies FROM task t JOIN task_events e ON e.task=t.seq
            WHERE t.id=$id AND t.tenant=$tenant AND e.last>$after ORDER BY e.last
            """,
            row =>
            {
                var bodies = row.GetBytes(1);
                var number = row.GetInt64(0) - bodies.Count((byte)'\n');
                foreach (var line in bodies.Split((byte)'\n'))
                {
                    if (number > after && events.Count < max) events.Add(new(number, bodies[line].ToArray()));
                    number++;
                }
                return events.Count < max;
            },
            ("$id", id), ("$tenant", tenant), ("$after", after));
        return events;
    }

    /// <summary>Numbers and writes a change's events. Returns the percentage reached.</summary>
    private static int WriteEvents(SqliteSession session, long seq, long last, int percentage, PreparedChange change)
    {
        if (change.Count == 0) return percentage;
        var bodies = change.Lines(ref percentage);
        session.Execute(
            "INSERT INTO task_events(task, last, bodies) VALUES($task, $last, $bodies)",
            ("$task", seq), ("$last", last + change.Count), ("$bodies", bodies));
        return percentage;
    }

    private static void Count(
        SqliteSession session, string tenant, int waiting, int open = 0, double tenantPlace = 0, double virtualTime = 0)
    {
        session.Execute(
            """
            INSERT INTO task_tenant(id, vft, waiting, open) VALUES($tenant, $vft, $waiting, $open)
            ON CONFLICT(id) DO UPDATE SET vft=max(vft, $vft), waiting=waiting+$waiting, open=open+$open
            """,
            ("$tenant", tenant), ("$vft", tenantPlace), ("$waiting", waiting), ("$open", open));
        if (waiting == 0) return;
        session.Execute(
            "UPDATE task_queue SET waiting=waiting+$waiting, virtual_time=max(virtual_time, $time)",
            ("$waiting", waiting), ("$time", virtualTime));
    }
}
