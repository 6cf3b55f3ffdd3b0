using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Tests.Support;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;

namespace Ingestion.Tests.Service;

/// <summary>Search by words where an embedding service of the ecosystem makes the vectors: at once, or by a callback.</summary>
public sealed class QueryCallbackTests : IAsyncLifetime
{
    private const string Words = "A text about the pump.";

    private EmbeddingProvider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await EmbeddingProvider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task An_answer_in_the_body_a_callback_and_one_that_overtakes_the_202_are_all_found_with()
    {
        await using var service = await ServiceProcess.StartAsync(Environment());
        var tenant = await WithDocumentAsync(service);
        foreach (var mode in (string[])["hybrid", "vector"])
        {
            // The stub gives the request's own ids back, as it does with a document's.
            CheckFound(await AskAsync(tenant, mode), mode);

            var (search, request) = await AskLateAsync(tenant, mode);
            Assert.Equal((202, true), await CallBackAsync(tenant, Callback(request)));
            CheckFound(await search, mode);
            Assert.Equal((202, true), await CallBackAsync(tenant, Callback(request)));

            _provider.Faults.Enqueue(async (http, call) =>
            {
                Assert.Equal((202, true), await CallBackAsync(tenant, Callback(call.Body)));
                http.Response.StatusCode = 202;
            });
            CheckFound(await AskAsync(tenant, mode), mode);
        }
    }

