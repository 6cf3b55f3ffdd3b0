using System.Text;
using System.Text.Json;
using Ingestion.Embedding.Onnx.Tokens;
using Microsoft.ML.Tokenizers;

namespace Ingestion.Embedding.Onnx;

/// <summary>What stands beside a sentence-transformer's model: how it divides a text, how long one may be, how one vector is made of many.</summary>
internal sealed class SentenceTransformer
{
    private const int UsualMaxTokens = 512;
    private const int UnsetMaxTokens = 1_000_000;

    private SentenceTransformer(string folder, string model, ModelTokenizer tokenizer)
    {
        (Name, ModelFile, Tokenizer) = (Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), model, tokenizer);
    }

    /// <summary>The folder's.</summary>
    public string Name { get; }

    public string ModelFile { get; }

    public ModelTokenizer Tokenizer { get; }

    /// <summary>Of a text, with those that stand around it.</summary>
    public int MaxTokens { get; private init; }

    /// <summary>The vector of the first token stands for the text, instead of the mean of all.</summary>
    public bool TakesFirst { get; private init; }

    /// <exception cref="InvalidDataException">Something lacks, or is of a kind that is not supported; the message says what and how to mend it.</exception>
    public static SentenceTransformer Open(string folder)
    {
        var model = Find(folder, "model.onnx") ?? Find(folder, Path.Combine("onnx", "model.onnx"))
            ?? throw new InvalidDataException("has no model.onnx; export the model to ONNX, or name the folder that holds it");
        var settings = ReadJson(folder, "tokenizer_config.json");
        var length = Number(ReadJson(folder, "sentence_bert_config.json"), "max_seq_length") ?? Number(settings, "model_max_length") ?? UsualMaxTokens;
        return new SentenceTransformer(folder, model, OpenTokenizer(folder, settings))
        {
            MaxTokens = length is >= 8 and < UnsetMaxTokens ? (int)length : UsualMaxTokens,
            TakesFirst = TakesFirstToken(ReadJson(folder, Path.Combine("1_Pooling", "config.json"))),
        };
    }

    private static bool TakesFirstToken(JsonElement? pooling)
    {
        if (pooling is null || Flag(pooling, "pooling_mode_mean_tokens") == true) return false;
        if (Flag(pooling, "pooling_mode_cls_token") == true) return true;
        throw new InvalidDataException("pools in a way that is not supported (1_Pooling/config.json); mean and cls are");
    }

    private static ModelTokenizer OpenTokenizer(string folder, JsonElement? settings)
    {
        var json = ReadJson(folder, "tokenizer.json");
        var model = json?.TryGetProperty("model", out var part) == true ? part : (JsonElement?)null;
        try
        {
            if (model is { } known && WordModel.KindOf(known) != "WordPiece") return new JsonTokenizer(json!.Value, settings);
            return new WordPieces(OpenWordPiece(Find(folder, "vocab.txt"), model, settings));
        }
        catch (Exception fault) when (fault is ArgumentException or KeyNotFoundException or InvalidOperationException
            or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException("has a tokenizer that cannot be read: " + fault.Message, fault);
        }
    }

    /// <param name="words">The file of its vocabulary, where there is one.</param>
    private static BertTokenizer OpenWordPiece(string? words, JsonElement? model, JsonElement? settings)
    {
        var lower = Flag(settings, "do_lower_case") ?? true;
        var options = new BertOptions
        {
            LowerCaseBeforeTokenization = lower,
            // As the models were trained: accents go with the capitals, unless it is said otherwise.
            RemoveNonSpacingMarks = Flag(settings, "strip_accents") ?? lower,
            IndividuallyTokenizeCjk = Flag(settings, "tokenize_chinese_chars") ?? true,
        };
        if (words is not null) return BertTokenizer.Create(words, options);
        if (model is null) throw new InvalidDataException("has no tokenizer; tokenizer.json (or vocab.txt) has to stand beside the model");
        using var vocabulary = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n',
            model.Value.GetProperty("vocab").EnumerateObject().OrderBy(word => word.Value.GetInt32()).Select(word => word.Name))));
        return BertTokenizer.Create(vocabulary, options);
    }

    private static string? Find(string folder, string name) => Path.Combine(folder, name) is var path && File.Exists(path) ? path : null;

    private static JsonElement? ReadJson(string folder, string name)
    {
        if (Find(folder, name) is not { } path) return null;
        try
        {
            var json = JsonElement.Parse(File.ReadAllBytes(path));
            return json.ValueKind == JsonValueKind.Object ? json : throw new InvalidDataException($"has a {name} that is no JSON object");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"has a {name} that is not JSON", fault);
        }
    }

    private static bool? Flag(JsonElement? json, string name) =>
        json is { } from && from.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False && value.GetBoolean() is var flag
            ? flag : null;

    private static double? Number(JsonElement? json, string name) =>
        json is { } from && from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
