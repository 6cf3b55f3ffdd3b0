using System.Text.Json;
using Ingestion.Actions;
using Ingestion.Config;
using Ingestion.Embedding;
using Ingestion.Embedding.Queries;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Embedding;

/// <summary>A query whose vector comes by callback: whose answer it takes, how long it waits, and that nothing of it stays.</summary>
public sealed class QueryEmbedderTests
{
    private readonly WaitingQueries _waiting = new();
    private readonly ManualTime _time = new();
    private readonly LateProvider _provider = new();

    [Fact]
    public async Task The_first_answer_counts_and_the_second_finds_nobody()
    {
        var query = AskAsync();
        var request = _provider.Asked!;
        Assert.True(_waiting.TryAnswer(AnswerOf(request, [1, 2, 3])));
        Assert.False(_waiting.TryAnswer(AnswerOf(request, [4, 5, 6])));

        var vector = await query;
        Assert.Equal([1, 2, 3], vector);
        Assert.Equal(0, _waiting.Count);
        Assert.False(_waiting.TryAnswer(AnswerOf(request, [4, 5, 6])));
    }

    [Fact]
    public async Task An_answer_that_overtakes_the_202_is_kept()
    {
        _provider.Meanwhile = request => Assert.True(_waiting.TryAnswer(AnswerOf(request, [1, 2, 3])));

        var vector = await AskAsync();
        Assert.Equal([1, 2, 3], vector);
    }

    [Fact]
    public async Task An_answer_in_the_response_needs_no_callback_and_leaves_nothing_behind()
    {
        _provider.Now = new EmbeddingAnswer.Vectors([new float[] { 7, 8 }]);

        var vector = await AskAsync();
        Assert.Equal([7, 8], vector);
        Assert.Equal(0, _waiting.Count);
    }

    [Fact]
    public async Task Another_tenants_answer_and_another_querys_are_not_taken()
    {
        var (first, one) = (AskAsync(), _provider.Asked!);
        var (second, other) = (AskAsync(), _provider.Asked!);
        Assert.NotEqual(one.TaskId, other.TaskId);

        Assert.False(_waiting.TryAnswer(AnswerOf(one, [9, 9, 9]) with { TenantId = "other" }));
        Assert.True(_waiting.TryAnswer(AnswerOf(other, [2, 2, 2])));
        Assert.True(_waiting.TryAnswer(AnswerOf(one, [1, 1, 1])));
        var ofFirst = await first;
        Assert.Equal([1, 1, 1], ofFirst);
        var ofSecond = await second;
        Assert.Equal([2, 2, 2], ofSecond);
    }

    [Fact]
    public async Task What_is_asked_for_names_everything_that_a_service_may_insist_on()
    {
        using var gone = new CancellationTokenSource();
        var query = AskAsync(gone: gone.Token);
        var request = _provider.Asked!;
        Assert.True(WaitingQueries.HasIdOfQuery(request.TaskId));
        Assert.Equal(("acme", "c", "m", 1, 1), (request.TenantId, request.CollectionId, request.Model, request.Attempt, request.TotalChunks));
        Assert.Equal((request.TaskId, request.TaskId), (request.DocumentId, request.Texts.Single().ChunkId));
        Assert.Equal("words", request.Texts.Single().Text);

        // The client goes away.
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        Assert.Equal(0, _waiting.Count);
    }

    [Theory]
    [InlineData(600, 10)]
    [InlineData(3, 3)]
    public async Task It_waits_for_ten_seconds_or_the_embedding_timeout_and_no_longer(int timeout, int patience)
    {
        var query = AskAsync(TimeSpan.FromSeconds(timeout));
        _time.Advance(TimeSpan.FromSeconds(patience) - TimeSpan.FromTicks(1));
        Assert.Equal(1, _waiting.Count);
        _time.Advance(TimeSpan.FromTicks(1));

        var fault = await Assert.ThrowsAsync<EmbeddingException>(() => query);

        Assert.Equal((EmbeddingFault.Away, 0), (fault.Fault, _waiting.Count));
        Assert.Contains($"did not call back within {patience} s", fault.Message, StringComparison.Ordinal);
        Assert.False(_waiting.TryAnswer(AnswerOf(_provider.Asked!, [1, 2, 3])));
    }

