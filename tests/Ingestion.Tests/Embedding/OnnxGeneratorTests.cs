using System.Text;
using Ingestion.Embedding;
using Ingestion.Embedding.Onnx;
using Ingestion.Tests.Support;
using Microsoft.Extensions.AI;

namespace Ingestion.Tests.Embedding;

public sealed class OnnxGeneratorTests : IDisposable
{
    private readonly TinyModel _model = TinyModel.Make();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task A_text_has_the_mean_of_its_tokens_at_length_one_whatever_stands_beside_it()
    {
        using var generator = new OnnxGenerator(_model.Folder);

        var both = await generator.GenerateAsync(["Hola mundo", "¡camiones!"], cancellationToken: Stop);
        var alone = await generator.GenerateAsync(["Hola mundo"], cancellationToken: Stop);

        // [CLS] hola mundo [SEP], and [CLS] [UNK] camion ##es [UNK] [SEP]: accents and capitals are nothing to this model.
        Check([2, 5, 6, 3], both[0]);
        Check([2, 1, 7, 8, 1, 3], both[1]);
        Assert.Equal(both[0].Vector.ToArray(), alone[0].Vector.ToArray());
        Check([2, 7, 8, 3], (await generator.GenerateAsync(["CAMIÓNes"], cancellationToken: Stop))[0]);
    }

    [Fact]
    public async Task A_model_that_pools_by_its_first_token_is_taken_at_its_word()
    {
        _model.Write("1_Pooling/config.json", """{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}"""u8.ToArray());
        using var generator = new OnnxGenerator(_model.Folder);

        Check([2], (await generator.GenerateAsync(["Hola mundo"], cancellationToken: Stop))[0]);
    }

    [Fact]
    public async Task A_tokenizer_json_does_as_well_as_a_vocabulary()
    {
        using var first = new OnnxGenerator(_model.Folder);
        var expected = (await first.GenerateAsync(["Hola camiones ."], cancellationToken: Stop))[0].Vector.ToArray();
        _model.Delete("vocab.txt");
        var words = TinyModel.Words.Select((word, id) => $"\"{word}\":{id}").Reverse();
        _model.Write("tokenizer.json", Encoding.UTF8.GetBytes("""{"model":{"type":"WordPiece","vocab":{""" + string.Join(',', words) + "}}}"));

        using var second = new OnnxGenerator(_model.Folder);

        Assert.Equal(expected, (await second.GenerateAsync(["Hola camiones ."], cancellationToken: Stop))[0].Vector.ToArray());
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_and_never_cut()
    {
        using var generator = new OnnxGenerator(_model.Folder);
        var text = string.Join(' ', Enumerable.Repeat("hola", 11));

        Assert.Equal((10, 11), (generator.Limit.Tokens, generator.Limit.Counter.Count(text)));
        var fault = await Assert.ThrowsAsync<EmbeddingException>(() => generator.GenerateAsync([text], cancellationToken: Stop));
        Assert.Equal(EmbeddingFault.Refused, fault.Fault);
        Assert.Contains("13 tokens", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_used_is_said_at_the_start()
    {
        _model.Write("1_Pooling/config.json", """{"pooling_mode_max_tokens":true}"""u8.ToArray());
        Assert.Contains("pools", OnnxGenerator.Check(_model.Folder), StringComparison.Ordinal);
        _model.Delete("1_Pooling/config.json");
        Assert.Null(OnnxGenerator.Check(_model.Folder));

        _model.Delete("vocab.txt");
        Assert.Contains("no tokenizer", OnnxGenerator.Check(_model.Folder), StringComparison.Ordinal);
        _model.Write("tokenizer.json", """{"model":{"type":"Unigram","vocab":[]}}"""u8.ToArray());
        Assert.Contains("Unigram", OnnxGenerator.Check(_model.Folder), StringComparison.Ordinal);
        _model.Write("tokenizer.json", "{"u8.ToArray());
        Assert.Contains("not JSON", OnnxGenerator.Check(_model.Folder), StringComparison.Ordinal);

        _model.Delete("tokenizer.json");
        _model.Write("vocab.txt", Encoding.UTF8.GetBytes(string.Join('\n', TinyModel.Words)));
        _model.Write("model.onnx", "no model"u8.ToArray());
        Assert.Contains("cannot be loaded", OnnxGenerator.Check(_model.Folder), StringComparison.Ordinal);
        _model.Delete("model.onnx");
        Assert.Contains("no model.onnx", OnnxGenerator.Check(_model.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_ingests_and_searches_with_it_and_splits_what_is_too_long()
    {
        await using var service = await ServiceProcess.StartAsync(("EMBEDDING_PROVIDER", "onnx"), ("ONNX_MODEL_DIR", _model.Folder));
        var tenant = new TenantClient(service);

        var task = await tenant.CompletedAsync(await tenant.SendTextAsync("d", string.Concat(Enumerable.Repeat("Hola mundo. ", 12)), chunkSize: 200));

        Assert.Equal((Path.GetFileName(_model.Folder), 2), (task.Text("result.model"), task.Number("result.dimension")));
        Assert.Contains(task.Items("warnings"), warning => warning.GetString()!.Contains("10 tokens", StringComparison.Ordinal));
        Assert.InRange((await tenant.CheckChunksAsync("d")).Count, 4, 6);
        Assert.NotEmpty(await tenant.SearchAsync("hola", "vector"));
    }

    private static void Check(int[] ids, Embedding<float> embedding)
    {
        var (x, y) = (ids.Average(id => TinyModel.NumbersOf(id).X), ids.Average(id => TinyModel.NumbersOf(id).Y));
        var length = Math.Sqrt(x * x + y * y);
        Assert.Equal(2, embedding.Dimensions);
        Assert.Equal(x / length, embedding.Vector.Span[0], 5);
        Assert.Equal(y / length, embedding.Vector.Span[1], 5);
    }
}
