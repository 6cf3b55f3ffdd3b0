using System.Diagnostics;
using System.Text.Json;
using Ingestion.Embedding.Pacing;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>What a document goes through with a provider that misbehaves: no chunk is lost or gets another's vector, and calls are counted.</summary>
public abstract class ProviderFaultTests : IAsyncLifetime
{
    private const int Attempts = 2;

    protected EmbeddingProvider Provider { get; private set; } = null!;

    protected ServiceProcess Service { get; private set; } = null!;

    protected TenantClient Tenant { get; private set; } = null!;

    /// <summary>What the client is told to set where the provider refuses for good.</summary>
    protected abstract string Setting { get; }

    protected abstract (string Name, string Value)[] Environment(Uri provider);

    public async ValueTask InitializeAsync()
    {
        Provider = await EmbeddingProvider.StartAsync();
        Service = await ServiceProcess.StartAsync(
            [.. Environment(Provider.Address), ("EMBEDDING_MODEL", "m"), ("EMBEDDING_TIMEOUT", "2"), ("TASK_MAX_ATTEMPTS", $"{Attempts}")]);
        Tenant = new TenantClient(Service);
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Provider.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_429_is_waited_for_as_long_as_it_says()
    {
        Provider.Faults.Enqueue(EmbeddingProvider.Status(429, retryAfter: "1"));

        var task = await Tenant.CompletedAsync(await SendAsync("d", 3));

        await CheckAsync("d", task);
        var calls = Provider.Calls.ToArray();
        Assert.Equal(calls.Count(call => call.IsAnswered) + 1, calls.Length);
        Assert.True(calls[1].At - calls[0].At >= TimeSpan.FromSeconds(0.95), $"{calls[1].At - calls[0].At}");
    }

    [Fact]
    public async Task A_provider_that_only_ever_asks_for_pauses_costs_few_calls_and_ends_in_a_clear_error()
    {
        Provider.Always = EmbeddingProvider.Status(429, retryAfter: "1");

        var task = await Tenant.EndOfAsync(await SendAsync("d", 3));

        Assert.Equal(("failed", "EMBEDDING_ERROR"), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.InRange(Provider.Calls.Count, 2, PacedEmbedder.MaxTries * (Attempts + 2));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_provider_that_fails_now_and_then_is_asked_again(int status)
    {
        for (var i = 1; i < PacedEmbedder.MaxTries; i++) Provider.Faults.Enqueue(EmbeddingProvider.Status(status));

        var task = await Tenant.CompletedAsync(await SendAsync("d", 3));

        await CheckAsync("d", task);
        Assert.Equal(1, task.Number("attempt"));
        Assert.Equal(PacedEmbedder.MaxTries, Provider.Calls.Count);
    }

    public static TheoryData<string> Nonsense => ["half", "twice as many", "none", "dimensions", "empty", "NaN", "infinite", "text", "nothing"];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task An_answer_that_cannot_be_used_is_asked_for_once_more_and_then_told(string kind)
    {
        Provider.Faults.Enqueue(FaultOf(kind));
        await CheckAsync("once", await Tenant.CompletedAsync(await SendAsync("once", 3)));
        Assert.Equal(2, Provider.Calls.Count);

        Provider.Always = FaultOf(kind);
        var task = await Tenant.EndOfAsync(await SendAsync("always", 3));
        Assert.Equal(("failed", "EMBEDDING_ERROR"), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.Equal(2 + PacedEmbedder.MaxNonsense, Provider.Calls.Count);
        Assert.Equal(404, (await Tenant.DocumentAsync("always")).Status);
    }

    [Fact]
    public async Task A_slow_answer_is_waited_for()
    {
        Provider.Faults.Enqueue(EmbeddingProvider.Late(TimeSpan.FromSeconds(1.2)));

        await CheckAsync("d", await Tenant.CompletedAsync(await SendAsync("d", 3)));

        Assert.Single(Provider.Calls);
    }

    [Fact]
    public async Task A_provider_that_never_answers_is_given_up_after_a_bounded_number_of_calls()
    {
        Provider.Always = EmbeddingProvider.Never;

        var task = await Tenant.EndOfAsync(await SendAsync("d", 3));

        Assert.Equal(("failed", "EMBEDDING_ERROR"), (task.Text("status"), task.Text("error_details.error_code")));
        // On a busy machine a call may be given up before it arrives.
        Assert.InRange(Provider.Calls.Count, Attempts, PacedEmbedder.MaxTries * Attempts);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task A_refusal_ends_the_task_at_once_and_says_what_to_set(int status)
    {
        Provider.Always = EmbeddingProvider.Status(status);

        var task = await Tenant.EndOfAsync(await SendAsync("d", 3));

        Assert.Equal(("failed", "EMBEDDING_ERROR"), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.Contains(Setting, task.Text("error")!, StringComparison.Ordinal);
        Assert.Single(Provider.Calls);
    }

    [Fact]
    public async Task After_a_cancel_an_answer_changes_nothing()
    {
        var asked = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        Provider.Faults.Enqueue(async (http, call) =>
        {
            asked.SetResult();
            await release.Task;
            await call.WriteAsync(http, [.. call.Texts.Select(EmbeddingProvider.VectorOf)]);
        });
        var id = await SendAsync("d", 3);
        await asked.Task;
        var cancelling = Stopwatch.StartNew();

        await Tenant.DeleteAsync($"api/v1/tasks/{id}");

        await Tenant.WaitForStatusAsync(id, "cancelled");
        Assert.True(cancelling.Elapsed < TimeSpan.FromSeconds(2), $"{cancelling.Elapsed}");
        release.SetResult();
        Assert.Equal(404, (await Tenant.DocumentAsync("d")).Status);
        // The document's next upload finds nothing of it in its way.
        await CheckAsync("d", await Tenant.CompletedAsync(await SendAsync("d", 3)));
    }

    [Fact]
    public async Task A_text_that_was_embedded_is_not_paid_again_but_for_another_tenant_or_after_its_document_is_deleted()
    {
        await Tenant.CompletedAsync(await SendAsync("first", 3));
        Assert.Single(Provider.Calls);

        var copy = await Tenant.CompletedAsync(await SendAsync("copy", 3, about: "first"));
        await CheckAsync("copy", copy);
        Assert.Single(Provider.Calls);

        var other = new TenantClient(Service);
        await other.CompletedAsync((await other.PostJsonAsync("api/v1/documents/text", BodyOf(other, "first", 3, "first"))).TaskId);
        Assert.Equal(2, Provider.Calls.Count);

        // The copy used the vectors last: they go with it.
        await Tenant.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/copy");
        await Tenant.CompletedAsync(await SendAsync("again", 3, about: "first"));
        Assert.Equal(3, Provider.Calls.Count);
    }

    [Fact]
    public async Task A_query_that_cannot_be_embedded_now_is_told_to_come_again()
    {
        await Tenant.CompletedAsync(await SendAsync("d", 3));
        Provider.Always = EmbeddingProvider.Status(401);

        var answer = await Tenant.PostJsonAsync("api/v1/search",
            new System.Text.Json.Nodes.JsonObject { ["collection_id"] = TenantClient.Collection, ["query"] = "point" }, ("X-Tenant-ID", Tenant.Id));

        Assert.Equal((503, "embedding_unavailable"), (answer.Status, answer.Code));
    }

    /// <summary>A document of chunks that are a sentence each.</summary>
    protected async Task<string> SendAsync(string document, int sentences, string? about = null) =>
        (await Tenant.PostJsonAsync("api/v1/documents/text", BodyOf(Tenant, document, sentences, about ?? document))).TaskId;

    protected static System.Text.Json.Nodes.JsonObject BodyOf(TenantClient tenant, string document, int sentences, string about)
    {
        var body = tenant.TextBody(document, string.Concat(Enumerable.Range(0, sentences).Select(
            i => $"Point {i} of {about} is about the matter with the number {i * 7919 + 13} and nothing else. ")));
        body["chunk_size"] = 24;
        body["chunk_overlap"] = 0;
        return body;
    }

    /// <summary>Every chunk is there, with the vector of its own text.</summary>
    protected async Task<IReadOnlyList<JsonElement>> CheckAsync(string document, JsonElement task)
    {
        await Tenant.CheckChunksAsync(document);
        var chunks = await Tenant.ChunksAsync(document, embeddings: true);
        Assert.Equal(task.Number("result.chunk_count"), chunks.Count);
        Assert.All(chunks, chunk => Assert.Equal(
            EmbeddingProvider.VectorOf(chunk.Text("text")!), chunk.Items("embedding").Select(number => number.GetSingle())));
        return chunks;
    }

    private static EmbeddingProvider.Fault FaultOf(string kind) => kind switch
    {
        "half" => EmbeddingProvider.Vectors(right => [.. right.Take(1)]),
        "twice as many" => EmbeddingProvider.Vectors(right => [.. right, .. right]),
        "none" => EmbeddingProvider.Vectors(_ => []),
        "dimensions" => EmbeddingProvider.Vectors(right => [.. right.Select((vector, i) => vector[..(4 - i)])]),
        "empty" => EmbeddingProvider.Vectors(right => [.. right.Select(_ => Array.Empty<float>())]),
        "NaN" => EmbeddingProvider.Vectors(right => [[float.NaN, 1, 1, 1], .. right.Skip(1)]),
        "infinite" => EmbeddingProvider.Vectors(right => [[3e38f, 3e38f, 1, 1], .. right.Skip(1)]),
        "text" => EmbeddingProvider.Body("It works!"),
        "nothing" => EmbeddingProvider.Body("{}"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}

public sealed class ServiceProviderFaultTests : ProviderFaultTests
{
    protected override string Setting => "EMBEDDING_SERVICE_URL";

    protected override (string Name, string Value)[] Environment(Uri provider) => [("EMBEDDING_SERVICE_URL", provider + "api/v1/embeddings")];
}

public sealed class OpenAiProviderFaultTests : ProviderFaultTests
{
    private const int BatchSize = 4;
    private const string Key = "sk-a-key-of-the-tests";

    protected override string Setting => "OPENAI_";

    protected override (string Name, string Value)[] Environment(Uri provider) =>
    [
        ("EMBEDDING_PROVIDER", "openai"), ("OPENAI_BASE_URL", provider + "v1"), ("OPENAI_API_KEY", Key), ("OPENAI_BATCH_SIZE", $"{BatchSize}"),
        ("EMBEDDING_MAX_TOKENS", "60"),
    ];

    [Fact]
    public async Task A_document_goes_in_batches_of_the_size_with_the_key_and_the_model()
    {
        var task = await Tenant.CompletedAsync(await SendAsync("d", 10));

        var chunks = await CheckAsync("d", task);
        Assert.Equal(10, chunks.Count);
        Assert.Equal([4, 4, 2], Provider.Calls.Select(call => call.Texts.Length));
        Assert.All(Provider.Calls, call => Assert.Equal(("Bearer " + Key, "m"), (call.Authorization, call.Body.Text("model"))));
        Assert.Contains(await Tenant.EventsAsync(task.Text("task_id")!), told => told.ToString().Contains("Embedded 8 of 10 chunks", StringComparison.Ordinal)
            || told.ToString().Contains("Embedded 10 of 10 chunks", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_batch_that_fails_is_asked_for_again_alone()
    {
        Provider.Faults.Enqueue(null);
        Provider.Faults.Enqueue(EmbeddingProvider.Status(500));
        Provider.Faults.Enqueue(EmbeddingProvider.Status(500));

        await CheckAsync("d", await Tenant.CompletedAsync(await SendAsync("d", 10)));

        Assert.Equal(5, Provider.Calls.Count);
        Assert.Equal(Provider.Paid.Distinct(), Provider.Paid);
    }

    [Fact]
    public async Task What_was_embedded_before_a_failure_is_not_paid_again_by_a_retry()
    {
        Provider.Faults.Enqueue(null);
        Provider.Faults.Enqueue(EmbeddingProvider.Status(401));
        var id = await SendAsync("d", 10);
        Assert.Equal("failed", (await Tenant.EndOfAsync(id)).Text("status"));

        await Tenant.PostAsync($"api/v1/tasks/{id}/retry");

        await CheckAsync("d", await Tenant.CompletedAsync(id));
        Assert.Equal(4, Provider.Calls.Count);
        Assert.Equal(10, Provider.Paid.Count());
        Assert.Equal(10, Provider.Paid.Distinct().Count());
    }

    [Fact]
    public async Task What_was_embedded_before_a_crash_is_not_paid_again()
    {
        var asked = new TaskCompletionSource();
        Provider.Faults.Enqueue(null);
        Provider.Faults.Enqueue(null);
        Provider.Faults.Enqueue((http, call) =>
        {
            asked.SetResult();
            return EmbeddingProvider.Never(http, call);
        });
        var id = await SendAsync("d", 10);
        await asked.Task;

        await Service.KillAsync();
        await Service.RestartAsync();

        await CheckAsync("d", await Tenant.CompletedAsync(id));
        Assert.Equal(10, Provider.Paid.Distinct().Count());
        // The batch that was on its way into the store may be asked for again, no other.
        Assert.InRange(Provider.Paid.Count(), 10, 10 + BatchSize);
    }

    [Fact]
    public async Task Batches_of_different_dimensions_do_not_make_a_document()
    {
        Provider.Faults.Enqueue(null);
        Provider.Always = EmbeddingProvider.Vectors(right => [.. right.Select(vector => vector[..3])]);

        var task = await Tenant.EndOfAsync(await SendAsync("d", 10));

        Assert.Equal(("failed", "EMBEDDING_ERROR"), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.Contains("do not fit together", task.Text("error")!, StringComparison.Ordinal);
        Assert.InRange(Provider.Calls.Count, 2, 3);
    }

    [Theory]
    [InlineData("""{"data":[{"embedding":[1,2]},{"embedding":[1,2]},{"embedding":[1,2]}]}""")]
    [InlineData("""{"data":[{"index":0,"embedding":[1,2]},{"index":0,"embedding":[1,2]},{"index":2,"embedding":[1,2]}]}""")]
    [InlineData("""{"data":[{"index":1,"embedding":[1,2]},{"index":2,"embedding":[1,2]},{"index":3,"embedding":[1,2]}]}""")]
    public async Task Vectors_whose_texts_are_not_known_are_refused(string body)
    {
        Provider.Always = EmbeddingProvider.Body(body);

        var task = await Tenant.EndOfAsync(await SendAsync("d", 3));

        Assert.Equal(("failed", "EMBEDDING_ERROR"), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.Contains("indexes", task.Text("error")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vectors_out_of_order_find_their_texts_by_the_index()
    {
        Provider.Faults.Enqueue((http, call) =>
        {
            var data = call.Texts.Select((text, i) => $$"""{"index":{{i}},"embedding":{{JsonSerializer.Serialize(EmbeddingProvider.VectorOf(text))}}}""").Reverse();
            return EmbeddingProvider.Body($$"""{"data":[{{string.Join(',', data)}}]}""")(http, call);
        });

        await CheckAsync("d", await Tenant.CompletedAsync(await SendAsync("d", 3)));
    }

    [Fact]
    public async Task A_refusal_shows_the_providers_reason_and_never_the_key()
    {
        Provider.Always = EmbeddingProvider.Status(400, body: $$$"""{"error":{"message":"{{{Key}}} may not\nuse m"}}""");

        var task = await Tenant.EndOfAsync(await SendAsync("d", 3));

        Assert.Contains("*** may not use m", task.Text("error")!, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, task.ToString() + Service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chunk_that_is_too_long_for_the_model_is_split_again_and_said_so()
    {
        var body = BodyOf(Tenant, "d", 20, "d");
        body["chunk_size"] = 200;

        var task = await Tenant.CompletedAsync((await Tenant.PostJsonAsync("api/v1/documents/text", body)).TaskId);

        var chunks = await CheckAsync("d", task);
        var tokens = Ingestion.Chunking.TokenCounters.Cl100kBase;
        Assert.All(Provider.Calls.SelectMany(call => call.Texts), text => Assert.InRange(tokens.Count(text), 1, 60));
        Assert.Contains(task.Items("warnings"), warning => warning.GetString()!.Contains($"became {chunks.Count}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_model_than_the_collections_is_a_conflict_before_anything_is_paid()
    {
        await Tenant.CompletedAsync(await SendAsync("d", 3));
        var body = BodyOf(Tenant, "e", 3, "e");
        body["embedding_model"] = "other";

        var answer = await Tenant.PostJsonAsync("api/v1/documents/text", body);

        Assert.Equal((409, "model_conflict"), (answer.Status, answer.Code));
        Assert.Single(Provider.Calls);
    }
}
