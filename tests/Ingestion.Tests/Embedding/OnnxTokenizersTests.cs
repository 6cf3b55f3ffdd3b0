using System.Text;
using Ingestion.Embedding;
using Ingestion.Embedding.Onnx;
using Ingestion.Tests.Support;
using Microsoft.Extensions.AI;

namespace Ingestion.Tests.Embedding;

/// <summary>Models whose tokenizer is a tokenizer.json: as multilingual-e5 (Unigram) and as RoBERTa (BPE).</summary>
public sealed class OnnxTokenizersTests : IDisposable
{
    private const string Unigram = """
        {"added_tokens":[{"id":9,"content":"<mask>","single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true}],
         "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Lowercase"}]},
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","add_prefix_space":true}]},
         "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
           {"SpecialToken":{"id":"</s>","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[0]},"</s>":{"id":"</s>","ids":[2]}}},
         "model":{"type":"Unigram","unk_id":3,"vocab":[["<s>",0],["<pad>",0],["</s>",0],["<unk>",0],["▁hola",-2],["▁mundo",-2.5],["▁",-3],[".",-3],["s",-4],["<mask>",0]]}}
        """;

    private const string BytePairs = """
        {"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true},
         "post_processor":{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":false},
         "model":{"vocab":{"<s>":0,"<pad>":1,"</s>":2,"a":3,"b":4,"Ġ":5,"ab":6,"Ġab":7,"c":8,".":9},"merges":["a b","Ġ ab"]}}
        """;

    private readonly TinyModel _model = TinyModel.Make();

