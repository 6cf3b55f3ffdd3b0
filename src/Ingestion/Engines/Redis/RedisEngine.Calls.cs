using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>Reading, and what the verbs share.</summary>
public sealed partial class RedisEngine
{
    private const int ScanAtOnce = 1_000;
    private static readonly TimeSpan LongestEstimate = TimeSpan.FromMinutes(1);

    public async Task<IngestionTask?> GetAsync(string tenant, string taskId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return await ReadAsync(tenant, taskId);
    }

    public async Task<TaskPage> ListAsync(TaskFilter filter, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var shard = ShardOf(filter.Tenant);
        var skip = (filter.Page - 1L) * filter.PageSize;
        object[] Asked(object skip, object from, int size) =>
        [
            filter.Tenant, filter.Collection ?? "", filter.Document ?? "", filter.State is { } state ? (int)state : "", skip, from, size,
        ];
        if (filter.State is null && filter.Document is null == filter.Collection is null)
        {
            var page = await RunAsync(EngineFunction.List, shard, Asked(skip, "", filter.PageSize));
            return new([.. ((RedisResult[])page[1]!).Select(RedisTask.Read).OfType<IngestionTask>()], (long)page[0]);
        }
        var (total, from, ids) = (0L, 0L, new List<string>());
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var stretch = await RunAsync(EngineFunction.List, shard, Asked("", from, ScanAtOnce));
            foreach (var id in (string[])stretch[1]!)
            {
                if (total >= skip && ids.Count < filter.PageSize) ids.Add(id);
                total++;
            }
            if ((long)stretch[0] == 0) break;
            from += (long)stretch[0];
        }
        var tasks = await Task.WhenAll(ids.Select(id => ReadAsync(filter.Tenant, id)));
        return new([.. tasks.OfType<IngestionTask>()], total);
    }

    public async Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(
        string tenant, string taskId, long after, int max, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var bodies = (byte[][])(await RunAsync(EngineFunction.Events, ShardOf(tenant), tenant, taskId, after, max))!;
        return [.. bodies.Select((body, index) => new StoredEvent(after + 1 + index, body))];
    }

    public IAsyncEnumerable<TaskNudge> WatchAsync(CancellationToken cancel)
    {
        _news.HearSoon();
        return _watchers.WatchAsync(cancel);
    }

    public async Task<bool> NeedsUploadAsync(string fileKey, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var suffix = $":upload:{Encoding.UTF8.GetByteCount(fileKey)}:{fileKey}";
        var there = await Task.WhenAll(_shards.Select(shard => _redis.AskAsync(database => database.KeyExistsAsync(shard.Append(suffix)))));
        return there.Contains(true);
    }

    public async Task<EngineStats> StatsAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var shards = await Task.WhenAll(_shards.Select(shard => RunAsync(EngineFunction.Stats, shard)));
        long Sum(int column) => shards.Sum(shard => (long)shard[column]);
        var oldest = shards.Where(shard => !shard[3].IsNull).Select(shard => (double)shard[3]).DefaultIfEmpty(-1).Min();
        return new(Sum(0), Sum(1), Sum(2), oldest < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)oldest));
    }

    /// <summary>Asks on behalf of idle workers.</summary>
    /// <param name="tasks">How many have been queued.</param>
    private void Call(int tasks, RedisKey? shard = null)
    {
        foreach (var waiter in _idle.Call(tasks)) _ = TakeForAsync(waiter, shard);
    }

    private async Task TakeForAsync(IdleWorkers.Waiter waiter, RedisKey? shard)
    {
        try
        {
            waiter.SetResult(await TakeAsync(waiter.Worker, waiter.Max, shard).ConfigureAwait(false));
        }
        catch (Exception fault)
        {
            waiter.SetException(fault);
        }
    }

    /// <summary>The next in line of the first shard that has some, and in how long one is due where none has.</summary>
    private async Task<Taken> TakeAsync(string worker, int max, RedisKey? nearest = null)
    {
        var call = Interlocked.Increment(ref _calling);
        var token = $"{_instance}{call}";
        var first = nearest is { } near ? Array.IndexOf(_shards, near) : call;
        var due = TimeSpan.MaxValue;
        for (var i = 0; i < _shards.Length; i++)
        {
            var shard = _shards[(uint)(first + i) % _shards.Length];
            var step = ScriptStep.Lease(max, _options.LeaseTime, token);
            RedisResult[] answer;
            try
            {
                answer = await StepAsync(shard, step);
                if (answer.Length > 1) return new(await ReadLeasesAsync(worker, shard, answer), default);
            }
            catch (UnavailableException)
            {
                _unanswered[worker] = new(shard, token);
                throw;
            }
            if ((long)answer[0] is >= 0 and var wait && TimeSpan.FromMilliseconds(wait) is var next && next < due) due = next;
        }
        return new([], due);
    }

    /// <summary>What an earlier call leased for the worker, when its answer got lost. Else the lease would count as a crash.</summary>
    private async Task<IReadOnlyList<Lease>> ReclaimAsync(string worker)
    {
        if (!_unanswered.TryGetValue(worker, out var lost)) return [];
        var answer = await RunAsync(EngineFunction.Unanswered, lost.Shard, lost.Token, Milliseconds(_options.LeaseTime));
        var leases = new List<Lease>();
        foreach (var fields in (RedisResult[])answer!) Add(leases, worker, RedisTask.Read(fields)!);
        _unanswered.TryRemove(KeyValuePair.Create(worker, lost));
        return leases;
    }

    /// <summary>As <c>lease</c> answers: of each task, how many fields it has and these.</summary>
    private async ValueTask<List<Lease>> ReadLeasesAsync(string worker, RedisKey shard, RedisResult[] answer)
    {
        var leases = new List<Lease>();
        for (int at = 1, count; at < answer.Length; at += 1 + count)
        {
            count = (int)answer[at];
            Add(leases, worker, count == 2
                ? await ReadSentAsync(shard, (RedisValue)answer[at + 1], (string)answer[at + 2]!)
                : RedisTask.ReadLeased(answer.AsSpan(at + 1, count)));
        }
        return leases;
    }

    private async ValueTask<IngestionTask> ReadSentAsync(RedisKey shard, RedisValue head, string taskId)
    {
        if (TakeSent(head, taskId) is not { } spec)
        {
            var fields = await _redis.AskAsync(database =>
                database.HashGetAsync(shard.Append($":task:{taskId}"), ["accepted", "inline"], CommandFlags.DemandMaster));
            if (fields[0].IsNull) throw new UnavailableException($"Redis does not have what task {taskId} was accepted with now.");
            spec = RedisTask.ReadSpec(fields[0], fields[1]);
        }
        return RedisTask.Read(head, spec);
    }

    private TaskSpec? TakeSent(RedisValue head, string taskId)
    {
        var sending = RedisTask.SendingOf(((ReadOnlyMemory<byte>)head).Span, out var tenant);
        return _sent.TryTake(sending, taskId, tenant, out var spec) ? spec : null;
    }

    private void Add(List<Lease> leases, string worker, IngestionTask task)
    {
        leases.Add(new Lease(worker, task));
        _watchers.Nudge(task.Spec.TaskId);
    }

    private async Task<IngestionTask?> ReadAsync(string tenant, string taskId)
    {
        var fields = await _redis.AskAsync(database => database.HashGetAsync(Key(tenant, "task", taskId), RedisTask.Fields));
        return RedisTask.Read(fields) is { } task && task.Spec.TenantId == tenant ? task : null;
    }

    /// <summary>Once more where the connection broke under the call; the step knows what it has done already.</summary>
    /// <param name="queued">Tasks that it will queue: who waits for one in this process is sent right behind the step.</param>
    private async Task<(RedisResult[] Reply, bool IsRepeated)> StepTwiceAsync(RedisKey shard, ScriptStep step, int queued)
    {
        var asked = Stopwatch.GetTimestamp();
        try
        {
            return (await StepAsync(shard, step, queued), false);
        }
        catch (UnavailableException fault) when (fault.InnerException is RedisConnectionException && Stopwatch.GetElapsedTime(asked) < Poll)
        {
            return (await StepAsync(shard, step, queued), true);
        }
    }

    private Task<RedisResult[]> StepAsync(RedisKey shard, ScriptStep step, int queued = 0) =>
        _steps[shard].RunAsync(step, queued > 0 ? () => Call(queued, shard) : null);

    private Task<RedisResult> RunAsync(EngineFunction function, RedisKey shard, params ReadOnlySpan<object> arguments) =>
        function.RunAsync(_redis, shard, [.. new object[EngineFunction.Prefix], Now, .. arguments]);

    private object[] Compose(ScriptStep[] steps)
    {
        var at = EngineFunction.Prefix + 2;
        foreach (var step in steps) at += step.Count;
        var values = new object[at];
        at = EngineFunction.Prefix;
        (values[at++], values[at++]) = (Now, OfCall(steps));
        foreach (var step in steps)
        {
            step.CopyTo(values, at);
            at += step.Count;
        }
        return values;
    }

    /// <summary>As CALL in sharing.lua has it.</summary>
    private ReadOnlyMemory<byte> OfCall(ScriptStep[] steps)
    {
        var near = _near;
        var packed = new byte[1 + sizeof(int) + InstanceLength + Encoding.UTF8.GetByteCount(near) + 1];
        packed[0] = (byte)(_news.IsHearing ? 1 : 0);
        BinaryPrimitives.WriteInt32BigEndian(packed.AsSpan(1), (int)Math.Min(steps.Sum(step => (long)step.Wants), int.MaxValue));
        Encoding.UTF8.GetBytes(_instance, packed.AsSpan(1 + sizeof(int)));
        Encoding.UTF8.GetBytes(near, packed.AsSpan(1 + sizeof(int) + InstanceLength));
        return packed;
    }

    /// <summary>Empty for the server's own time.</summary>
    private object Now => _time == TimeProvider.System ? "" : _time.GetUtcNow().ToUnixTimeMilliseconds();

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private RedisMove Move(Ending ending, string tenant, string taskId, TaskPhase from) =>
        RedisMove.By(ending, tenant, taskId, from, _time.GetUtcNow());

    private async ValueTask<(long Waiting, TenantLimits Tenant)> LimitsAsync(string tenant, RedisKey shard) =>
        (Math.Max(0, _options.MaxQueueDepth - await _elsewhere.CountAsync(shard)), _options.LimitsOf(tenant));

    private static long CostOf(TaskSpec spec) => Math.Max(1, (long)(spec.Cost * CostUnits));

    private RedisKey ShardOf(string tenant) => _shards.Length == 1
        ? _shards[0]
        : _shards[BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(tenant))) % (uint)_shards.Length];

    private RedisKey Key(string tenant, string kind, string taskId) => ShardOf(tenant).Append($":{kind}:{taskId}");

    private LeaseLog LogOf(Lease lease) => _logs.GetValue(lease, one => new LeaseLog(one.Task.LastEvent));

    /// <summary>How long it takes, at the pace of the last ends, until a hundredth of what waits has gone.</summary>
    private EnqueueResult.Full Full(string tenant, RedisResult[] reply)
    {
        var own = _options.LimitsOf(tenant);
        var (kind, limit) = (string)reply[1]! switch
        {
            "queue" => (FullKind.Queue, _options.MaxQueueDepth),
            "tenant_queue" => (FullKind.TenantQueue, own.Waiting),
            _ => (FullKind.TenantTasks, own.Open),
        };
        var (ends, since, tenants) = ((int)reply[2], TimeSpan.FromMilliseconds((long)reply[3]), (int)reply[4]);
        var each = ends == 0 ? LongestEstimate : since / ends * (kind == FullKind.Queue ? 1 : tenants);
        var seconds = Math.Ceiling(each.TotalSeconds * Math.Max(1, limit / 100));
        return new(limit, TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestEstimate.TotalSeconds)), kind);
    }

    private void Heard(string? taskId, bool queued, bool isCancel)
    {
        if (taskId is null) Call(int.MaxValue);
        else if (queued) Call(1);
        _watchers.Nudge(taskId, isCancel);
    }

    private static LeaseReply ReplyOf(string answer) => answer switch
    {
        "held" => LeaseReply.Held,
        "cancel" => LeaseReply.CancelRequested,
        _ => LeaseReply.Lost,
    };

    private sealed record UnansweredLease(RedisKey Shard, string Token);

    /// <summary>
    /// The last event that a lease's holder knows to be written. After an append whose answer got lost, the next one says what that is,
    /// and the script leaves out what the lost one wrote.
    /// </summary>
    private sealed class LeaseLog(long last)
    {
        private readonly Lock _gate = new();
        private long _last = last;
        private bool _isUnsure;

        public long? Unsure
        {
            get
            {
                lock (_gate) return _isUnsure ? _last : null;
            }
        }

        public void Doubt()
        {
            lock (_gate) _isUnsure = true;
        }

        /// <summary>Fewer than before where Redis has lost some in a failover.</summary>
        public void Wrote(long last)
        {
            lock (_gate) (_last, _isUnsure) = (last, false);
        }
    }
}
