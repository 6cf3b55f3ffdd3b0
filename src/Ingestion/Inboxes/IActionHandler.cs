using System.Text.Json;

namespace Ingestion.Inboxes;

/// <summary>Does what the actions of one list ask for. The same action twice must be the same as once.</summary>
public interface IActionHandler
{
    /// <summary>The list that it reads.</summary>
    string Queue { get; }

    /// <exception cref="UnavailableException">Something that it needs is away: it is asked again.</exception>
    Task<ActionOutcome> HandleAsync(JsonElement action, CancellationToken cancel);
}

/// <param name="DeadReason">Why nobody can do it, ever; null where it was done.</param>
/// <param name="RetryAfter">It cannot be done now.</param>
/// <param name="LetsOthersPass">What stands behind it goes first.</param>
public readonly record struct ActionOutcome(string? DeadReason = null, TimeSpan? RetryAfter = null, bool LetsOthersPass = false)
{
    public static ActionOutcome Done => default;

    public static ActionOutcome Dead(string reason) => new(reason);

    public static ActionOutcome Later(TimeSpan wait) => new(null, wait);

    public static ActionOutcome Behind(TimeSpan wait) => new(null, wait, LetsOthersPass: true);
}
