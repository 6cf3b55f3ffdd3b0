using System.Text.Json;
using Ingestion.Actions;
using Ingestion.Config;
using Ingestion.Pipeline;

namespace Ingestion.Inboxes;

/// <summary>An <see cref="EmbeddingCallbackAction"/> brings a parked task, or a query, its vectors.</summary>
public sealed class CallbackActions(EmbeddingCallbacks callbacks, Settings settings) : IActionHandler
{
    public string Queue => settings.EmbeddingCallbackQueue;

    public async Task<ActionOutcome> HandleAsync(JsonElement action, CancellationToken cancel)
    {
        if (EmbeddingCallbackAction.Parse(action, out var reason) is not { } callback) return ActionOutcome.Dead(reason);
        var result = await callbacks.HandleAsync(callback, cancel);
        return result.Kind switch
        {
            CallbackKind.UnknownTask or CallbackKind.Unreadable => ActionOutcome.Dead(result.Message),
            // What was refused, the task has been told; what came late changes nothing.
            CallbackKind.Taken or CallbackKind.Late or CallbackKind.Refused => ActionOutcome.Done,
        };
    }
}
