using Ingestion.Config;
using Ingestion.Redis;

namespace Ingestion.Inboxes;

/// <summary>Reads the lists of other services: takes an item, has it done, removes it. Nothing that an item holds ends it.</summary>
public sealed class InboxReader(
    IEnumerable<IActionHandler> handlers, RedisConnection redis, Settings settings, TimeProvider time, ILogger<InboxReader> log)
    : BackgroundService
{
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(1);
    private long _dead;

    /// <summary>Items put aside since the start.</summary>
    public long Dead => Interlocked.Read(ref _dead);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(handlers.Select(handler => Task.Run(() => ReadAsync(handler, stoppingToken), CancellationToken.None)));

    private async Task ReadAsync(IActionHandler handler, CancellationToken stop)
    {
        var inbox = new RedisInbox(redis, handler.Queue);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await inbox.TakeAsync() is { } item) await HandleAsync(inbox, handler, item, stop);
                // Varied, so that instances do not ask all at once.
                else await Task.Delay(settings.WorkerSleepTime * (0.75 + Random.Shared.NextDouble() / 2), time, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (UnavailableException)
            {
                // Redis tells of itself that it is away.
                await PauseAsync(PauseAfterFault, stop);
            }
            catch (Exception fault)
            {
                log.LogError(fault, "Reading {Queue} failed; it goes on", inbox.Queue);
                await PauseAsync(PauseAfterFault, stop);
            }
        }
        try
        {
            await inbox.LeaveAsync();
        }
        catch (UnavailableException)
        {
            // Another reader finds out.
        }
    }

    /// <summary>Until it is done or put aside. While something is away it stays this reader's.</summary>
    private async Task HandleAsync(RedisInbox inbox, IActionHandler handler, byte[] item, CancellationToken stop)
    {
        var isDecided = false;
        try
        {
            var outcome = await DoAsync(handler, item, stop);
            isDecided = true;
            if (outcome.RetryAfter is { } wait)
            {
                await (outcome.LetsOthersPass ? inbox.PutBehindAsync() : inbox.GiveBackAsync());
                await PauseAsync(wait, stop);
            }
            else if (outcome.DeadReason is { } reason)
            {
                await InsistAsync(() => inbox.BuryAsync(item, reason, time.GetUtcNow()), stop);
                Interlocked.Increment(ref _dead);
                log.LogWarning("An item of {Queue} was put aside: {Reason}", inbox.Queue, reason);
            }
            else
            {
                await InsistAsync(() => inbox.DoneAsync(item), stop);
            }
        }
        finally
        {
            if (!isDecided) await InsistAsync(inbox.GiveBackAsync, stop);
        }
    }

    private async Task<ActionOutcome> DoAsync(IActionHandler handler, byte[] item, CancellationToken stop)
    {
        using var json = ActionJson.Parse(item, out var reason);
        if (json is null) return ActionOutcome.Dead(reason);
        try
        {
            return await handler.HandleAsync(json.RootElement, stop);
        }
        catch (Exception fault) when (fault is not (UnavailableException or OperationCanceledException))
        {
            log.LogError(fault, "An item of {Queue} could not be handled", handler.Queue);
            return ActionOutcome.Dead("The service met an error of its own with it.");
        }
    }

    private static async Task InsistAsync(Func<Task> step, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await step();
                return;
            }
            catch (UnavailableException) when (!stop.IsCancellationRequested)
            {
                await PauseAsync(PauseAfterFault, stop);
            }
        }
    }

    private static async Task PauseAsync(TimeSpan wait, CancellationToken stop) =>
        await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
