using Ingestion.Tasks;

namespace Ingestion.Engines;

internal static class Acceptance
{
    /// <summary>The task as it is once it is accepted.</summary>
    /// <param name="events">How many events it has by then.</param>
    public static EnqueueResult.Created Of(TaskSpec spec, StatusEvent accepted, int events) => new(new IngestionTask
    {
        Spec = TaskJson.WithoutInline(spec),
        State = accepted.Current,
        Message = accepted.Message,
        UpdatedAt = accepted.Timestamp,
        LastEvent = events,
    });
}
