using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Ingestion.Tests.Extraction;
using Ingestion.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Service;

/// <summary>The ecosystem's own flow: the service asks by HTTP, is told 202, parks the task, and goes on when the callback comes.</summary>
public sealed class EmbeddingServiceTests : IAsyncLifetime
{
    private readonly Channel<JsonElement> _requests = Channel.CreateUnbounded<JsonElement>();
    private WebApplication _stub = null!;
    private ServiceProcess _service = null!;

    /// <summary>What the stub answers to the next requests; 202 once it is empty.</summary>
    private readonly Queue<Func<JsonElement, IResult>> _answers = [];

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _stub = builder.Build();
        _stub.MapPost("/api/v1/embeddings/generate", async (HttpRequest request) =>
        {
            var action = await request.ReadFromJsonAsync<JsonElement>();
            var answer = _answers.TryDequeue(out var next) ? next(action) : Results.StatusCode(202);
            await _requests.Writer.WriteAsync(action);
            return answer;
        });
        await _stub.StartAsync();
        var address = _stub.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _service = await ServiceProcess.StartAsync(("EMBEDDING_SERVICE_URL", address + "/api/v1/embeddings"), ("EMBEDDING_MODEL", "nooble-3"), ("WORKER_COUNT", "1"));
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        await _stub.DisposeAsync();
    }

    [Fact]
    public async Task A_task_is_parked_until_its_callback_and_its_worker_serves_others_meanwhile()
    {
        var first = await SendAsync("d1");
        var asked = await NextRequestAsync();
        Assert.Equal(
            ("embedding.generate", "acme", first, "d1", "c", "nooble-3", "embedding_callback_queue"),
            (Text(asked, "action_type"), Text(asked, "tenant_id"), Text(asked, "task_id"), Text(asked, "document_id"), Text(asked, "collection_id"),
                Text(asked, "model"), Text(asked, "callback_queue")));
        var chunk = asked.GetProperty("chunks")[0];
        Assert.Equal(("d1", 0, 1), (Text(chunk.GetProperty("metadata"), "document_id"), chunk.GetProperty("metadata").GetProperty("chunk_index").GetInt32(),
            chunk.GetProperty("metadata").GetProperty("total_chunks").GetInt32()));

        var second = await SendAsync("d2");
        var other = await NextRequestAsync();
        Assert.Equal(second, Text(other, "task_id"));
        foreach (var request in new[] { other, asked }) Assert.Equal(HttpStatusCode.Accepted, await CallBackAsync(request, [Vector(1)]));
        foreach (var task in new[] { first, second })
        {
            var result = (await _service.WaitForEndAsync("acme", task)).GetProperty("result");
            Assert.Equal((3, "nooble-3"), (result.GetProperty("dimension").GetInt32(), Text(result, "model")));
            var events = await _service.GetJsonAsync($"api/v1/tasks/{task}/events?tenant_id=acme");
            Assert.Equal(
                ["pending", "processing", "extracting", "chunking", "embedding", "storing", "completed"],
                events.EnumerateArray().Where(one => one.Text("event_type") == "task_status").Select(one => one.Text("current_status")));
            var milestones = events.EnumerateArray().Where(one => one.Text("event_type") == "processing_milestone");
            Assert.Equal(3, milestones.Single(one => one.Text("milestone") == "embedding_completed").Number("details.dimension"));
        }

        // The same answer again finds nothing that waits for it.
        Assert.Equal(HttpStatusCode.Accepted, await CallBackAsync(asked, [Vector(9)]));
        var chunks = await _service.GetJsonAsync("api/v1/collections/c/documents/d1/chunks?tenant_id=acme&include=embeddings");
        Assert.Equal([1f, 0f, 0f], chunks.GetProperty("chunks")[0].GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()));
    }

    [Fact]
    public async Task An_answer_in_the_body_and_a_callback_before_the_parking_are_taken_too()
    {
        _answers.Enqueue(action => Results.Json(Callback(action, [Vector(1)])));
        var now = await SendAsync("d1");
        Assert.Equal("completed", Text(await _service.WaitForEndAsync("acme", now), "status"));
        await NextRequestAsync();

        _answers.Enqueue(action =>
        {
            CallBackAsync(action, [Vector(1)]).GetAwaiter().GetResult();
            return Results.StatusCode(202);
        });
        var early = await SendAsync("d2");
        Assert.Equal("completed", Text(await _service.WaitForEndAsync("acme", early), "status"));
    }

    [Fact]
    public async Task A_callback_that_does_not_fit_is_refused_and_the_service_is_asked_again()
    {
        var task = await SendAsync("d1");
        var asked = await NextRequestAsync();
        await CallBackAsync(asked, [Vector(1), Vector(2)]);
        var again = await NextRequestAsync();
        Assert.Equal(task, Text(again, "task_id"));
        Assert.Equal(2, again.GetProperty("metadata").GetProperty("attempt").GetInt32() - asked.GetProperty("metadata").GetProperty("attempt").GetInt32());
        await CallBackAsync(again, [Vector(1)]);
        var ended = await _service.WaitForEndAsync("acme", task);
        Assert.Equal("completed", Text(ended, "status"));
    }

    [Fact]
    public async Task Vectors_that_come_in_parts_and_out_of_order_find_their_chunks()
    {
        var task = await SendAsync("d1", Prose.Of(1, 20_000));
        var asked = await NextRequestAsync();
        var ids = asked.GetProperty("chunks").EnumerateArray().Select(chunk => chunk.GetProperty("chunk_id").GetString()!).ToList();
        Assert.True(ids.Count > 3, $"{ids.Count} chunks");
        foreach (var part in new[] { ids[2..], ids[..2] })
        {
            part.Reverse();
            var callback = Callback(asked, [.. part.Select(id => new JsonArray(1, ids.IndexOf(id), 0))]);
            callback["chunk_ids"] = new JsonArray([.. part.Select(id => (JsonNode)id)]);
            using var answer = await _service.Http.PostAsJsonAsync("api/v1/embeddings/callback", callback, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }
        Assert.Equal("completed", Text(await _service.WaitForEndAsync("acme", task), "status"));
        var chunks = await _service.GetJsonAsync("api/v1/collections/c/documents/d1/chunks?tenant_id=acme&include=embeddings&page_size=100");
        var vectors = chunks.Items("chunks").Select(chunk => chunk.Items("embedding").Select(number => number.GetSingle()).ToList()).ToList();
        Assert.Equal(ids.Count, vectors.Count);
        for (var i = 0; i < vectors.Count; i++) Assert.Equal((float)i, vectors[i][1] / vectors[i][0], 3);
    }

    [Theory]
    [InlineData("""{"status":"done"}""", 400, "status must be success, completed, error or failed")]
    [InlineData("""{"embeddings":[[1,null,0]]}""", 400, "lists of finite numbers")]
    [InlineData("""{"embeddings":[]}""", 400, "needs embeddings")]
    [InlineData("""{"dimensions":1536}""", 400, "dimensions says 1536, and a vector has 3 numbers")]
    [InlineData("""{"chunk_ids":["of-something-else"]}""", 202, "The callback names none of the document")]
    public async Task A_callback_that_cannot_be_used_is_told_to_its_task_which_asks_again(string wrong, int status, string told)
    {
        var task = await SendAsync("d1");
        var asked = await NextRequestAsync();
        var callback = Callback(asked, [Vector(1)]);
        foreach (var (name, value) in JsonNode.Parse(wrong)!.AsObject()) callback[name] = value?.DeepClone();
        using var answer = await _service.Http.PostAsJsonAsync("api/v1/embeddings/callback", callback, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(told, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await CallBackAsync(await NextRequestAsync(), [Vector(1)]);
        Assert.Equal("completed", Text(await _service.WaitForEndAsync("acme", task), "status"));
        var events = await _service.GetJsonAsync($"api/v1/tasks/{task}/events?tenant_id=acme");
        Assert.Contains(
            events.EnumerateArray().Where(one => one.Text("event_type") == "task_status"),
            one => one.Text("message")!.Contains(told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Vectors_of_another_dimension_than_the_collections_end_the_task_after_one_request()
    {
        _answers.Enqueue(action => Results.Json(Callback(action, [Vector(1)])));
        Assert.Equal("completed", Text(await _service.WaitForEndAsync("acme", await SendAsync("d1")), "status"));
        await NextRequestAsync();
        var task = await SendAsync("d2");
        await CallBackAsync(await NextRequestAsync(), [[1, 2, 3, 4]]);
        var ended = await _service.WaitForEndAsync("acme", task);
        Assert.Equal(("failed", "EMBEDDING_ERROR"), (Text(ended, "status"), Text(ended.GetProperty("error_details"), "error_code")));
        Assert.Contains("made with nooble-3 (3 dimensions); these would be nooble-3 with 4 dimensions", ended.ToString(), StringComparison.Ordinal);
        Assert.False(_requests.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_callback_that_does_not_fit_is_not_lost_where_it_comes_before_the_parking()
    {
        Task? early = null;
        _answers.Enqueue(action =>
        {
            early = CallBackAsync(action, [Vector(1), Vector(2)]);
            Thread.Sleep(300);
            return Results.StatusCode(202);
        });
        var task = await SendAsync("d1");
        var asked = await NextRequestAsync();

        var again = await NextRequestAsync();

        Assert.True(again.GetProperty("metadata").GetProperty("attempt").GetInt32() > asked.GetProperty("metadata").GetProperty("attempt").GetInt32());
        await early!;
        await CallBackAsync(again, [Vector(1)]);
        Assert.Equal("completed", Text(await _service.WaitForEndAsync("acme", task), "status"));
    }

    [Fact]
    public async Task A_callback_after_the_cancel_changes_nothing_and_one_for_no_task_is_told_so()
    {
        var task = await SendAsync("d1");
        var asked = await NextRequestAsync();
        using (await _service.Http.DeleteAsync($"api/v1/tasks/{task}?tenant_id=acme", TestContext.Current.CancellationToken)) Assert.Equal("cancelled", Text(await _service.WaitForEndAsync("acme", task), "status"));
        Assert.Equal(HttpStatusCode.Accepted, await CallBackAsync(asked, [Vector(1)]));
        Assert.Equal("cancelled", Text(await _service.WaitForEndAsync("acme", task), "status"));

        var unknown = Callback(asked, [Vector(1)]);
        unknown["task_id"] = "none";
        using var answer = await _service.Http.PostAsJsonAsync("api/v1/embeddings/callback", unknown, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Another_model_than_the_collections_is_refused_before_anything_is_embedded()
    {
        var late = "";
        _answers.Enqueue(action =>
        {
            late = SendAsync("d2", model: "other-1").GetAwaiter().GetResult();
            return Results.Json(Callback(action, [Vector(1)]));
        });
        var first = await SendAsync("d1");
        Assert.Equal("completed", Text(await _service.WaitForEndAsync("acme", first), "status"));
        await NextRequestAsync();

        var ended = await _service.WaitForEndAsync("acme", late);
        Assert.Equal(("failed", "EMBEDDING_ERROR"), (Text(ended, "status"), Text(ended.GetProperty("error_details"), "error_code")));
        Assert.Contains("made with nooble-3 (3 dimensions); these would be other-1", ended.ToString(), StringComparison.Ordinal);
        Assert.False(_requests.Reader.TryRead(out _));
        using var refused = await PostAsync("d3", model: "other-1");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("model_conflict", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vectors_of_two_dimensions_are_the_providers_error()
    {
        var dimensions = 3;
        for (var i = 0; i < 2; i++)
        {
            _answers.Enqueue(action =>
            {
                var length = dimensions++;
                var vectors = action.GetProperty("chunks").EnumerateArray().Select(_ => new JsonArray([.. Enumerable.Range(1, length).Select(n => (JsonNode)n)]));
                return Results.Json(Callback(action, [.. vectors]));
            });
        }
        // More chunks than one request takes.
        var task = await SendAsync("d1", string.Concat(Enumerable.Range(0, 2_100).Select(i => $"Es {i}. ")), chunker: "sentence_window");

        var ended = await _service.WaitForEndAsync("acme", task);

        Assert.Equal(("failed", "EMBEDDING_ERROR"), (Text(ended, "status"), Text(ended.GetProperty("error_details"), "error_code")));
        Assert.Contains("do not fit together", ended.ToString(), StringComparison.Ordinal);
        Assert.Equal(5, dimensions);
    }

    [Theory]
    [InlineData("sentence")]
    [InlineData("markdown")]
    public async Task Of_a_300_page_document_with_three_edits_at_most_nine_chunks_are_embedded(string chunker)
    {
        var tenant = new TenantClient(_service);
        var pages = Enumerable.Range(0, 300).Select(page => new List<string[]> { Paragraph(page, 0), Paragraph(page, 1) }).ToList();
        var before = await IngestAsync();
        var embedded = (await NextRequestAsync()).GetProperty("chunks").GetArrayLength();
        Assert.Equal((300, embedded), (before.Number("result.page_count"), before.Number("result.chunk_count")));
        Assert.True(embedded > 60, $"{embedded} chunks");

        pages[149][0] = Paragraph(9_149, 0);
        pages[150].Insert(1, Paragraph(9_150, 0));
        pages[151].RemoveAt(1);
        var after = await IngestAsync();

        var asked = (await NextRequestAsync()).GetProperty("chunks").GetArrayLength();
        Assert.InRange(asked, 1, 9);
        Assert.Equal(asked, after.Number("result.chunks.added"));
        Assert.Equal(after.Number("result.chunk_count"), asked + after.Number("result.chunks.kept"));
        Assert.Equal(embedded, after.Number("result.chunks.removed") + after.Number("result.chunks.kept"));
        var chunks = await tenant.CheckChunksAsync("d");
        Assert.Equal((1, 300), (chunks[0].Number("page_start"), chunks[^1].Number("page_end")));

        async Task<JsonElement> IngestAsync()
        {
            var pdf = new PdfSample();
            foreach (var page in pages)
            {
                var y = 740.0;
                var content = "";
                foreach (var paragraph in page)
                {
                    content += PdfSample.Lines(72, y, 11, paragraph);
                    y -= paragraph.Length * 13.2 + 20;
                }
                pdf.Page(content);
            }
            _answers.Enqueue(action => Results.Json(Callback(action, [.. action.GetProperty("chunks").EnumerateArray().Select((_, i) => Vector(i))])));
            return await tenant.CompletedAsync(await tenant.SendFileAsync("d", "book.pdf", pdf.ToBytes(), ("chunker", chunker)));
        }

        static string[] Paragraph(int page, int number)
        {
            string[] words = ["river", "ledger", "harbour", "signal", "winter", "engine", "contract", "library", "measure", "report", "garden", "copper"];
            var random = new Random(page * 2 + number);
            return
            [
                .. Enumerable.Range(0, 9).Select(line => string.Join(' ', Enumerable.Range(0, 10).Select(_ => words[random.Next(words.Length)])) + $" {random.Next(10_000)}."),
            ];
        }
    }

    private static JsonArray Vector(int first) => [first, 0, 0];

    private static string? Text(JsonElement from, string name) => from.GetProperty(name).GetString();

    private static JsonObject Callback(JsonElement request, JsonArray[] vectors) => new()
    {
        ["action_type"] = "embedding.callback",
        ["tenant_id"] = Text(request, "tenant_id"),
        ["task_id"] = Text(request, "task_id"),
        ["status"] = "success",
        ["embeddings"] = new JsonArray([.. vectors.Select(vector => vector.DeepClone())]),
        ["model"] = "nooble-3",
    };

    private async Task<HttpStatusCode> CallBackAsync(JsonElement request, JsonArray[] vectors)
    {
        using var answer = await _service.Http.PostAsJsonAsync("api/v1/embeddings/callback", Callback(request, vectors));
        return answer.StatusCode;
    }

    private async Task<JsonElement> NextRequestAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await _requests.Reader.ReadAsync(patience.Token);
    }

    private async Task<string> SendAsync(string document, string? text = null, string? model = null, string? chunker = null)
    {
        using var answer = await PostAsync(document, text, model, chunker);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return Text(body.GetProperty("task"), "task_id")!;
    }

    private Task<HttpResponseMessage> PostAsync(string document, string? text = null, string? model = null, string? chunker = null) =>
        _service.Http.PostAsJsonAsync("api/v1/documents/text", new
        {
            tenant_id = "acme",
            collection_id = "c",
            document_id = document,
            text = text ?? "A text of " + document + " to embed.",
            embedding_model = model,
            chunker,
        });
}
