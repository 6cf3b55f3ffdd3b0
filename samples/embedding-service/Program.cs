using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using EmbeddingService;
using StackExchange.Redis;

// An embedding service as the ecosystem has them: it takes an EmbeddingRequestAction with 202, and pushes the EmbeddingCallbackAction to
// the Redis list that the request names. Its vectors are good enough to try things out with, no more.
var redis = await ConnectionMultiplexer.ConnectAsync((Environment.GetEnvironmentVariable("REDIS") ?? "localhost:6379") + ",abortConnect=false");
var delay = TimeSpan.FromMilliseconds(int.Parse(Environment.GetEnvironmentVariable("DELAY_MS") ?? "0", CultureInfo.InvariantCulture));
var requests = Channel.CreateUnbounded<JsonElement>();

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls(Environment.GetEnvironmentVariable("URLS") ?? "http://127.0.0.1:8001");
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
var app = builder.Build();
app.MapPost("/api/v1/embeddings/generate", async (HttpRequest request) =>
{
    var action = await request.ReadFromJsonAsync<JsonElement>();
    if (Missing(action) is { } field) return Results.Problem($"{field} is missing.", statusCode: StatusCodes.Status400BadRequest);
    await requests.Writer.WriteAsync(action);
    return Results.StatusCode(StatusCodes.Status202Accepted);
});
await app.StartAsync();
Console.WriteLine($"It takes requests at {app.Urls.First()}/api/v1/embeddings/generate");

try
{
    await foreach (var request in requests.Reader.ReadAllAsync(app.Lifetime.ApplicationStopping))
    {
        await Task.Delay(delay);
        var queue = request.GetProperty("callback_queue").GetString();
        await PushAsync(queue, Answer(request).ToJsonString());
        Console.WriteLine($"{request.GetProperty("task_id")}: {request.GetProperty("chunks").GetArrayLength()} vectors to {queue}");
    }
}
catch (OperationCanceledException)
{
    // It was told to stop.
}

// What was taken is answered, however long Redis is away.
async Task PushAsync(string? queue, string answer)
{
    while (true)
    {
        try
        {
            await redis.GetDatabase().ListRightPushAsync(queue, answer);
            return;
        }
        catch (RedisException fault)
        {
            Console.WriteLine("Redis does not take the answer now: " + fault.Message);
            await Task.Delay(1_000, app.Lifetime.ApplicationStopping);
        }
    }
}

static string? Missing(JsonElement action)
{
    if (action.ValueKind != JsonValueKind.Object) return "The action";
    string[] texts = ["tenant_id", "task_id", "document_id", "collection_id", "model", "callback_queue"];
    if (Array.Find(texts, name => !action.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String) is { } missing) return missing;
    if (!action.TryGetProperty("metadata", out _)) return "metadata";
    return action.TryGetProperty("chunks", out var chunks) && chunks.ValueKind == JsonValueKind.Array && chunks.EnumerateArray().All(IsChunk) ? null : "chunks";
}

static bool IsChunk(JsonElement chunk) => chunk.ValueKind == JsonValueKind.Object
    && chunk.TryGetProperty("chunk_id", out var id) && id.ValueKind == JsonValueKind.String
    && chunk.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String;

static JsonObject Answer(JsonElement request)
{
    var chunks = request.GetProperty("chunks").EnumerateArray().ToList();
    return new JsonObject
    {
        ["action_id"] = Guid.CreateVersion7().ToString(),
        ["action_type"] = "embedding.callback",
        ["domain"] = "embedding",
        ["action"] = "callback",
        ["tenant_id"] = request.GetProperty("tenant_id").GetString(),
        ["task_id"] = request.GetProperty("task_id").GetString(),
        ["timestamp"] = DateTimeOffset.UtcNow,
        ["metadata"] = JsonNode.Parse(request.GetProperty("metadata").GetRawText()),
        ["document_id"] = request.GetProperty("document_id").GetString(),
        ["collection_id"] = request.GetProperty("collection_id").GetString(),
        ["status"] = "success",
        ["chunk_ids"] = new JsonArray([.. chunks.Select(chunk => JsonValue.Create(chunk.GetProperty("chunk_id").GetString()))]),
        ["embeddings"] = new JsonArray([.. chunks.Select(chunk => WordVector.Of(chunk.GetProperty("text").GetString()!))]),
        ["model"] = request.GetProperty("model").GetString(),
        ["dimensions"] = WordVector.Dimension,
    };
}
