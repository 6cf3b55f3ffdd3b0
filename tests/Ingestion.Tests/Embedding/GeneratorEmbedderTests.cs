using Ingestion.Config;
using Ingestion.Embedding;
using Ingestion.Embedding.Pacing;
using Microsoft.Extensions.AI;

namespace Ingestion.Tests.Embedding;

public class GeneratorEmbedderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Vectors_come_back_in_the_order_of_the_texts()
    {
        var embedder = Made(new Settings());

        var answer = Assert.IsType<EmbeddingAnswer.Vectors>(await embedder.EmbedAsync(Batch("uno", "dos", "uno"), Cancel));

        Assert.Equal(3, answer.Values.Count);
        Assert.Equal(LocalEmbedder.Embed("uno"), answer.Values[0].ToArray());
        Assert.Equal(LocalEmbedder.Embed("dos"), answer.Values[1].ToArray());
        Assert.Equal(answer.Values[0].ToArray(), answer.Values[2].ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("local-lexical-384")]
    [InlineData("text-embedding-3-large")]
    public void The_local_provider_has_one_model_whatever_is_asked(string? requested) =>
        Assert.Equal("local-lexical-384", Made(new Settings()).ModelFor(requested));

    [Fact]
    public void An_unknown_provider_is_refused_with_the_known_names()
    {
        var fault = Assert.Throws<ArgumentException>(() => Made(new Settings { EmbeddingProvider = "magic" }));

        Assert.Contains("magic", fault.Message, StringComparison.Ordinal);
        Assert.Contains("local", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_few_and_too_many_vectors_are_refused()
    {
        await Refused(new float[] { 1, 2 });
        await Refused(new float[] { 1, 2 }, new float[] { 1, 2 }, new float[] { 1, 2 });
        await Refused();
    }

    [Fact]
    public async Task Vectors_of_different_or_no_dimension_are_refused()
    {
        await Refused(new float[] { 1, 2 }, new float[] { 1, 2, 3 });
        await Refused([], []);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.MaxValue)]
    public async Task Numbers_that_cannot_be_compared_are_refused(float number) =>
        Assert.Contains("chunk 1", (await Refused(new float[] { 1, 2 }, new float[] { 1, number })).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_fault_of_the_generator_says_which_provider_failed_and_a_cancel_stays_a_cancel()
    {
        var embedder = Of((_, _) => throw new HttpRequestException("no route"));
        var fault = await Assert.ThrowsAsync<EmbeddingException>(() => embedder.EmbedAsync(Batch("a"), Cancel));
        Assert.True(fault.Transient);
        Assert.Contains("test", fault.Message, StringComparison.Ordinal);
        Assert.IsType<HttpRequestException>(fault.InnerException);

        var refusing = Of((_, _) => throw new EmbeddingException("quota", EmbeddingFault.Refused));
        Assert.False((await Assert.ThrowsAsync<EmbeddingException>(() => refusing.EmbedAsync(Batch("a"), Cancel))).Transient);

        var waiting = Of((_, cancel) => throw new OperationCanceledException(cancel));
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.EmbedAsync(Batch("a"), new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<EmbeddingException>(() => waiting.EmbedAsync(Batch("a"), Cancel));
    }

    [Fact]
    public async Task The_generator_is_told_the_model()
    {
        string? asked = null;
        var embedder = Of((options, _) =>
        {
            asked = options?.ModelId;
            return [new Embedding<float>(new float[] { 1 })];
        });
        await embedder.EmbedAsync(Batch("a"), Cancel);
        Assert.Equal("some-model", asked);
    }

    private static IEmbedder Made(Settings settings) => Embedders.Create(settings, new ProcessPace(TimeProvider.System), TimeProvider.System);

    private static async Task<EmbeddingException> Refused(params float[][] answer)
    {
        var embedder = Of((_, _) => [.. answer.Select(vector => new Embedding<float>(vector))]);
        var fault = await Assert.ThrowsAsync<EmbeddingException>(() => embedder.EmbedAsync(Batch("a", "b"), Cancel));
        Assert.Equal(EmbeddingFault.Nonsense, fault.Fault);
        return fault;
    }

    private static GeneratorEmbedder Of(
        Func<EmbeddingGenerationOptions?, CancellationToken, GeneratedEmbeddings<Embedding<float>>> answer) =>
        new("test", new Scripted(answer), _ => "some-model", 16, 8000);

    private static EmbeddingBatch Batch(params string[] texts) => new()
    {
        TenantId = "acme",
        CollectionId = "c",
        DocumentId = "d",
        TaskId = "t",
        Attempt = 1,
        Model = "some-model",
        TotalChunks = texts.Length,
        Texts = [.. texts.Select((text, i) => new BatchText(i, $"id{i}", text))],
    };

    private sealed class Scripted(Func<EmbeddingGenerationOptions?, CancellationToken, GeneratedEmbeddings<Embedding<float>>> answer)
        : IEmbeddingGenerator<string, Embedding<float>>
    {
        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(answer(options, cancellationToken));

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
