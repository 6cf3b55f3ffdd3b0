using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ingestion.Embedding;
using Microsoft.Extensions.AI;

namespace Ingestion.Tests.Embedding;

public class LocalEmbedderTests
{
    [Theory]
    [InlineData("La factura vence en mayo.", "832634f9a5c24298")]
    [InlineData("The quick brown fox jumps over the lazy dog", "ba27ea1c9281aa35")]
    [InlineData("日本語 Ελλάδα 😀 2026", "2a66493adf09f382")]
    public void The_same_text_gives_the_same_numbers_on_every_machine(string text, string expected)
    {
        var bytes = MemoryMarshal.AsBytes(LocalEmbedder.Embed(text).AsSpan());

        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
    }

    [Fact]
    public void Case_and_accents_make_no_difference() =>
        Assert.Equal(LocalEmbedder.Embed("FACTURACIÓN ELÉCTRICA"), LocalEmbedder.Embed("facturacio\u0301n electrica"));

    [Theory]
    [InlineData("¿Cuándo vence la factura?", "La factura de la luz vence el 3 de mayo.", "El perro duerme en el jardín de la casa.")]
    [InlineData("contratos de alquiler", "El contrato de alquilar una vivienda", "Receta de sopa de verduras con pan")]
    [InlineData("cancelling a subscription", "To cancel your subscriptions, write to us.", "The weather in May is mild and dry.")]
    [InlineData("error 0x80070005 access denied", "Fix for access denied (0x80070005)", "Fix for the missing printer driver")]
    public void Texts_that_share_words_and_stems_are_nearer(string query, string near, string far)
    {
        var vector = LocalEmbedder.Embed(query);
        var toNear = TensorPrimitives.Dot(vector, LocalEmbedder.Embed(near));
        var toFar = TensorPrimitives.Dot(vector, LocalEmbedder.Embed(far));

        Assert.True(toNear > 0.3 && toNear > toFar + 0.2, $"near {toNear}, far {toFar}");
    }

    [Fact]
    public void Every_vector_has_length_one_but_that_of_a_text_without_words()
    {
        foreach (var text in (string[])["a", "el de la", "x y", "palabra", string.Concat(Enumerable.Repeat("mucho texto ", 5000))])
            Assert.Equal(1, TensorPrimitives.Norm(LocalEmbedder.Embed(text)), 1e-5);
        foreach (var text in (string[])["", " \n", "?!…", "\u0301"]) Assert.Equal(0, TensorPrimitives.Norm(LocalEmbedder.Embed(text)));
    }

    [Fact]
    public void Texts_do_not_leak_into_one_another()
    {
        var first = LocalEmbedder.Embed("uno dos tres");
        LocalEmbedder.Embed(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"palabra{i} ")));
        Assert.Equal(first, LocalEmbedder.Embed("uno dos tres"));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("palabra ")]
    [InlineData("é")]
    [InlineData("\uD83D\uDE00")]
    [InlineData("\uD83D")]
    [InlineData(" ")]
    public void Ten_megabytes_of_anything_take_time_in_proportion(string unit)
    {
        var large = string.Concat(Enumerable.Repeat(unit, 10_000_000 / Encoding.UTF8.GetByteCount(unit)));
        var part = large[..(large.Length / 20)];
        LocalEmbedder.Embed(part);

        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 20; i++) LocalEmbedder.Embed(part);
        var parts = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        LocalEmbedder.Embed(large);
        var whole = Stopwatch.GetElapsedTime(start).TotalMilliseconds;

        // As much work either way, so that a busy machine slows both. Quadratic time would be twenty times.
        Assert.True(whole < 8 * parts + 200, $"{parts} ms in twenty parts, {whole} ms in one");
    }

    [Fact]
    public async Task It_is_an_embedding_generator_that_says_what_it_is()
    {
        using var generator = new LocalEmbedder();

        var answer = await generator.GenerateAsync(["uno", "dos"], cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(2, answer.Count);
        Assert.Equal(LocalEmbedder.Embed("dos"), answer[1].Vector.ToArray());
        var metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("local-lexical-384", 384), (metadata.DefaultModelId, metadata.DefaultModelDimensions));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => generator.GenerateAsync(["uno"], cancellationToken: new CancellationToken(canceled: true)));
    }
}
