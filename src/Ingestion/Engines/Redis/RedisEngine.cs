using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Ingestion.Redis;
using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>
/// Tasks in Redis, for any number of instances. Each verb is one step of a Lua script: what it writes, it writes at once. The time is
/// Redis's own, so that the clocks of instances may differ.
/// </summary>
public sealed partial class RedisEngine : ITaskEngine
{
    private const int MaxRescues = 64;
    private const int MaxPrunes = 256;
    private const int MaxSweepRounds = 16;

    /// <summary>A hint that got lost costs a worker this long; it varies, so that instances do not ask all at once.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly RedisConnection _redis;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisKey[] _shards;
    private readonly string _instance = Guid.NewGuid().ToString("N")[..8];
    private readonly IdleWorkers _idle = new();
    private readonly TaskWatchers _watchers = new();
    private readonly RedisNews _news;
    private readonly WaitingElsewhere _elsewhere;
    private readonly Dictionary<RedisKey, ShardSteps> _steps;

    /// <summary>By worker: calls that may have leased something although their answer never came.</summary>
    private readonly ConcurrentDictionary<string, UnansweredLease> _unanswered = new();

    private readonly ConditionalWeakTable<Lease, LeaseLog> _logs = new();
    private readonly ConditionalWeakTable<TaskOutcome, string> _calls = new();
    private int _calling;
    private long _restoredAt = long.MinValue;

    /// <param name="time">Another than the system's is used instead of Redis's: a test's.</param>
    /// <param name="shards">Parts that tenants are spread over, each in one slot of a cluster. All instances need the same number.</param>
    public RedisEngine(RedisConnection redis, EngineOptions options, TimeProvider time, int shards = 1)
    {
        (_redis, _options, _time) = (redis, options, time);
        _shards = [.. Enumerable.Range(0, shards).Select(shard => (RedisKey)$"{{ingestion:{shard}}}")];
        _steps = _shards.ToDictionary(shard => shard, shard => new ShardSteps(redis, shard, Compose));
        _elsewhere = new WaitingElsewhere(redis, _shards);
        _news = new RedisNews(redis, _shards, _instance, Heard);
        redis.Restored += () => Interlocked.Exchange(ref _restoredAt, time.GetTimestamp());
    }

    public async Task<EnqueueResult> EnqueueAsync(TaskSpec spec, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        var accepted = TaskRules.Accepted(now);
        var change = new PreparedChange(spec.TaskId, spec.TenantId, new() { Events = [accepted] });
        var step = Arguments("enqueue", spec.TenantId, spec.TaskId).With("collection", spec.CollectionId).With("document", spec.DocumentId)
            .With("spec", TaskJson.Write(spec)).With("inline", spec.Content.Inline).With("file", spec.Content.FileKey)
            .With("key", spec.IdempotencyKey).With("fingerprint", spec.Fingerprint).With("priority", spec.Priority).With("cost", spec.Cost)
            .With("created_at", spec.CreatedAt.ToUnixTimeMilliseconds()).With("notify", spec.Notify).With(change);
        var shard = ShardOf(spec.TenantId);
        await LimitAsync(step, spec.TenantId, shard);
        var (reply, isRepeated) = await StepTwiceAsync(shard, step, queued: 1);
        switch ((string)reply[0]!)
        {
            case "conflict":
                return new EnqueueResult.Conflict((string)reply[1]!);
            case "full":
                return Full(spec.TenantId, reply);
            // By this very call, when its first answer got lost.
            case "existing" when !isRepeated || (string)reply[1]! != spec.TaskId:
                return new EnqueueResult.Existing(RedisTask.Read(reply[2])!);
        }
        _watchers.Nudge(spec.TaskId);
        return new EnqueueResult.Created(new IngestionTask
        {
            Spec = TaskJson.WithoutInline(spec),
            State = accepted.Current,
            Message = accepted.Message,
            UpdatedAt = now,
            LastEvent = change.Count,
        });
    }

