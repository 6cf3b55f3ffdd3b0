using System.Globalization;
using System.Text.Json;

namespace Ingestion.Actions;

/// <summary>Reads an action's fields as other services write them: what is absent, null or empty is the same.</summary>
internal static class ActionFields
{
    public static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text : null;

    /// <summary>Also a number that is written as text. False where it is neither.</summary>
    public static bool TryGetNumber(JsonElement from, string name, out int? number)
    {
        number = null;
        if (!from.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return true;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var written)) number = written;
        else if (value.ValueKind == JsonValueKind.String && int.TryParse(
            value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed)) number = parsed;
        return number is not null;
    }

    /// <summary>What every action must have; null where it does.</summary>
    public static string? Missing(JsonElement action)
    {
        if (action.ValueKind != JsonValueKind.Object) return "The action must be a JSON object.";
        if (NoText(action, "tenant_id", "task_id") is { } reason) return reason;
        if (Text(action, "tenant_id") is null) return "tenant_id is missing.";
        return Text(action, "task_id") is null ? "task_id is missing." : null;
    }

    /// <summary>Which of these fields is there and no text; null where none is.</summary>
    public static string? NoText(JsonElement action, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (action.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null or JsonValueKind.Undefined))
                return name + " must be a text.";
        }
        return null;
    }
}
