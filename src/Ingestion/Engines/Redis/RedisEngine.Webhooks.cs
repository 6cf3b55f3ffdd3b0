using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

public sealed partial class RedisEngine : IWebhookOutbox
{
    public async Task<IReadOnlyList<DueWebhook>> TakeWebhooksAsync(int max, TimeSpan hold, CancellationToken cancel)
    {
        var due = new List<DueWebhook>();
        foreach (var shard in _shards)
        {
            cancel.ThrowIfCancellationRequested();
            if (due.Count >= max) break;
            var answer = await RunAsync(EngineFunction.TakeWebhooks, shard, max - due.Count, Milliseconds(hold));
            due.AddRange(((RedisResult[])answer!).Select(one => new DueWebhook(RedisTask.Read(one[0])!, (int)one[1])));
        }
        return due;
    }

    public async Task CloseWebhookAsync(DueWebhook webhook, DateTimeOffset? again, string? warning, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var (tenant, task) = (webhook.Task.Spec.TenantId, webhook.Task);
        object warnings = warning is null ? "" : TaskJson.Write([.. task.Warnings, warning])!;
        object delay = again is { } at ? Math.Max(0, Milliseconds(at - _time.GetUtcNow())) : "";
        await RunAsync(EngineFunction.CloseWebhook, ShardOf(tenant), tenant, task.Spec.TaskId, webhook.Try, task.LastEvent, delay, warnings);
    }
}