    public static TheoryData<string, string> Nonsense => new()
    {
        { """{"status":"error","error":"No room"}""", "reported an error: No room" },
        { """{"status":"failed","error":{"message":"No model"}}""", "reported an error: No model" },
        { """{"status":"success"}""", "needs embeddings" },
        { """{"status":"odd","embeddings":[[1]]}""", "status must be" },
        { """{"status":"success","embeddings":[[1,null]]}""", "finite numbers" },
        { """{"status":"success","embeddings":[["NaN",1]]}""", "finite numbers" },
        { """{"status":"success","embeddings":[[1e999,1]]}""", "finite numbers" },
        { """{"status":"success","embeddings":[[3e38,3e38]]}""", "not finite" },
        { """{"status":"success","embeddings":[[]]}""", "empty vector" },
        { """{"status":"success","embeddings":[[1],[2]]}""", "2 vectors for 1 texts" },
        { """{"status":"success","embeddings":[[1]],"chunk_ids":["another"]}""", "lacks a chunk" },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task An_answer_that_cannot_be_used_is_told_at_once(string json, string expected)
    {
        var query = AskAsync();
        var action = EmbeddingCallbackAction.Parse(
            JsonElement.Parse($$"""{"tenant_id":"acme","task_id":"{{_provider.Asked!.TaskId}}",{{json[1..]}}"""), out var reason);
        Assert.Equal("", reason);

        Assert.True(_waiting.TryAnswer(action!));

        // The clock has not moved.
        Assert.Contains(expected, (await Assert.ThrowsAsync<EmbeddingException>(() => query)).Message, StringComparison.Ordinal);
        Assert.Equal(0, _waiting.Count);
    }

    [Theory]
    [InlineData("query-0123456789abcdef0123456789abcdef", true)]
    [InlineData("query-0123456789ABCDEF0123456789abcdef", false)]
    [InlineData("query-0123456789abcdef0123456789abcde", false)]
    [InlineData("Query-0123456789abcdef0123456789abcdef", false)]
    [InlineData("0199a7c6-2d9e-7cc0-8f1c-6a4a3f1f9c55", false)]
    [InlineData("", false)]
    public void An_id_of_a_query_is_known_by_its_form(string id, bool isOfQuery) => Assert.Equal(isOfQuery, WaitingQueries.HasIdOfQuery(id));

    private async Task<float[]> AskAsync(TimeSpan? timeout = null, CancellationToken? gone = null)
    {
        var embedder = new QueryEmbedder(_provider, _waiting, new Settings { EmbeddingTimeout = timeout ?? TimeSpan.FromMinutes(10) }, _time);
        return (await embedder.EmbedAsync("acme", "c", "m", "words", gone ?? TestContext.Current.CancellationToken)).ToArray();
    }

    private static EmbeddingCallbackAction AnswerOf(EmbeddingBatch request, float[] vector) =>
        new() { TenantId = request.TenantId, TaskId = request.TaskId, IsSuccess = true, Embeddings = [vector] };

    /// <summary>Takes each request and answers later.</summary>
    private sealed class LateProvider : IEmbedder
    {
        public EmbeddingBatch? Asked { get; private set; }

        public Action<EmbeddingBatch>? Meanwhile { get; set; }

        public EmbeddingAnswer Now { get; set; } = new EmbeddingAnswer.Pending();

        public string Name => "late";

        public int MaxBatch => 1;

        public int MaxBatchTokens => int.MaxValue;

        public string ModelFor(string? requested) => requested ?? "m";

        public Task<EmbeddingAnswer> EmbedAsync(EmbeddingBatch batch, CancellationToken cancel)
        {
            Asked = batch;
            Meanwhile?.Invoke(batch);
            return Task.FromResult(Now);
        }
    }
}