    [Fact]
    public async Task What_is_wrong_with_a_callback_the_search_tells_at_once()
    {
        await using var service = await ServiceProcess.StartAsync(Environment());
        var tenant = await WithDocumentAsync(service);
        (JsonObject Change, int Told, int Status, string Code, string Message)[] faults =
        [
            (new() { ["status"] = "error", ["error"] = "No model here" }, 202, 503, "embedding_unavailable", "reported an error: No model here."),
            (new() { ["embeddings"] = new JsonArray(new JsonArray(1, null)) }, 400, 503, "embedding_unavailable", "lists of finite numbers"),
            (new() { ["embeddings"] = new JsonArray(new JsonArray(3e38, 3e38, 1, 1)) }, 202, 503, "embedding_unavailable", "not finite"),
            (new() { ["embeddings"] = new JsonArray(new JsonArray(1, 2)) }, 202, 409, "model_conflict", "gave the query 2 numbers; this collection's vectors (m) have 4"),
        ];
        foreach (var (change, told, status, code, message) in faults)
        {
            var (search, request) = await AskLateAsync(tenant, "hybrid");
            var callback = Callback(request);
            foreach (var (name, value) in change) callback[name] = value?.DeepClone();
            // Nobody else can answer for the tenant.
            var stranger = Callback(request);
            stranger["tenant_id"] = "stranger";
            Assert.Equal((202, true), await CallBackAsync(tenant, stranger));
            Assert.Equal((told, told == 202), await CallBackAsync(tenant, callback));

            var answer = await search;
            Assert.Equal((status, code), (answer.Status, answer.Code));
            Assert.Contains(message, answer.Json.Text("message"), StringComparison.Ordinal);
            Assert.Contains("Search with mode text, or send query_embedding", answer.Json.Text("message"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_service_that_never_calls_back_is_waited_for_only_so_long_and_its_late_answer_changes_nothing()
    {
        await using var service = await ServiceProcess.StartAsync(Environment(("EMBEDDING_TIMEOUT", "1")));
        var tenant = await WithDocumentAsync(service);
        var (search, request) = await AskLateAsync(tenant, "hybrid");

        var answer = await search;

        Assert.Equal((503, "embedding_unavailable", true), (answer.Status, answer.Code, answer.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        Assert.Contains("did not call back within 1 s", answer.Json.Text("message"), StringComparison.Ordinal);
        Assert.Contains("Search with mode text, or send query_embedding", answer.Json.Text("message"), StringComparison.Ordinal);
        Assert.Equal((202, true), await CallBackAsync(tenant, Callback(request)));
        CheckFound(await AskAsync(tenant, "text"));
        CheckFound(await AskAsync(tenant, "hybrid"));
    }

    [Fact]
    public async Task With_two_instances_the_other_one_may_be_given_the_answer()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await server.ConnectAsync();
        var list = redis.GetDatabase();
        var folder = Directory.CreateTempSubdirectory("ingestion-shared-");
        try
        {
            var settings = Environment(("REDIS_URL", "redis://" + server.Address));
            // It looks at the lists at its start and then not for most of a minute.
            await using var asked = await ServiceProcess.StartInAsync(folder.FullName, [.. settings, ("WORKER_SLEEP_TIME", "60"), ("WORKER_COUNT", "0")]);
            await using var other = await ServiceProcess.StartInAsync(folder.FullName, settings);
            var tenant = await WithDocumentAsync(asked);
            await UntilAsync(async () => await HearersAsync(redis) == 2);

            var (search, request) = await AskLateAsync(tenant, "hybrid");
            Assert.Equal((202, true), await CallBackAsync(tenant.At(other), Callback(request)));
            CheckFound(await search);

            (search, request) = await AskLateAsync(tenant, "vector");
            await PushAsync(Callback(request));
            CheckFound(await search, "vector");

            // The other instance does not pass on what is far too long, and says so.
            (search, request) = await AskLateAsync(tenant, "hybrid");
            var huge = Callback(request);
            huge["embeddings"] = new JsonArray([.. Enumerable.Range(0, 300_000).Select(i => (JsonNode)new JsonArray(i))]);
            Assert.Equal((202, true), await CallBackAsync(tenant.At(other), huge));
            Assert.Contains("far longer than a query's vector", (await search).Json.Text("message"), StringComparison.Ordinal);

            // Late and twice, at either: no dead letter.
            for (var i = 0; i < 2; i++) await PushAsync(Callback(request));
            Assert.Equal((202, true), await CallBackAsync(tenant, Callback(request)));
            await UntilAsync(async () => await list.ListLengthAsync(Queue(request)) == 0 && !redis.GetServers()[0].Keys(pattern: "*reader:*").Any());
            Assert.False(await list.KeyExistsAsync(Queue(request) + ":dead"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Task PushAsync(JsonObject callback) => list.ListRightPushAsync("embedding_callback_queue", callback.ToJsonString());
        static string Queue(JsonElement request) => request.Text("callback_queue")!;
        static async Task<int> HearersAsync(IConnectionMultiplexer redis) =>
            (int)(await redis.GetDatabase().ExecuteAsync("PUBSUB", "SHARDNUMSUB", "{ingestion:queries}:answers"))[1];
    }

    private (string, string)[] Environment(params (string, string)[] more) =>
        [("EMBEDDING_SERVICE_URL", _provider.Address + "api/v1/embeddings"), ("EMBEDDING_MODEL", "m"), .. more];

    private static async Task<TenantClient> WithDocumentAsync(ServiceProcess service)
    {
        var tenant = new TenantClient(service);
        await tenant.CompletedAsync(await tenant.SendTextAsync("d", Words));
        return tenant;
    }

    /// <summary>A search that the provider has taken with 202, and its request.</summary>
    private async Task<(Task<Answer> Search, JsonElement Request)> AskLateAsync(TenantClient tenant, string mode)
    {
        var taken = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _provider.Faults.Enqueue((http, call) =>
        {
            http.Response.StatusCode = StatusCodes.Status202Accepted;
            taken.SetResult(call.Body);
            return Task.CompletedTask;
        });
        var search = AskAsync(tenant, mode);
        return (search, await taken.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private static Task<Answer> AskAsync(TenantClient tenant, string mode) => tenant.PostJsonAsync(
        "api/v1/search", new JsonObject { ["collection_id"] = TenantClient.Collection, ["query"] = Words, ["mode"] = mode }, ("X-Tenant-ID", tenant.Id));

    private static void CheckFound(Answer answer, string mode = "hybrid")
    {
        Assert.True(answer.Status == 200, answer.Body);
        var hit = Assert.Single(answer.Json.Items("data.documents"));
        Assert.Equal(("d", Words), (hit.Text("document_id"), hit.Text("content")));
        // The query's own vector is the chunk's.
        if (mode == "vector") Assert.Equal(1, hit.GetProperty("score").GetDouble(), 5);
    }

    private static JsonObject Callback(JsonElement request)
    {
        var chunk = request.Items("chunks").Single();
        return new()
        {
            ["action_type"] = "embedding.callback",
            ["tenant_id"] = request.Text("tenant_id"),
            ["task_id"] = request.Text("task_id"),
            ["status"] = "success",
            ["chunk_ids"] = new JsonArray(chunk.Text("chunk_id")),
            ["embeddings"] = new JsonArray(new JsonArray([.. EmbeddingProvider.VectorOf(chunk.Text("text")!).Select(number => (JsonNode)number)])),
        };
    }

    private static async Task<(int, bool)> CallBackAsync(TenantClient tenant, JsonObject callback)
    {
        var answer = await tenant.PostJsonAsync("api/v1/embeddings/callback", callback);
        return (answer.Status, answer.Json.GetProperty("success").GetBoolean());
    }

    private static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (!await isTrue())
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException("It never came true.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