    public OnnxTokenizersTests() => _model.Delete("vocab.txt");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(Unigram, "Hola mundos.", new[] { 0, 4, 5, 8, 7, 2 })]
    [InlineData(Unigram, "ＨＯＬＡ <mask> ñandú", new[] { 0, 4, 9, 6, 3, 2 })]
    [InlineData(Unigram, "", new[] { 0, 2 })]
    [InlineData(BytePairs, "ab abc", new[] { 0, 6, 7, 8, 2 })]
    [InlineData(BytePairs, "ba. a", new[] { 0, 4, 3, 9, 5, 3, 2 })]
    public async Task A_text_has_the_mean_of_its_tokens_whatever_stands_beside_it(string tokenizer, string text, int[] ids)
    {
        Write(tokenizer);
        using var generator = new OnnxGenerator(_model.Folder);

        var both = await generator.GenerateAsync([text, "ab hola abc mundo."], cancellationToken: Stop);

        var (x, y) = (ids.Average(id => TinyModel.NumbersOf(id).X), ids.Average(id => TinyModel.NumbersOf(id).Y));
        var length = Math.Sqrt(x * x + y * y);
        Assert.Equal((2, 2), (both.Count, both[0].Dimensions));
        Assert.Equal(x / length, both[0].Vector.Span[0], 5);
        Assert.Equal(y / length, both[0].Vector.Span[1], 5);
        Assert.Equal((10, ids.Length - 2), (generator.Limit.Tokens, generator.Limit.Counter.Count(text)));
    }

    [Theory]
    [InlineData(Unigram, "hola")]
    [InlineData(BytePairs, "ab")]
    public async Task A_text_that_is_too_long_is_refused_and_never_cut(string tokenizer, string word)
    {
        Write(tokenizer);
        using var generator = new OnnxGenerator(_model.Folder);

        var fault = await Assert.ThrowsAsync<EmbeddingException>(
            () => generator.GenerateAsync([string.Join(' ', Enumerable.Repeat(word, 11))], cancellationToken: Stop));

        Assert.Contains("13 tokens", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Unigram, "Hola mundo. ")]
    [InlineData(BytePairs, "ab abc. ")]
    public async Task The_service_ingests_and_searches_with_it_and_splits_what_is_too_long(string tokenizer, string sentence)
    {
        Write(tokenizer);
        await using var service = await ServiceProcess.StartAsync(("EMBEDDING_PROVIDER", "onnx"), ("ONNX_MODEL_DIR", _model.Folder));
        var tenant = new TenantClient(service);

        var task = await tenant.CompletedAsync(await tenant.SendTextAsync("d", string.Concat(Enumerable.Repeat(sentence, 12)), chunkSize: 200));

        Assert.Equal((Path.GetFileName(_model.Folder), 2), (task.Text("result.model"), task.Number("result.dimension")));
        Assert.Contains(task.Items("warnings"), warning => warning.GetString()!.Contains("10 tokens", StringComparison.Ordinal));
        Assert.InRange((await tenant.CheckChunksAsync("d")).Count, 4, 12);
        Assert.NotEmpty(await tenant.SearchAsync(sentence, "vector"));
    }

    [Theory]
    [InlineData("NFKC", "Nmt", "the normalizer Nmt")]
    [InlineData("{\"type\":\"NFKC\"}", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(?=a)\"},\"content\":\"\"}", "(?=a)")]
    [InlineData("{\"type\":\"NFKC\"}", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a*\"},\"content\":\"\"}", "matches nothing")]
    [InlineData("{\"type\":\"NFKC\"}", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"/w==\"}", "precompiled_charsmap")]
    [InlineData("{\"type\":\"NFKC\"}", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"?\"}", "cannot be read")]
    [InlineData("WhitespaceSplit", "Digits", "the pre-tokenizer Digits")]
    [InlineData("\"▁\",\"add", "\"__\",\"add", "not one character")]
    [InlineData("\"add_prefix_space\":true", "\"prepend_scheme\":\"last\"", "the prepend_scheme last")]
    [InlineData("TemplateProcessing", "XlnetProcessing", "the post-processor XlnetProcessing")]
    [InlineData("\"Sequence\":{\"id\":\"A\"", "\"Sequence\":{\"id\":\"B\"", "TemplateProcessing")]
    [InlineData("\"</s>\",\"type_id\":0", "\"</s>\",\"type_id\":1", "TemplateProcessing")]
    [InlineData("\"type\":\"Unigram\"", "\"type\":\"WordLevel\"", "the kind WordLevel")]
    [InlineData("\"unk_id\":3,", "", "without unk_id")]
    [InlineData("\"unk_id\":3,", "\"unk_id\":10,", "none of its 10 pieces")]
    [InlineData("[\"<pad>\",0]", "[\"<padding>\",0]", "the token <pad>")]
    [InlineData("\"single_word\":false", "\"single_word\":true", "single_word")]
    [InlineData("[\"▁hola\",-2]", "[\"▁hola\"]", "cannot be read")]
    public void What_a_unigram_has_that_is_not_known_is_named_at_the_start(string known, string other, string said) => IsRefused(Unigram, known, other, said);

    [Theory]
    [InlineData("ByteLevel", "Split", "the pre-tokenizer Split")]
    [InlineData("\"model\":{", "\"model\":{\"dropout\":0.1,", "dropout")]
    [InlineData("\"a b\"", "\"a d\"", "lacks the piece")]
    [InlineData("\"a b\"", "\"ab\"", "the merge ab")]
    [InlineData("\"a b\"", "[\"a\",\"b\",\"c\"]", "cannot be read")]
    [InlineData("\"merges\":[\"a b\",\"Ġ ab\"]", "\"split\":1", "the kind unknown")]
    public void What_byte_pairs_have_that_is_not_known_is_named_at_the_start(string known, string other, string said) => IsRefused(BytePairs, known, other, said);

    private void IsRefused(string tokenizer, string known, string other, string said)
    {
        Assert.Contains(known, tokenizer, StringComparison.Ordinal);
        Write(tokenizer);
        Assert.Null(OnnxGenerator.Check(_model.Folder));

        Write(tokenizer.Replace(known, other, StringComparison.Ordinal));

        Assert.Contains(said, OnnxGenerator.Check(_model.Folder), StringComparison.Ordinal);
    }

    private void Write(string tokenizer) => _model.Write("tokenizer.json", Encoding.UTF8.GetBytes(tokenizer));
}
