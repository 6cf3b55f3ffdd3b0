using System.Text;
using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>
/// What a tokenizer.json says: tokens that are found as they stand, a normalizer, a pre-tokenizer, a model of words, and what stands
/// around a text.
/// </summary>
internal sealed class JsonTokenizer : ModelTokenizer
{
    private readonly AddedTokens _raw;
    private readonly AddedTokens _normalized;
    private readonly Normalizer _normalizer;
    private readonly PreTokenizer _preTokenizer;
    private readonly WordModel _model;
    private readonly AroundText _around;

    /// <param name="settings">The tokenizer_config.json beside it.</param>
    /// <exception cref="InvalidDataException">It has something that is not supported; the message says what.</exception>
    public JsonTokenizer(JsonElement json, JsonElement? settings)
    {
        _model = WordModel.Read(json.GetProperty("model"));
        _normalizer = Normalizers.Read(Part(json, "normalizer"));
        _preTokenizer = PreTokenizers.Read(Part(json, "pre_tokenizer"));
        _around = AroundText.Read(Part(json, "post_processor"));
        var added = json.TryGetProperty("added_tokens", out var tokens) ? tokens : JsonElement.Parse("[]");
        _raw = AddedTokens.Read(added, _normalizer, isNormalized: false);
        _normalized = AddedTokens.Read(added, _normalizer, isNormalized: true);
        PaddingId = PaddingOf(json, settings);
    }

    public override int Around => _around.Before.Length + _around.After.Length;

    public override int PaddingId { get; }

    public override IReadOnlyList<int> Encode(string text)
    {
        List<int> ids = [.. _around.Before];
        Add(text, ids);
        ids.AddRange(_around.After);
        return ids;
    }

    public override int Count(ReadOnlySpan<char> text)
    {
        var ids = new List<int>();
        Add(text.ToString(), ids);
        return ids.Count;
    }

    private void Add(string text, List<int> ids)
    {
        foreach (var (part, token) in _raw.Split(new Word(WithoutHalves(text), IsFirst: true)))
        {
            if (token is { } special)
            {
                ids.Add(special);
                continue;
            }
            foreach (var (plain, added) in _normalized.Split(_normalizer(part)))
            {
                if (added is { } id) ids.Add(id);
                else foreach (var word in _preTokenizer(plain)) _model.Encode(word.Text, ids);
            }
        }
    }

    /// <summary>Half a surrogate pair is no character, and becomes U+FFFD as in UTF-8.</summary>
    private static string WithoutHalves(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private int PaddingOf(JsonElement json, JsonElement? settings)
    {
        if (Part(json, "padding") is { ValueKind: JsonValueKind.Object } padding) return padding.GetProperty("pad_id").GetInt32();
        var named = settings is { } beside && beside.TryGetProperty("pad_token", out var token) ? token : default;
        var content = named.ValueKind switch
        {
            JsonValueKind.String => named.GetString()!,
            JsonValueKind.Object => named.GetProperty("content").GetString()!,
            _ => "<pad>",
        };
        return _raw.IdOf(content) ?? _model.IdOf(content) ?? throw new InvalidDataException(
            $"has a tokenizer without the token {content} that fills up texts; name its pad_token in tokenizer_config.json");
    }

    private static JsonElement Part(JsonElement json, string name) =>
        json.TryGetProperty(name, out var part) ? part : JsonElement.Parse("null");
}
