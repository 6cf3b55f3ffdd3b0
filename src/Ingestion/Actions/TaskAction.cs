using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ingestion.Actions;

/// <summary>What another service asks of a task: its end (<c>task.cancel</c>) or how it stands (<c>task.status</c>).</summary>
/// <param name="IsCancel">Else its status is asked for.</param>
/// <param name="CallbackQueue">Where the answer goes; null for a cancel.</param>
/// <param name="ActionId">Given back with the answer.</param>
public sealed record TaskAction(string TenantId, string TaskId, bool IsCancel, string? CallbackQueue, string? ActionId)
{
    private const string Cancel = "task.cancel", Status = "task.status";

    /// <summary>Reads an action's JSON.</summary>
    /// <param name="reason">Why it cannot be read, for the sender.</param>
    public static TaskAction? Parse(JsonElement action, out string reason)
    {
        reason = ActionFields.Missing(action) ?? ActionFields.NoText(action, "action_type", "callback_queue") ?? "";
        if (reason.Length > 0) return null;
        var type = ActionFields.Text(action, "action_type");
        var queue = ActionFields.Text(action, "callback_queue");
        if (type is not (Cancel or Status)) reason = "action_type must be task.cancel or task.status.";
        else if (type == Status && queue is null) reason = "callback_queue is missing: there is nowhere to answer.";
        return reason.Length > 0
            ? null
            : new(ActionFields.Text(action, "tenant_id")!, ActionFields.Text(action, "task_id")!, type == Cancel, queue,
                ActionFields.Text(action, "action_id"));
    }

    /// <summary>How a task stands.</summary>
    /// <param name="inReplyTo">The action that asked; null where none did.</param>
    public static JsonObject StatusOf(string tenant, string taskId, JsonNode task, string? inReplyTo, DateTimeOffset now) => new()
    {
        ["action_id"] = Guid.CreateVersion7().ToString(),
        ["action_type"] = Status,
        ["domain"] = "task",
        ["action"] = "status",
        ["tenant_id"] = tenant,
        ["task_id"] = taskId,
        ["timestamp"] = now,
        ["metadata"] = new JsonObject { ["in_reply_to"] = inReplyTo },
        ["task"] = task,
    };
}
