using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Ingestion.Actions;
using Ingestion.Config;
using Ingestion.Redis;
using Ingestion.Sources;
using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Webhooks;

/// <summary>
/// Tells of tasks that have ended, beside the workers: no task waits for it. Each end is told at least once, and again for some hours where
/// nobody takes it; then the task says so in its warnings.
/// </summary>
/// <param name="http">Guards addresses that clients name. The operator's own may be private.</param>
/// <param name="redis">Has the lists of those who asked by one.</param>
public sealed class WebhookSender(
    IWebhookOutbox outbox, GuardedHttp http, Settings settings, TimeProvider time, ILogger<WebhookSender> log, RedisConnection? redis = null)
    : BackgroundService
{
    public const int MaxTries = 10;

    private const int AtOnce = 16;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Well above the patience: only an instance that died keeps one that long.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly GuardedHttp _ofOperator = new(allowPrivate: true, []);
    private readonly SemaphoreSlim _room = new(AtOnce);
    private long _delivered, _failed, _givenUp;

    public long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>Tries that failed; most are made good by a later one.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    public long GivenUp => Interlocked.Read(ref _givenUp);

    public override void Dispose()
    {
        _ofOperator.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isAway = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var taken = 0;
            try
            {
                await _room.WaitAsync(stoppingToken);
                _room.Release();
                var due = await outbox.TakeWebhooksAsync(Math.Max(1, _room.CurrentCount), Hold, stoppingToken);
                (taken, isAway) = (due.Count, false);
                foreach (var one in due) _ = SendAsync(one, stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // Once for all the time that they are away.
                if (!isAway || fault is not UnavailableException) log.LogWarning(fault, "Webhooks cannot be read; it tries again");
                isAway = fault is UnavailableException;
            }
            if (taken == 0) await Task.Delay(Look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(DueWebhook webhook, CancellationToken cancel)
    {
        await _room.WaitAsync(CancellationToken.None);
        try
        {
            await CloseAsync(webhook, await TryAsync(webhook.Task, cancel), cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It is held for a while yet; then another instance, or this one started again, has it.
        }
        catch (Exception fault)
        {
            log.LogWarning(fault, "The webhook of task {Task} could not be written down; it comes again", webhook.Task.Spec.TaskId);
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task CloseAsync(DueWebhook webhook, Refusal? refusal, CancellationToken cancel)
    {
        if (refusal is null)
        {
            Interlocked.Increment(ref _delivered);
            await outbox.CloseWebhookAsync(webhook, null, null, cancel);
            return;
        }
        Interlocked.Increment(ref _failed);
        var (task, tries) = (webhook.Task.Spec.TaskId, webhook.Try);
        if (refusal.IsFinal || tries >= MaxTries)
        {
            Interlocked.Increment(ref _givenUp);
            log.LogWarning("The webhook of task {Task} was given up after {Tries} tries: {Reason}", task, tries, refusal.Reason);
            var many = tries == 1 ? "1 try" : string.Create(CultureInfo.InvariantCulture, $"{tries} tries");
            await outbox.CloseWebhookAsync(webhook, null, $"Nobody could be told of the task's end, after {many}. {refusal.Reason}", cancel);
            return;
        }
        var ceiling = Math.Min(LongestWait.TotalSeconds, FirstWait.TotalSeconds * Math.Pow(3, tries - 1));
        var wait = TimeSpan.FromSeconds(ceiling * (1 + Random.Shared.NextDouble()) / 2);
        if (refusal.RetryAfter is { } asked && asked > wait) wait = asked < LongestWait ? asked : LongestWait;
        log.LogInformation("The webhook of task {Task} failed, try {Try}: {Reason} It is tried again in {Seconds:0} s", task, tries, refusal.Reason, wait.TotalSeconds);
        await outbox.CloseWebhookAsync(webhook, time.GetUtcNow() + wait, null, cancel);
    }

    /// <summary>Null where all who asked have taken it. A list that does not keeps the address from nothing.</summary>
    private async Task<Refusal?> TryAsync(IngestionTask task, CancellationToken cancel)
    {
        var ofList = task.Spec.CallbackQueue is { } queue ? await PushAsync(queue, task) : null;
        return await PostAsync(task, cancel) ?? ofList;
    }

    private async Task<Refusal?> PostAsync(IngestionTask task, CancellationToken cancel)
    {
        var address = task.Spec.CallbackUrl ?? (task.Spec.CallbackQueue is null ? settings.WebhookUrl : null);
        // The operator has taken the address away since.
        if (address is null) return null;
        var client = task.Spec.CallbackUrl is null ? _ofOperator.Client : http.Client;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using var request = RequestOf(task, new Uri(address));
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            var status = (int)answer.StatusCode;
            if (answer.IsSuccessStatusCode) return null;
            if (status is >= 300 and < 400) return new Refusal($"The address redirects elsewhere ({status}); name the one where it leads.", IsFinal: true);
            var wait = answer.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - time.GetUtcNow() : null;
            return new Refusal($"The address answered {status}.", IsFinal: status == 410, wait);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Refusal($"The address did not answer within {Patience.TotalSeconds:0} s.");
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            var guarded = fault as AddressRefusedException ?? fault.InnerException as AddressRefusedException;
            return guarded is null ? new Refusal("The address could not be reached.") : new Refusal(guarded.Message, IsFinal: true);
        }
    }

    private async Task<Refusal?> PushAsync(string queue, IngestionTask task)
    {
        var view = JsonSerializer.SerializeToNode(TaskView.Of(task), TaskWire.Default.TaskView)!;
        var told = TaskAction.StatusOf(task.Spec.TenantId, task.Spec.TaskId, view, null, time.GetUtcNow()).ToJsonString();
        try
        {
            await redis!.AskAsync(database => database.ListRightPushAsync(queue, told));
            return null;
        }
        catch (RedisServerException fault) when (fault.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            return new Refusal("callback_queue is not a list.", IsFinal: true);
        }
    }

    private HttpRequestMessage RequestOf(IngestionTask task, Uri address)
    {
        var (body, id, now) = (WebhookMessage.BodyOf(task), WebhookMessage.IdOf(task), time.GetUtcNow());
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json", "utf-8") } },
        };
        request.Headers.TryAddWithoutValidation("User-Agent", "Ingestion/" + settings.Version);
        request.Headers.TryAddWithoutValidation("webhook-id", id);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        if (settings.WebhookSecret is { } secret) request.Headers.TryAddWithoutValidation("webhook-signature", WebhookMessage.Sign(secret, id, now, body));
        return request;
    }

    /// <param name="IsFinal">Trying again would be no use.</param>
    private sealed record Refusal(string Reason, bool IsFinal = false, TimeSpan? RetryAfter = null);
}