    public async Task<IReadOnlyList<Lease>> LeaseAsync(string worker, int max, TimeSpan wait, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        cancel.ThrowIfCancellationRequested();
        var deadline = _time.GetUtcNow() + wait;
        await _news.HearAsync();
        if (await ReclaimAsync(worker) is { Count: > 0 } reclaimed) return reclaimed;
        _idle.Enter();
        try
        {
            var (leases, due) = await TakeAsync(worker, max);
            while (leases.Count == 0)
            {
                cancel.ThrowIfCancellationRequested();
                var longest = deadline - _time.GetUtcNow();
                if (longest <= TimeSpan.Zero) return [];
                var poll = Poll * (0.75 + Random.Shared.NextDouble() / 2);
                var pause = new[] { longest, due, poll }.Min();
                if (pause > TimeSpan.Zero && _idle.Wait(worker, max) is { } waiter)
                {
                    await ((Task)waiter.Task.WaitAsync(pause, _time, cancel)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    if (waiter.Task.IsCompleted || !_idle.TryStop(waiter))
                    {
                        (leases, due) = await waiter.Task;
                        continue;
                    }
                }
                (leases, due) = await TakeAsync(worker, max);
            }
            return leases;
        }
        finally
        {
            _idle.Leave();
        }
    }

    public async Task<IReadOnlyList<LeaseReply>> RenewAsync(IReadOnlyList<Lease> leases, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var replies = new LeaseReply[leases.Count];
        foreach (var ofShard in Enumerable.Range(0, leases.Count).GroupBy(i => ShardOf(leases[i].Task.Spec.TenantId)))
        {
            var mine = ofShard.ToList();
            var arguments = new ScriptArguments("").With("lease_time", _options.LeaseTime).With("count", mine.Count);
            for (var i = 0; i < mine.Count; i++)
                arguments.With($"id{i + 1}", leases[mine[i]].TaskId).With($"attempt{i + 1}", leases[mine[i]].Attempt);
            var answers = await RunAsync(EngineScript.Renew, ofShard.Key, arguments);
            for (var i = 0; i < mine.Count; i++) replies[mine[i]] = ReplyOf((string)answers[i]!);
        }
        return replies;
    }

    public async Task<LeaseReply> AppendAsync(Lease lease, TaskChange change, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var tenant = lease.Task.Spec.TenantId;
        var log = LogOf(lease);
        var step = Arguments("append", tenant, lease.TaskId).With("attempt", lease.Attempt).With("lease_time", _options.LeaseTime)
            .With("after", log.Unsure).With(new PreparedChange(lease.TaskId, tenant, change));
        try
        {
            var answer = await StepAsync(ShardOf(tenant), step);
            var reply = ReplyOf((string)answer[0]!);
            if (reply != LeaseReply.Held) return reply;
            log.Wrote((long)answer[1]);
        }
        catch (UnavailableException)
        {
            log.Doubt();
            throw;
        }
        _watchers.Nudge(lease.TaskId);
        return LeaseReply.Held;
    }

    public async Task<bool> FinishAsync(Lease lease, TaskOutcome outcome, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var tenant = lease.Task.Spec.TenantId;
        var ending = new Ending(lease.TaskId, tenant, outcome);
        var unsure = _logs.TryGetValue(lease, out var log) ? log.Unsure : RedisValue.Null;
        var call = _calls.TryGetValue(outcome, out var lost) ? lost : $"{_instance}{Interlocked.Increment(ref _calling)}";
        while (true)
        {
            var step = Arguments("move", tenant, lease.TaskId).With("if_phase", "running").With("if_attempt", lease.Attempt)
                .With("call", call).With("after", unsure);
            if (!ending.IsFinal) step.With("if_cancel", 0);
            RedisResult answer;
            try
            {
                answer = await StepAsync(ShardOf(tenant), With(step, ending), ending.Queues ? 1 : 0);
            }
            catch (UnavailableException)
            {
                _calls.AddOrUpdate(outcome, call);
                throw;
            }
            if ((string)answer[0]! == "moved") break;
            if ((string)answer[0]! != "differs" || (string)answer[1]! != "running" || (int)answer[3] != lease.Attempt) return false;
            // The worker had not heard of the cancel when it handed the task back.
            ending = new Ending(lease.TaskId, tenant, TaskRules.Cancelled(RedisTask.StateOf((string)answer[2]!), _time.GetUtcNow()));
        }
        _watchers.Nudge(lease.TaskId);
        if (outcome.At is not null) Call(int.MaxValue);
        return true;
    }

    public async Task<bool> ResumeAsync(string tenant, string taskId, int attempt, TaskChange change, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var step = Arguments("move", tenant, taskId).With("if_phase", "parked").With("if_attempt", attempt).With("phase", "queued")
            .With(new PreparedChange(taskId, tenant, change));
        var answer = await StepAsync(ShardOf(tenant), step, queued: 1);
        if ((string)answer[0]! != "moved") return false;
        _watchers.Nudge(taskId);
        return true;
    }

    public async Task<CancelResult> CancelAsync(string tenant, string taskId, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var shard = ShardOf(tenant);
            var answer = await StepAsync(shard, Arguments("cancel", tenant, taskId));
            switch ((string)answer[0]!)
            {
                case "none": return new(CancelKind.NotFound, null);
                case "cancelled": return new(CancelKind.Cancelled, RedisTask.Read(answer[1]));
                case "finished": return new(CancelKind.Finished, RedisTask.Read(answer[1]));
                case "committing": return new(CancelKind.Committing, RedisTask.Read(answer[1]));
                case "requested":
                    _watchers.Nudge(taskId, isCancel: true);
                    return new(CancelKind.Requested, RedisTask.Read(answer[1]));
            }
            var step = Arguments("move", tenant, taskId).With("if_phase", (string?)answer[1]).With("if_state", (string?)answer[2])
                .With("if_attempt", (string?)answer[3]).With("read", true);
            var ending = new Ending(taskId, tenant, TaskRules.Cancelled(RedisTask.StateOf((string)answer[2]!), _time.GetUtcNow()));
            var moved = await StepAsync(shard, With(step, ending));
            // Where it went on in the meantime: ask again.
            if ((string)moved[0]! != "moved") continue;
            _watchers.Nudge(taskId);
            return new(CancelKind.Cancelled, RedisTask.Read(moved[1]));
        }
    }

