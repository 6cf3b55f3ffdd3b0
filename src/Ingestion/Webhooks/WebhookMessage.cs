using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ingestion.Http;
using Ingestion.Tasks;

namespace Ingestion.Webhooks;

/// <summary>
/// What is sent, as <see href="https://www.standardwebhooks.com">Standard Webhooks</see> has it: an id that stays the same however often it is
/// sent, the time of sending, and a signature over both and the body.
/// </summary>
internal static class WebhookMessage
{
    private const string SecretPrefix = "whsec_";

    /// <summary>The same for every try; another where the task was asked for again and ends once more.</summary>
    public static string IdOf(IngestionTask task) => string.Create(CultureInfo.InvariantCulture, $"{task.Spec.TaskId}.{task.LastEvent}");

    public static byte[] BodyOf(IngestionTask task) => JsonSerializer.SerializeToUtf8Bytes(
        new WebhookBody("task." + task.State.Wire(), task.UpdatedAt, TaskView.Of(task)), WebhookWire.Answers.WebhookBody);

    public static string Sign(string secret, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var key = secret.StartsWith(SecretPrefix, StringComparison.Ordinal)
            ? Convert.FromBase64String(secret[SecretPrefix.Length..])
            : Encoding.UTF8.GetBytes(secret);
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}.")), .. body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
    }
}

/// <param name="Type">task.completed, task.failed or task.cancelled.</param>
/// <param name="Timestamp">When it ended.</param>
/// <param name="Data">The task, as GET /tasks shows it.</param>
public sealed record WebhookBody(string Type, DateTimeOffset Timestamp, TaskView Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WebhookBody))]
public sealed partial class WebhookWire : JsonSerializerContext
{
    public static WebhookWire Answers => field ??= new(WireJson.Answering(Default));
}
