using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Ingestion.Tests.Service;

/// <summary>Other services push actions to lists and are answered on lists.</summary>
public sealed class RedisListsTests : RedisServiceSuite
{
    [Fact]
    public async Task A_document_of_another_service_becomes_a_task_and_what_cannot_be_read_is_put_aside_whole()
    {
        await using var service = await ServiceProcess.StartAsync(Environment(("DOCUMENT_QUEUE", "nooble:documents")));
        await using var redis = await Redis.ConnectAsync();
        var (list, tenant) = (redis.GetDatabase(), new TenantClient(service));
        var action = new JsonObject
        {
            ["action_id"] = "a1", ["action_type"] = "document.process", ["domain"] = "document", ["action"] = "process",
            ["tenant_id"] = tenant.Id, ["task_id"] = "task-of-" + tenant.Id, ["timestamp"] = DateTimeOffset.UtcNow,
            ["metadata"] = new JsonObject { ["year"] = 2024 }, ["document_id"] = "d1", ["collection_id"] = TenantClient.Collection,
            ["text_content"] = Prose.Of(1, 60_000), ["title"] = "From elsewhere", ["tags"] = new JsonArray("a", "b"), ["chunk_size"] = 100,
        };
        await list.ListRightPushAsync("nooble:documents", action.ToJsonString());
        // The same again, as a sender that was not sure does.
        await list.ListRightPushAsync("nooble:documents", action.ToJsonString());
        var lost = action.DeepClone();
        lost["document_id"] = "";
        (string Item, string Reason)[] unreadable =
        [
            ("{", "It is not JSON"), ("""{"tenant_id":"t"}""", "task_id is missing."), (lost.ToJsonString(), "document_id"),
            ("""["document.process"]""", "must be a JSON object"), (With("title", 7), "title must be a text."),
            (With("tenant_id", 7), "tenant_id must be a text."), (With("text_content", "another text"), "This task_id is that of another document."),
            ("""{"tenant_id":"t","task_id":"half","collection_id":"c","document_id":"d","text_content":"\ud800"}""", "half a surrogate pair"),
        ];
        foreach (var (item, _) in unreadable) await list.ListRightPushAsync("nooble:documents", item);

        await WaitAsync(async () => await list.ListLengthAsync("nooble:documents:dead") == unreadable.Length);
        var letters = (await list.ListRangeAsync("nooble:documents:dead")).Select(letter => JsonElement.Parse(letter.ToString())).ToList();
        Assert.Equal(unreadable.Select(one => one.Item), letters.Select(letter => letter.Text("item")));
        Assert.All(letters.Zip(unreadable), pair => Assert.Contains(pair.Second.Reason, pair.First.Text("reason"), StringComparison.Ordinal));
        var task = await tenant.CompletedAsync("task-of-" + tenant.Id);
        Assert.Equal(("From elsewhere", 1), (task.Text("title"), task.Number("result.version")));
        await tenant.CheckChunksAsync("d1");
        Assert.Empty(redis.GetServers()[0].Keys(pattern: "*reader:*"));
        Assert.Contains("ingestion_inbox_dead", (await tenant.GetAsync("metrics")).Body);
        await WaitAsync(() => Task.FromResult(service.Uploads.Length == 0));

        string With(string name, JsonNode value)
        {
            var changed = action.DeepClone();
            changed[name] = value;
            return changed.ToJsonString();
        }
    }

    [Fact]
    public async Task A_file_in_the_file_store_is_named_by_its_key_and_its_sender_is_told_of_the_end_on_his_list()
    {
        await using var service = await ServiceProcess.StartAsync(Environment());
        await using var redis = await Redis.ConnectAsync();
        var tenant = new TenantClient(service);
        var key = Guid.NewGuid().ToString("N");
        await File.WriteAllTextAsync(Path.Combine(service.Folder, "data", "uploads", key), Prose.Of(1, 60_000), TestContext.Current.CancellationToken);
        var action = new JsonObject
        {
            ["action_type"] = "document.process", ["tenant_id"] = tenant.Id, ["task_id"] = "keyed", ["collection_id"] = TenantClient.Collection,
            ["document_id"] = "d1", ["file_key"] = key, ["callback_queue"] = "ends",
        };
        await redis.GetDatabase().ListRightPushAsync("document_process_queue", action.ToJsonString());
        await WaitAsync(async () => (await tenant.GetAsync("api/v1/tasks/keyed")).Status == 200);
        Assert.Equal("file", (await tenant.CompletedAsync("keyed")).Text("source"));
        await tenant.CheckChunksAsync("d1");
        await WaitAsync(async () => await redis.GetDatabase().ListLengthAsync("ends") == 1);
        var end = JsonElement.Parse((await redis.GetDatabase().ListGetByIndexAsync("ends", 0)).ToString());
        Assert.Equal(("task.status", "keyed", "completed"), (end.Text("action_type"), end.Text("task_id"), end.Text("task.status")));
        await WaitAsync(() => Task.FromResult(service.Uploads.Length == 0));
    }

