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

    /// <summary>As many tasks, with their small documents, as wait for a moment; more are read from Redis.</summary>
    private const long MostSent = 64 << 20;

    /// <summary>Characters of an instance's name, which all that it sends is known by begins with; as in CALL in sharing.lua.</summary>
    internal const int InstanceLength = 8;

    /// <summary>A place in the line is a whole number of these.</summary>
    private const int CostUnits = 1_000;

    /// <summary>Either way; more counts as that much.</summary>
    private const int MaxPriority = 1_000;

    /// <summary>A hint that got lost costs a worker this long; it varies, so that instances do not ask all at once.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly RedisConnection _redis;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisKey[] _shards;
    private readonly string _instance = Guid.NewGuid().ToString("N")[..InstanceLength];
    private readonly IdleWorkers _idle = new();
    private readonly TaskWatchers _watchers = new();
    private readonly RedisNews _news;
    private readonly WaitingElsewhere _elsewhere;
    private readonly Dictionary<RedisKey, ShardSteps> _steps;

    /// <summary>By worker: calls that may have leased something although their answer never came.</summary>
    private readonly ConcurrentDictionary<string, UnansweredLease> _unanswered = new();

    private readonly SentTasks _sent;
    private readonly ConditionalWeakTable<Lease, LeaseLog> _logs = new();
    private readonly ConditionalWeakTable<TaskOutcome, string> _calls = new();
    private int _calling;

    /// <summary>A tenant that something was done for a moment ago.</summary>
    private string _near = "";
    private long _restoredAt = long.MinValue;

    /// <param name="time">Another than the system's is used instead of Redis's: a test's.</param>
    /// <param name="shards">Parts that tenants are spread over, each in one slot of a cluster. All instances need the same number.</param>
    public RedisEngine(RedisConnection redis, EngineOptions options, TimeProvider time, int shards = 1)
    {
        (_redis, _options, _time) = (redis, options, time);
        _sent = new SentTasks(MostSent, time);
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
        var shard = ShardOf(spec.TenantId);
        var (depth, limits) = await LimitsAsync(spec.TenantId, shard);
        _near = spec.TenantId;
        var sending = Interlocked.Increment(ref _calling);
        var step = new ScriptStep(StepVerb.Enqueue).Int(change.Count).Byte((int)accepted.Current).Byte(spec.Notify)
            .Long(Math.Clamp(spec.Priority, -MaxPriority, MaxPriority)).Long(CostOf(spec))
            .Long(spec.CreatedAt.ToUnixTimeMilliseconds()).Long(depth).Long(limits.Waiting).Long(limits.Open)
            .Text(spec.TaskId).Text(spec.TenantId).Text(spec.CollectionId).Text(spec.DocumentId).Text(spec.IdempotencyKey)
            .Text(spec.Content.FileKey).Text(spec.Fingerprint).Text($"{_instance}{sending}");
        var text = TaskJson.WriteBytes(spec);
        step.Bytes(text).Set("inline", spec.Content.Inline).Set("event1", ScriptStep.Lines(change));
        _sent.Add(sending, spec, text);
        RedisResult[] reply;
        bool isRepeated;
        try
        {
            (reply, isRepeated) = await StepTwiceAsync(shard, step, queued: 1);
        }
        catch
        {
            // Where it was accepted all the same, Redis has it.
            _sent.Forget(sending);
            throw;
        }
        EnqueueResult? refused = (string)reply[0]! switch
        {
            "conflict" => new EnqueueResult.Conflict((string)reply[1]!),
            "full" => Full(spec.TenantId, reply),
            // By this very call, when its first answer got lost.
            "existing" when !isRepeated || (string)reply[1]! != spec.TaskId => new EnqueueResult.Existing(RedisTask.Read(reply[2])!),
            _ => null,
        };
        if (refused is not null)
        {
            _sent.Forget(sending);
            return refused;
        }
        _watchers.Nudge(spec.TaskId);
        return Acceptance.Of(spec, accepted, change.Count);
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
            object[] arguments = [Milliseconds(_options.LeaseTime), .. mine.SelectMany(i => new object[] { leases[i].TaskId, leases[i].Attempt })];
            var answers = await RunAsync(EngineFunction.Renew, ofShard.Key, arguments);
            for (var i = 0; i < mine.Count; i++) replies[mine[i]] = ReplyOf((string)answers[i]!);
        }
        return replies;
    }

    public async Task<LeaseReply> AppendAsync(Lease lease, TaskChange change, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var tenant = lease.Task.Spec.TenantId;
        var log = LogOf(lease);
        var prepared = new PreparedChange(lease.TaskId, tenant, change);
        var step = new ScriptStep(StepVerb.Append).Change(prepared).Long(log.Unsure ?? -1).Long(lease.Attempt).Time(_options.LeaseTime)
            .Byte(prepared.Committing).Text(lease.TaskId).Text(tenant).Percentages(prepared).Values(prepared);
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
        // The worker goes on with its work, and others wait for their answers on this thread.
        await Task.Yield();
        return LeaseReply.Held;
    }

    public async Task<bool> FinishAsync(Lease lease, TaskOutcome outcome, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var tenant = _near = lease.Task.Spec.TenantId;
        var ending = new Ending(lease.TaskId, tenant, outcome);
        var unsure = _logs.TryGetValue(lease, out var log) ? log.Unsure : null;
        var call = _calls.TryGetValue(outcome, out var lost) ? lost : $"{_instance}{Interlocked.Increment(ref _calling)}";
        while (true)
        {
            var move = Move(ending, tenant, lease.TaskId, TaskPhase.Running) with
            {
                IfAttempt = lease.Attempt,
                IfCancel = ending.IsFinal ? null : false,
                Caller = call,
                After = unsure,
            };
            RedisResult[] answer;
            try
            {
                answer = await StepAsync(ShardOf(tenant), move.ToStep(), ending.Queues ? 1 : 0);
            }
            catch (UnavailableException)
            {
                _calls.AddOrUpdate(outcome, call);
                throw;
            }
            if ((string)answer[0]! == "moved") break;
            if ((string)answer[0]! != "differs" || (TaskPhase)(int)answer[1] != TaskPhase.Running || (int)answer[3] != lease.Attempt) return false;
            // The worker had not heard of the cancel when it handed the task back.
            ending = new Ending(lease.TaskId, tenant, TaskRules.Cancelled((TaskState)(int)answer[2], _time.GetUtcNow()));
            // It does not begin with what a lost call may have written.
            unsure = null;
        }
        _watchers.Nudge(lease.TaskId);
        if (outcome.At is not null) Call(int.MaxValue);
        return true;
    }

    public async Task<bool> ResumeAsync(string tenant, string taskId, int attempt, TaskChange change, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var move = new RedisMove(tenant, taskId, TaskPhase.Parked, TaskPhase.Queued, new PreparedChange(taskId, tenant, change)) { IfAttempt = attempt };
        var answer = await StepAsync(ShardOf(tenant), move.ToStep(), queued: 1);
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
            var answer = await StepAsync(shard, new ScriptStep(StepVerb.Cancel).Text(taskId).Text(tenant));
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
            var state = (TaskState)(int)answer[2];
            var ending = new Ending(taskId, tenant, TaskRules.Cancelled(state, _time.GetUtcNow()));
            var move = Move(ending, tenant, taskId, (TaskPhase)(int)answer[1]) with { IfState = state, IfAttempt = (int)answer[3], Reads = true };
            var moved = await StepAsync(shard, move.ToStep());
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
            var shard = ShardOf(tenant);
            var move = new RedisMove(tenant, taskId, TaskPhase.Ended, TaskPhase.Queued, new PreparedChange(taskId, tenant, change))
            {
                IfState = task.State,
                Reads = true,
                Limits = await LimitsAsync(tenant, shard),
            };
            var answer = await StepAsync(shard, move.ToStep(), queued: 1);
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
                var old = (RedisResult[])(await RunAsync(EngineFunction.Prune, shard, MaxPrunes, Milliseconds(_options.Retention)))!;
                pruned.AddRange(old.Select(accepted => RedisTask.ReadSpec((RedisValue)accepted, RedisValue.Null)));
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
        var lost = (RedisResult[])(await RunAsync(EngineFunction.Expired, shard, MaxRescues))!;
        return [.. lost.Select(fields => RedisTask.Read(fields)!)];
    }

    private async Task<(bool IsRescued, IngestionTask? Ended)> RescueAsync(RedisKey shard, IngestionTask task)
    {
        var (tenant, id) = (task.Spec.TenantId, task.Spec.TaskId);
        var ending = new Ending(id, tenant, TaskRules.AfterLostLease(task, _time.GetUtcNow()));
        var move = Move(ending, tenant, id, TaskPhase.Running) with
        {
            IfAttempt = task.Attempt,
            IfState = task.State,
            IfCancel = task.CancelRequested,
            IfExpired = true,
            Counts = TaskCounter.Crashes,
            Reads = ending.IsFinal,
        };
        var answer = await StepAsync(shard, move.ToStep(), ending.Queues ? 1 : 0);
        // Else another sweeper was faster, or its worker is back.
        if ((string)answer[0]! != "moved") return default;
        _watchers.Nudge(id);
        return (true, ending.IsFinal ? RedisTask.Read(answer[1]) : null);
    }
}
