using System.Text;
using System.Text.Json;
using Ingestion.Sources;
using Ingestion.Tasks;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Engines;

/// <summary>
/// What every <see cref="ITaskEngine"/> must keep. An engine's own test class only says how to open it; each call of
/// <see cref="OpenAsync"/> gives another instance over the same state, as another process would have.
/// </summary>
public abstract partial class TaskEngineConformance
{
    protected ManualTime Time { get; } = new();

    /// <summary>The unit of all times here. An engine that takes the time from its server makes it short.</summary>
    protected virtual TimeSpan Tick => TimeSpan.FromSeconds(1);

    protected TimeSpan LeaseTime => 10 * Tick;

    protected TimeSpan Retention => 100 * Tick;

    protected EngineOptions Options => new() { LeaseTime = LeaseTime, Retention = Retention };

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected abstract Task<ITaskEngine> OpenAsync(EngineOptions options, TimeProvider time);

    /// <summary>Lets time pass. An engine that takes the time from its server waits here.</summary>
    protected virtual Task AdvanceAsync(TimeSpan by)
    {
        Time.Advance(by);
        return Task.CompletedTask;
    }

    /// <summary>Lets time pass a tick at a time, with room for the engine to notice, until the call returns.</summary>
    private async Task AdvanceUntilAsync(Task call)
    {
        while (!call.IsCompleted)
        {
            await AdvanceAsync(Tick);
            await Task.WhenAny(call, Task.Delay(20, Stop));
        }
    }

    protected Task<ITaskEngine> OpenAsync() => OpenAsync(Options, Time);

    protected TaskSpec Spec(
        string tenant = "acme", string? key = null, string? fingerprint = null, int priority = 0, double cost = 1) => new()
        {
            TaskId = Guid.CreateVersion7().ToString(),
            TenantId = tenant,
            CollectionId = "manuals",
            DocumentId = "pump-7",
            Source = SourceKind.Text,
            Content = new() { Inline = "The pump starts."u8.ToArray(), Size = 16 },
            Chunker = "sentence",
            ChunkSize = 512,
            ChunkOverlap = 64,
            Priority = priority,
            Cost = cost,
            CreatedAt = Time.GetUtcNow(),
            IdempotencyKey = key,
            Fingerprint = fingerprint,
        };

    protected static async Task<TaskSpec> EnqueueAsync(ITaskEngine engine, TaskSpec spec)
    {
        Assert.IsType<EnqueueResult.Created>(await engine.EnqueueAsync(spec, Stop));
        return spec;
    }

    /// <summary>What is due now.</summary>
    protected static Task<IReadOnlyList<Lease>> LeaseAsync(ITaskEngine engine, int max = 1) =>
        engine.LeaseAsync("worker-1", max, TimeSpan.Zero, Stop);

    protected async Task<Lease> EnqueueAndLeaseAsync(ITaskEngine engine, TaskSpec? spec = null)
    {
        await EnqueueAsync(engine, spec ?? Spec());
        return Assert.Single(await LeaseAsync(engine));
    }

    protected static async Task<IngestionTask> GetAsync(ITaskEngine engine, string taskId, string tenant = "acme") =>
        await engine.GetAsync(tenant, taskId, Stop) ?? throw new InvalidOperationException("There is no such task.");

    protected static async Task<IReadOnlyList<JsonElement>> EventsAsync(ITaskEngine engine, string taskId, string tenant = "acme")
    {
        var events = await engine.ReadEventsAsync(tenant, taskId, 0, int.MaxValue, Stop);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(id => (long)id), events.Select(one => one.Id));
        return [.. events.Select(one => JsonElement.Parse(Encoding.UTF8.GetString(one.ToWire())))];
    }

    protected static async Task<string[]> StatesAsync(ITaskEngine engine, string taskId, string tenant = "acme") =>
    [
        .. (await EventsAsync(engine, taskId, tenant))
            .Where(one => one.GetProperty("event_type").GetString() == "task_status")
            .Select(one => one.GetProperty("current_status").GetString()!),
    ];

    protected TaskChange Status(TaskState from, TaskState to) =>
        new() { Events = [new StatusEvent(Time.GetUtcNow(), from, to, "Went on.")] };

    protected TaskChange Progress(int percentage) =>
        new() { Events = [new ProgressEvent(Time.GetUtcNow(), percentage, TaskState.Extracting, $"At {percentage} %.")] };

    protected TaskOutcome Completed(string result = """{"chunks":3}""") => new()
    {
        Kind = OutcomeKind.Completed,
        Result = JsonElement.Parse(result),
        Change = new()
        {
            Events =
            [
                new ProgressEvent(Time.GetUtcNow(), 100, TaskState.Completed, "Done."),
                new StatusEvent(Time.GetUtcNow(), TaskState.Storing, TaskState.Completed, "The document is searchable."),
            ],
        },
    };

    protected TaskOutcome Failed(string code = TaskErrors.Extraction) =>
        TaskRules.Failed(TaskState.Processing, new TaskError(code, "The file is damaged. Save it again."), Time.GetUtcNow());

    protected TaskOutcome RetryIn(TimeSpan wait) => new()
    {
        Kind = OutcomeKind.Retry,
        Error = new TaskError(TaskErrors.Embedding, "The embedding service did not answer."),
        At = Time.GetUtcNow() + wait,
        Change = Status(TaskState.Embedding, TaskState.Pending),
    };

    protected TaskOutcome ParkedFor(TimeSpan? wait) => new()
    {
        Kind = OutcomeKind.Parked,
        At = wait is null ? null : Time.GetUtcNow() + wait,
        Change = Status(TaskState.Chunking, TaskState.Embedding) with { Checkpoint = """{"stage":"embedding"}""" },
    };

    protected TaskOutcome Released() => TaskRules.Released(TaskState.Processing, Time.GetUtcNow());

    protected TaskOutcome Cancelled() => TaskRules.Cancelled(TaskState.Processing, Time.GetUtcNow());
}
