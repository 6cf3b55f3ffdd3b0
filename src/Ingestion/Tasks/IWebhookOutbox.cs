namespace Ingestion.Tasks;

/// <summary>
/// Ends of tasks that somebody is to be told of. An end comes here by the write that ends the task (<see cref="TaskSpec.Notify"/>), so
/// none is forgotten, and leaves when it is closed. Each <see cref="ITaskEngine"/> keeps one; the same suite holds for it.
/// </summary>
/// <exception cref="UnavailableException">Any call, while the place where tasks live cannot be reached or written.</exception>
public interface IWebhookOutbox
{
    /// <summary>Up to <paramref name="max"/> that are due. Nobody else gets them for the time of <paramref name="hold"/>; what is not closed by then comes again.</summary>
    Task<IReadOnlyList<DueWebhook>> TakeWebhooksAsync(int max, TimeSpan hold, CancellationToken cancel);

    /// <summary>Nothing happens where another has taken it since, or the task was asked for again.</summary>
    /// <param name="again">When it is due again; null for never.</param>
    /// <param name="warning">To be told with the task; null for nothing.</param>
    Task CloseWebhookAsync(DueWebhook webhook, DateTimeOffset? again, string? warning, CancellationToken cancel);
}

/// <param name="Task">As it ended.</param>
/// <param name="Try">From 1.</param>
public sealed record DueWebhook(IngestionTask Task, int Try);
