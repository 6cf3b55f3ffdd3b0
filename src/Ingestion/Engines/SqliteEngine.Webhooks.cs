using Ingestion.Tasks;

namespace Ingestion.Engines;

public sealed partial class SqliteEngine : IWebhookOutbox
{
    public async Task<IReadOnlyList<DueWebhook>> TakeWebhooksAsync(int max, TimeSpan hold, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        var (at, until) = (now.ToUnixTimeMilliseconds(), (now + hold).ToUnixTimeMilliseconds());
        // Nearly always there is none, and looking costs no write.
        if (_database.Read(session => session.Scalar<long?>("SELECT min(webhook_at) FROM task WHERE webhook_at IS NOT NULL")) is not { } first || first > at)
            return [];
        var taken = await _database.StepAsync(session =>
        {
            var due = session.List(
                "SELECT seq, webhook_tries FROM task WHERE webhook_at IS NOT NULL AND webhook_at<=$now ORDER BY webhook_at LIMIT $max",
                row => (Seq: row.GetInt64(0), Tries: row.GetInt32(1)), ("$now", at), ("$max", max));
            return due.ConvertAll(one =>
            {
                session.Execute("UPDATE task SET webhook_at=$until, webhook_tries=$try WHERE seq=$seq", ("$until", until), ("$try", one.Tries + 1), ("$seq", one.Seq));
                return (Row: SqliteTaskRows.Load(session, one.Seq), Try: one.Tries + 1);
            });
        });
        return taken.ConvertAll(one => new DueWebhook(one.Row.ToTask(), one.Try));
    }

    public Task CloseWebhookAsync(DueWebhook webhook, DateTimeOffset? again, string? warning, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var task = webhook.Task;
        var warnings = warning is null ? null : TaskJson.Write([.. task.Warnings, warning]);
        return _database.StepAsync(session => session.Execute(
            """
            UPDATE task SET webhook_at=$again, warnings=coalesce($warnings, warnings)
            WHERE id=$id AND tenant=$tenant AND webhook_tries=$try AND last_event=$last AND webhook_at IS NOT NULL
            """,
            ("$again", again?.ToUnixTimeMilliseconds()), ("$warnings", warnings), ("$id", task.Spec.TaskId), ("$tenant", task.Spec.TenantId),
            ("$try", webhook.Try), ("$last", task.LastEvent)));
    }
}
