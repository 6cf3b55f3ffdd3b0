using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Divides one word into the pieces that the vocabulary has.</summary>
internal abstract class WordModel
{
    /// <exception cref="InvalidDataException">It is of a kind that is not supported.</exception>
    public static WordModel Read(JsonElement json) => KindOf(json) switch
    {
        "Unigram" => UnigramModel.Read(json),
        "BPE" => BytePairModel.Read(json),
        var kind => throw new InvalidDataException(
            $"has a tokenizer of the kind {kind}, which is not supported; use a model with WordPiece, BPE or Unigram"),
    };

    /// <summary>Files of older exporters do not say it; only one kind has merges, and only one has scores.</summary>
    public static string KindOf(JsonElement json) =>
        json.TryGetProperty("type", out var type) ? type.GetString() ?? "null"
        : json.TryGetProperty("merges", out _) ? "BPE"
        : json.TryGetProperty("max_input_chars_per_word", out _) ? "WordPiece"
        : json.TryGetProperty("vocab", out var vocabulary) && vocabulary.ValueKind == JsonValueKind.Array ? "Unigram"
        : "unknown";

    /// <param name="word">Without lone surrogates, and not empty.</param>
    public abstract void Encode(string word, List<int> ids);

    public abstract int? IdOf(string piece);
}