    [Fact]
    public async Task Other_services_cancel_tasks_and_are_answered_how_one_stands()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var service = await ServiceProcess.StartAsync(Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var redis = await Redis.ConnectAsync();
        var (list, tenant) = (redis.GetDatabase(), new TenantClient(service));
        var held = web.Hold("A page.");
        var task = await tenant.SendUrlAsync("d1", held.Address);
        await held.WaitAsync();
        JsonObject Ask(string type, string id) => new()
        {
            ["action_id"] = "q1", ["action_type"] = type, ["tenant_id"] = tenant.Id, ["task_id"] = id, ["callback_queue"] = "answers",
        };
        await list.ListRightPushAsync("task_status_queue", Ask("task.status", task).ToJsonString());
        await WaitAsync(async () => await list.ListLengthAsync("answers") == 1);
        var answer = JsonElement.Parse((await list.ListGetByIndexAsync("answers", 0)).ToString());
        Assert.Equal(("task.status", task, task, "q1"),
            (answer.Text("action_type"), answer.Text("task_id"), answer.Text("task.task_id"), answer.Text("metadata.in_reply_to")));
        await list.ListRightPushAsync("task_status_queue", Ask("task.cancel", task).ToJsonString());
        Assert.Equal("cancelled", (await tenant.EndOfAsync(task)).Text("status"));
        await list.ListRightPushAsync("task_status_queue", Ask("task.cancel", "unknown").ToJsonString());
        await WaitAsync(async () => await list.ListLengthAsync("task_status_queue:dead") == 1);
    }

    [Fact]
    public async Task A_cancel_that_overtakes_its_document_is_held_back_until_it_is_there()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var service = await ServiceProcess.StartAsync(Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var redis = await Redis.ConnectAsync();
        var (list, tenant, held) = (redis.GetDatabase(), new TenantClient(service), web.Hold("A page."));
        JsonObject Action(string type) => new() { ["action_type"] = type, ["tenant_id"] = tenant.Id, ["task_id"] = "early", ["callback_queue"] = "answers" };
        await list.ListRightPushAsync("task_status_queue", Action("task.cancel").ToJsonString());
        // Others are not held up by it.
        var other = await tenant.SendTextAsync("d2", "A text.");
        var ask = Action("task.status");
        ask["task_id"] = other;
        await list.ListRightPushAsync("task_status_queue", ask.ToJsonString());
        await WaitAsync(async () => await list.ListLengthAsync("answers") == 1);
        var document = Action("document.process");
        (document["collection_id"], document["document_id"], document["url"]) = ("c", "d1", held.Address.ToString());
        await list.ListRightPushAsync("document_process_queue", document.ToJsonString());
        await WaitAsync(async () => (await tenant.GetAsync("api/v1/tasks/early")).Status == 200);
        Assert.Equal("cancelled", (await tenant.EndOfAsync("early")).Text("status"));
        Assert.False(await list.KeyExistsAsync("task_status_queue:dead"));
    }

