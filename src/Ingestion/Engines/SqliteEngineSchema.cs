namespace Ingestion.Engines;

/// <summary>
/// The tables of <see cref="SqliteEngine"/>, one script a version; a script that was released is never changed. Times are Unix
/// milliseconds. Each index holds only the tasks that its question is about, so that a step touches few of them.
/// </summary>
internal static class SqliteEngineSchema
{
    public static readonly string[] Scripts =
    [
        """
        -- One row a task, rewritten at every step: kept small.
        CREATE TABLE task(
          seq INTEGER PRIMARY KEY,          -- order of acceptance
          id TEXT NOT NULL UNIQUE,
          tenant TEXT NOT NULL,
          collection TEXT NOT NULL,
          document TEXT NOT NULL,
          file_key TEXT,                    -- the upload it still needs
          idempotency_key TEXT,
          fingerprint TEXT,
          priority INTEGER NOT NULL,
          cost REAL NOT NULL,
          created_at INTEGER NOT NULL,
          phase INTEGER NOT NULL,           -- TaskPhase
          state INTEGER NOT NULL,           -- TaskState, what clients see
          vft REAL NOT NULL,                -- virtual finish time: the task's place among all tenants
          run_at INTEGER,                   -- delayed, parked: when it is due
          lease_until INTEGER,              -- running
          worker TEXT,                      -- running
          committing INTEGER NOT NULL,      -- running, past the point of no return
          cancel INTEGER NOT NULL,          -- running, asked to stop
          attempt INTEGER NOT NULL,
          failures INTEGER NOT NULL,
          crashes INTEGER NOT NULL,
          released INTEGER NOT NULL,
          percentage INTEGER NOT NULL,
          last_event INTEGER NOT NULL,
          updated_at INTEGER NOT NULL,
          started_at INTEGER,
          completed_at INTEGER,             -- ended
          message TEXT NOT NULL,
          details TEXT,
          error TEXT,
          warnings TEXT,
          result TEXT,
          checkpoint TEXT
        );
        CREATE UNIQUE INDEX task_idempotency ON task(tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
        CREATE INDEX task_list ON task(tenant, collection, document);
        CREATE INDEX task_upload ON task(file_key) WHERE file_key IS NOT NULL;
        CREATE INDEX task_ready ON task(priority, vft, seq, created_at) WHERE phase = 0;
        CREATE INDEX task_due ON task(run_at, phase, created_at) WHERE run_at IS NOT NULL;
        CREATE INDEX task_lease ON task(lease_until) WHERE lease_until IS NOT NULL;
        CREATE INDEX task_ended ON task(completed_at) WHERE completed_at IS NOT NULL;

        -- What a client sent: written once, read by workers and clients.
        CREATE TABLE task_spec(
          task INTEGER PRIMARY KEY,
          spec TEXT NOT NULL,
          inline BLOB                       -- gone once the task has completed
        );

        CREATE TABLE task_event(
          task INTEGER NOT NULL,
          id INTEGER NOT NULL,
          body BLOB NOT NULL,
          PRIMARY KEY(task, id)
        ) WITHOUT ROWID;

        -- Tenants that wait or have used more than their share of late.
        CREATE TABLE task_tenant(
          id TEXT PRIMARY KEY,
          vft REAL NOT NULL,                -- of the last task that came in
          waiting INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE task_queue(
          id INTEGER PRIMARY KEY CHECK(id = 1),
          virtual_time REAL NOT NULL,       -- of the last task that was leased
          waiting INTEGER NOT NULL
        );
        INSERT INTO task_queue VALUES(1, 0, 0);
        """,
        """
        -- Tasks that have not ended.
        ALTER TABLE task_tenant ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
        INSERT INTO task_tenant(id, vft, waiting, open)
          SELECT tenant, 0, 0, count(*) FROM task WHERE completed_at IS NULL GROUP BY tenant
          ON CONFLICT(id) DO UPDATE SET open=excluded.open;
        """,
        """
        -- notify: its end is to be told to somebody. webhook_at: ended, when that is tried next; webhook_tries: of this end.
        ALTER TABLE task ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE task ADD COLUMN webhook_at INTEGER;
        ALTER TABLE task ADD COLUMN webhook_tries INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX task_webhook ON task(webhook_at) WHERE webhook_at IS NOT NULL;
        """,
        """
        -- A row a step, with the number of its last event; a line an event.
        CREATE TABLE task_events(
          task INTEGER NOT NULL,
          last INTEGER NOT NULL,
          bodies BLOB NOT NULL,
          PRIMARY KEY(task, last)
        ) WITHOUT ROWID;
        INSERT INTO task_events SELECT task, id, body FROM task_event;
        DROP TABLE task_event;
        """,
        """
        -- Running: its name among ProcessLocks, null where nobody can tell whether it lives.
        ALTER TABLE task ADD COLUMN process TEXT;
        """,
    ];
}
