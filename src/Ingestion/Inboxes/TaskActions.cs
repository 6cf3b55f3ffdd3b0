using System.Text.Json;
using Ingestion.Actions;
using Ingestion.Config;
using Ingestion.Redis;
using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Inboxes;

/// <summary>A <see cref="TaskAction"/> cancels a task, or is answered with how it stands.</summary>
public sealed class TaskActions(ITaskEngine engine, RedisConnection redis, Settings settings, TimeProvider time) : IActionHandler
{
    private const string Unknown = "There is no such task for this tenant.";
    private static readonly TimeSpan AlmostDone = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>The lists are read side by side: what is said of a task may overtake the document that makes it, by so much.</summary>
    private static readonly TimeSpan LongestOvertaking = TimeSpan.FromSeconds(5);

    /// <summary>Since when a task that nobody knows is waited for.</summary>
    private readonly Dictionary<(string Tenant, string TaskId), long> _early = [];

    public string Queue => settings.TaskStatusQueue;

    public async Task<ActionOutcome> HandleAsync(JsonElement action, CancellationToken cancel)
    {
        if (TaskAction.Parse(action, out var reason) is not { } asked) return ActionOutcome.Dead(reason);
        if (asked.IsCancel)
        {
            var result = await engine.CancelAsync(asked.TenantId, asked.TaskId, cancel);
            return result.Kind switch
            {
                CancelKind.NotFound => NotYet(asked),
                // It ends in a moment, and then this has come too late.
                CancelKind.Committing => ActionOutcome.Later(AlmostDone),
                CancelKind.Cancelled or CancelKind.Requested or CancelKind.Finished => ActionOutcome.Done,
            };
        }
        if (await engine.GetAsync(asked.TenantId, asked.TaskId, cancel) is not { } task) return NotYet(asked);
        var view = JsonSerializer.SerializeToNode(TaskView.Of(task), TaskWire.Default.TaskView)!;
        var answer = TaskAction.StatusOf(asked.TenantId, asked.TaskId, view, asked.ActionId, time.GetUtcNow()).ToJsonString();
        try
        {
            await redis.AskAsync(database => database.ListRightPushAsync(asked.CallbackQueue, answer));
            return ActionOutcome.Done;
        }
        catch (RedisServerException refused) when (refused.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            return ActionOutcome.Dead("callback_queue is not a list.");
        }
    }

    private ActionOutcome NotYet(TaskAction asked)
    {
        foreach (var (old, _) in _early.Where(one => time.GetElapsedTime(one.Value) > 2 * LongestOvertaking).ToList()) _early.Remove(old);
        var task = (asked.TenantId, asked.TaskId);
        if (_early.TryAdd(task, time.GetTimestamp()) || time.GetElapsedTime(_early[task]) < LongestOvertaking) return ActionOutcome.Behind(LookAgain);
        return ActionOutcome.Dead(Unknown);
    }
}
