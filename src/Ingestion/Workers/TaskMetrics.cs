using System.Diagnostics.Metrics;
using Ingestion.Inboxes;
using Ingestion.Streaming;
using Ingestion.Tasks;
using Ingestion.Webhooks;

namespace Ingestion.Workers;

/// <summary>The figures that <c>/metrics</c> shows of tasks and workers. Every name of a metric stands here.</summary>
public sealed class TaskMetrics(
    ITaskEngine engine, WorkerPool pool, EventDispatcher dispatcher, WebhookSender webhooks, IMeterFactory meters, InboxReader? inboxes = null) : IHostedService
{
    public const string MeterName = "Ingestion";

    private readonly Meter _meter = meters.Create(MeterName);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableGauge("ingestion.tasks", ReadTasks, "{task}", "Tasks by phase");
        _meter.CreateObservableGauge("ingestion.workers", ReadWorkers, "{worker}", "Workers by what they do");
        _meter.CreateObservableGauge("ingestion.followers", () => dispatcher.Followers, "{connection}", "Sockets and streams that follow tasks");
        _meter.CreateObservableCounter("ingestion.webhooks", ReadWebhooks, "{webhook}", "Tries of telling of a task's end, by how they went");
        if (inboxes is not null)
            _meter.CreateObservableCounter("ingestion.inbox.dead", () => inboxes.Dead, "{item}", "Items of other services put aside");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<long>> ReadTasks()
    {
        EngineStats stats;
        try
        {
            stats = engine.StatsAsync(CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (UnavailableException)
        {
            return [];
        }
        return [Of(stats.Waiting, "waiting"), Of(stats.Running, "running"), Of(stats.Parked, "parked")];
    }

    private IEnumerable<Measurement<long>> ReadWebhooks() =>
        [Of(webhooks.Delivered, "delivered"), Of(webhooks.Failed, "failed"), Of(webhooks.GivenUp, "given_up")];

    private IEnumerable<Measurement<long>> ReadWorkers() => [Of(pool.Busy, "busy"), Of(pool.Count - pool.Busy, "idle")];

    private static Measurement<long> Of(long value, string phase) => new(value, new KeyValuePair<string, object?>("phase", phase));
}