    public async Task<RetryResult> RetryAsync(string tenant, string taskId, CancellationToken cancel)
    {
        while (true)
        {
            if (await GetAsync(tenant, taskId, cancel) is not { } task) return new(RetryKind.NotFound, null);
            if (task.State is not (TaskState.Failed or TaskState.Cancelled)) return new(RetryKind.NotEnded, task);
            var change = new TaskChange { Events = [TaskRules.Requeued(task.State, _time.GetUtcNow())] };
            var step = Arguments("move", tenant, taskId).With("if_phase", "ended").With("if_state", task.State.Wire()).With("phase", "queued")
                .With("read", true).With(new PreparedChange(taskId, tenant, change));
            var shard = ShardOf(tenant);
            var answer = await StepAsync(shard, await LimitAsync(step, tenant, shard), queued: 1);
            switch ((string)answer[0]!)
            {
                case "full": return new(RetryKind.Full, RedisTask.Read(answer[5]), Full(tenant, answer));
                case "moved":
                    _watchers.Nudge(taskId);
                    return new(RetryKind.Queued, RedisTask.Read(answer[1]));
            }
        }
    }

    public async Task<SweepResult> SweepAsync(CancellationToken cancel)
    {
        var ended = new List<IngestionTask>();
        var pruned = new List<TaskSpec>();
        var rescued = 0;
        foreach (var shard in _shards)
        {
            for (var round = 0; round < MaxSweepRounds; round++)
            {
                cancel.ThrowIfCancellationRequested();
                var lost = await ReadExpiredAsync(shard);
                var old = (RedisResult[])(await RunAsync(
                    EngineScript.Prune, shard, new ScriptArguments("").With("max", MaxPrunes).With("retention", _options.Retention)))!;
                pruned.AddRange(old.Select(spec => TaskJson.ReadSpec((string)spec!)));
                foreach (var outcome in await Task.WhenAll(lost.Select(task => RescueAsync(shard, task))))
                {
                    if (outcome.IsRescued) rescued++;
                    if (outcome.Ended is not null) ended.Add(outcome.Ended);
                }
                if (lost.Count < MaxRescues && old.Length < MaxPrunes) break;
            }
        }
        return new(ended, pruned, rescued);
    }

    /// <summary>
    /// Nobody could renew a lease while Redis was away: when it is back, holders have time for it before one counts as lost.
    /// </summary>
    private async Task<List<IngestionTask>> ReadExpiredAsync(RedisKey shard)
    {
        var restored = Interlocked.Read(ref _restoredAt);
        if (restored != long.MinValue && _time.GetElapsedTime(restored) < _options.LeaseTime / 3) return [];
        var lost = (RedisResult[])(await RunAsync(EngineScript.Expired, shard, new ScriptArguments("").With("max", MaxRescues)))!;
        return [.. lost.Select(fields => RedisTask.Read(fields)!)];
    }

    private async Task<(bool IsRescued, IngestionTask? Ended)> RescueAsync(RedisKey shard, IngestionTask task)
    {
        var (tenant, id) = (task.Spec.TenantId, task.Spec.TaskId);
        var ending = new Ending(id, tenant, TaskRules.AfterLostLease(task, _time.GetUtcNow()));
        var step = Arguments("move", tenant, id).With("if_phase", "running").With("if_attempt", task.Attempt)
            .With("if_state", task.State.Wire()).With("if_cancel", task.CancelRequested ? 1 : 0).With("if_expired", true)
            .With("crashed", true).With("read", ending.IsFinal);
        var answer = await StepAsync(shard, With(step, ending), ending.Queues ? 1 : 0);
        // Else another sweeper was faster, or its worker is back.
        if ((string)answer[0]! != "moved") return default;
        _watchers.Nudge(id);
        return (true, ending.IsFinal ? RedisTask.Read(answer[1]) : null);
    }
}
