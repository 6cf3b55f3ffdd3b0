using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>
/// The steps of one shard on their way to Redis. Those that come while others are underway wait for them and then travel together, in
/// one call that writes once what they have in common: the busier the engine, the less each costs. An idle one sends at once.
/// Answers are handed out on one thread, one after the other.
/// </summary>
/// <param name="compose">The arguments of a call with these steps.</param>
internal sealed class ShardSteps(RedisConnection redis, RedisKey shard, Func<ScriptStep[], object[]> compose)
{
    /// <summary>One is worked on while another travels.</summary>
    private const int MaxUnderway = 2;

    /// <summary>Redis serves nobody else during a call.</summary>
    private const int MaxTogether = 64;

    private readonly Lock _gate = new();

    /// <summary>Steps leave in their order; who adds one does not wait for that.</summary>
    private readonly Lock _sending = new();

    private readonly Queue<Step> _waiting = new();
    private int _underway;

    /// <summary>Somebody is about to send what waits.</summary>
    private bool _isCalled;

    /// <summary>Steps reach Redis in the order of these calls, but for leases, which come behind what travels with them.</summary>
    /// <param name="along">Asks for what is to travel with the step. An idle engine then sends on this thread: nothing else can come along.</param>
    /// <exception cref="UnavailableException">Redis is away. It may have been done all the same.</exception>
    public Task<RedisResult[]> RunAsync(ScriptStep arguments, Action? along = null)
    {
        var step = new Step(arguments);
        bool isIdle, isMine;
        lock (_gate)
        {
            _waiting.Enqueue(step);
            isIdle = _underway == 0;
            isMine = CallSender();
        }
        along?.Invoke();
        if (isMine && isIdle && along is not null) _ = SendAsync();
        else if (isMine) SendSoon();
        return step.Task;
    }

    /// <summary>Whether the caller is to see to it that what waits is sent.</summary>
    private bool CallSender()
    {
        if (_isCalled || _underway == MaxUnderway) return false;
        (_isCalled, _underway) = (true, _underway + 1);
        return true;
    }

    /// <summary>On this thread as soon as it has nothing else to do: what it asks for until then travels along.</summary>
    private void SendSoon() => ThreadPool.UnsafeQueueUserWorkItem(static steps => _ = steps.SendAsync(), this, preferLocal: true);

    private async Task SendAsync()
    {
        Step[] steps;
        Task<RedisResult> call;
        lock (_sending)
        {
            lock (_gate)
            {
                _isCalled = false;
                if (_waiting.Count == 0)
                {
                    _underway--;
                    return;
                }
                steps = new Step[Math.Min(_waiting.Count, MaxTogether)];
                for (var i = 0; i < steps.Length; i++) steps[i] = _waiting.Dequeue();
                if (_waiting.Count > 0 && CallSender()) SendSoon();
            }
            // Leases come last: they take from the line at once, and what the others queue is in it by then.
            steps = [.. steps.OrderBy(step => step.Arguments.Wants > 0)];
            call = EngineFunction.Work.RunAsync(redis, shard, compose(Array.ConvertAll(steps, step => step.Arguments)));
        }
        try
        {
            var answers = (RedisResult[])(await call.ConfigureAwait(false))!;
            _ = SendAsync();
            // Right here: to wake another thread for each costs more than what most callers do with it.
            var at = 0;
            foreach (var step in steps)
            {
                var length = (int)answers[at++];
                step.SetResult(answers[at..(at + length)]);
                at += length;
            }
        }
        catch (Exception fault)
        {
            // Those that wait would only wait for the same.
            Step[] waiting = [];
            if (fault is UnavailableException)
            {
                lock (_gate)
                {
                    waiting = [.. _waiting];
                    _waiting.Clear();
                }
            }
            _ = SendAsync();
            foreach (var step in steps.Concat(waiting)) step.FailElsewhere(fault);
        }
    }

    private sealed class Step(ScriptStep arguments) : TaskCompletionSource<RedisResult[]>
    {
        public ScriptStep Arguments => arguments;

        public void FailElsewhere(Exception fault) =>
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Step.TrySetException(state.Fault), (Step: this, Fault: fault), preferLocal: false);
    }
}
