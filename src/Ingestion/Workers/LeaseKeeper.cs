using System.Collections.Concurrent;
using Ingestion.Pipeline;
using Ingestion.Tasks;

namespace Ingestion.Workers;

/// <summary>
/// Keeps the leases of this process, from a thread of its own that busy parsers cannot starve, and brings cancels and losses to the
/// attempts that run under them.
/// </summary>
public sealed class LeaseKeeper(ITaskEngine engine, EngineOptions options, TimeProvider time, ILogger<LeaseKeeper> log) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<(string Tenant, string TaskId), Held> _held = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private Thread? _thread;
    private Task _watching = Task.CompletedTask;

    private TimeSpan Every => options.LeaseTime / 3;

    public LeaseHold Hold(Lease lease)
    {
        var hold = new LeaseHold(lease);
        _held[KeyOf(lease)] = new Held(hold, time.GetTimestamp());
        return hold;
    }

    public void Release(LeaseHold hold) => _held.TryRemove(KeyOf(hold.Lease), out _);

    public void EndAll(EndReason reason)
    {
        foreach (var held in _held.Values) held.Hold.End(reason);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(KeepLoop) { IsBackground = true, Name = "lease-keeper", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
        _watching = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _watching;
        await Task.Run(() => _thread?.Join(TimeSpan.FromSeconds(5)), CancellationToken.None);
    }

    public void Dispose()
    {
        _stop.Dispose();
        _wake.Dispose();
    }

    private void KeepLoop()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _wake.Wait(Every, _stop.Token);
                RenewAsync().GetAwaiter().GetResult();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception fault)
            {
                log.LogWarning(fault, "The leases could not be renewed; trying again");
                EndExpired();
                _stop.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(1));
            }
        }
    }

    private async Task RenewAsync()
    {
        var holds = _held.Values.Select(held => held.Hold).ToArray();
        if (holds.Length == 0) return;
        var asked = time.GetTimestamp();
        var replies = await engine.RenewAsync([.. holds.Select(hold => hold.Lease)], _stop.Token);
        for (var i = 0; i < holds.Length; i++)
        {
            switch (replies[i])
            {
                case LeaseReply.Held:
                    if (_held.TryGetValue(KeyOf(holds[i].Lease), out var held)) held.RenewedAt = asked;
                    break;
                case LeaseReply.CancelRequested:
                    holds[i].End(EndReason.Cancelled);
                    break;
                case LeaseReply.Lost:
                    holds[i].End(EndReason.Lost);
                    break;
            }
        }
    }

    /// <summary>A lease that this process could not renew in time is another's by now, whatever the engine would say.</summary>
    private void EndExpired()
    {
        foreach (var held in _held.Values)
        {
            if (time.GetElapsedTime(held.RenewedAt) > options.LeaseTime) held.Hold.End(EndReason.Lost);
        }
    }

    /// <summary>A change to a task that this process works on may be a cancel: ask at once.</summary>
    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var nudge in engine.WatchAsync(_stop.Token))
                {
                    if (nudge.TaskId is null ? _held.IsEmpty : !nudge.IsCancel || _held.Keys.All(key => key.TaskId != nudge.TaskId)) continue;
                    if (_wake.CurrentCount == 0) _wake.Release();
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception fault)
            {
                log.LogWarning(fault, "The watch for cancels broke; starting it again");
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
            }
        }
    }

    private static (string, string) KeyOf(Lease lease) => (lease.Task.Spec.TenantId, lease.TaskId);

    private sealed class Held(LeaseHold hold, long renewedAt)
    {
        public LeaseHold Hold { get; } = hold;
        public long RenewedAt { get; set; } = renewedAt;
    }
}