    [Theory]
    [InlineData("success", "chunk_ids")]
    [InlineData("completed", "chunks")]
    public async Task A_parked_task_goes_on_at_any_instance_when_its_vectors_come_by_the_list(string status, string names)
    {
        await using var redis = await Redis.ConnectAsync();
        await using var embedding = await StartEmbeddingAsync(redis.GetDatabase(), status, names);
        var settings = Environment(("EMBEDDING_SERVICE_URL", embedding.Urls.First() + "/api/v1/embeddings"), ("WORKER_COUNT", "1"));
        await using var first = await ServiceProcess.StartInAsync(Folder, settings);
        await using var second = await ServiceProcess.StartInAsync(Folder, settings);
        var tenant = new TenantClient(first);
        var tasks = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => tenant.SendTextAsync($"d{i}", Prose.Of(i, 3_000), chunkSize: 100)));
        foreach (var (task, i) in tasks.Select((task, i) => (task, i)))
        {
            var ended = await tenant.At(second).CompletedAsync(task);
            Assert.Equal((3, 0), (ended.Number("result.dimension"), ended.Items("warnings").Count));
            await tenant.CheckChunksAsync($"d{i}");
            TaskStories.CheckCompleted(await tenant.EventsAsync(task));
        }
        var late = new JsonObject { ["tenant_id"] = tenant.Id, ["task_id"] = "no-such-task", ["status"] = "failed", ["error"] = "It broke." };
        await redis.GetDatabase().ListRightPushAsync("embedding_callback_queue", late.ToJsonString());
        await WaitAsync(async () => await redis.GetDatabase().ListLengthAsync("embedding_callback_queue:dead") == 1);
    }

    [Fact]
    public async Task A_callback_by_the_list_with_numbers_that_JSON_does_not_know_is_put_aside_and_its_task_asks_again()
    {
        await using var redis = await Redis.ConnectAsync();
        await using var provider = await EmbeddingProvider.StartAsync();
        await using var service = await ServiceProcess.StartAsync(Environment(("EMBEDDING_SERVICE_URL", provider.Address + "api/v1/embeddings")));
        var tenant = new TenantClient(service);
        provider.Faults.Enqueue(async (http, call) =>
        {
            http.Response.StatusCode = 202;
            // As Python writes them.
            var callback = $$"""
                {"tenant_id":"{{tenant.Id}}","task_id":"{{call.Body.Text("task_id")}}","status":"success","embeddings":[[NaN, -Infinity, 1.0, 1.0]]}
                """;
            await redis.GetDatabase().ListRightPushAsync(call.Body.Text("callback_queue"), callback);
        });
        await tenant.CompletedAsync(await tenant.SendTextAsync("d1", "A text."));
        Assert.Equal(2, provider.Calls.Count);
        await WaitAsync(async () => await redis.GetDatabase().ListLengthAsync("embedding_callback_queue:dead") == 1);
        var letter = JsonElement.Parse((await redis.GetDatabase().ListGetByIndexAsync("embedding_callback_queue:dead", 0)).ToString());
        Assert.Contains("NaN, -Infinity", letter.Text("item"), StringComparison.Ordinal);
        Assert.Contains("lists of finite numbers", letter.Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_item_that_a_dead_reader_had_taken_is_done_by_another()
    {
        await using var redis = await Redis.ConnectAsync();
        var list = redis.GetDatabase();
        // As a reader that was killed leaves it: seen long ago, one item in its list.
        await list.SortedSetAddAsync("{task_status_queue}:readers", "gone", 1);
        await list.ListRightPushAsync("{task_status_queue}:reader:gone", """{"first":1}""");
        await list.ListRightPushAsync("task_status_queue", """{"second":2}""");
        await using var service = await ServiceProcess.StartAsync(Environment(("WORKER_COUNT", "0")));
        await WaitAsync(async () => await list.ListLengthAsync("task_status_queue:dead") == 2);
        Assert.Equal(["""{"first":1}""", """{"second":2}"""],
            (await list.ListRangeAsync("task_status_queue:dead")).Select(letter => JsonElement.Parse(letter.ToString()).Text("item")));
        Assert.False(await list.KeyExistsAsync("{task_status_queue}:reader:gone"));
    }

    /// <summary>An embedding service that takes each request with 202 and pushes the answer to the list that the request names, twice.</summary>
    private static async Task<WebApplication> StartEmbeddingAsync(IDatabase list, string status, string names)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/api/v1/embeddings/generate", async (HttpRequest request) =>
        {
            var asked = await request.ReadFromJsonAsync<JsonElement>();
            var ids = asked.GetProperty("chunks").EnumerateArray().Select(chunk => chunk.GetProperty("chunk_id").GetString()).ToList();
            var answer = new JsonObject
            {
                ["action_type"] = "embedding.callback", ["tenant_id"] = asked.Text("tenant_id"), ["task_id"] = asked.Text("task_id"),
                ["status"] = status, ["model"] = asked.Text("model"),
                [names] = new JsonArray([.. ids.Select(id => names == "chunks" ? new JsonObject { ["chunk_id"] = id } : (JsonNode)id!)]),
                ["embeddings"] = new JsonArray([.. ids.Select(id => new JsonArray(1, id!.Length, 3))]),
            };
            for (var i = 0; i < 2; i++) await list.ListRightPushAsync(asked.Text("callback_queue"), answer.ToJsonString());
            return Results.StatusCode(202);
        });
        await app.StartAsync();
        return app;
    }
}
