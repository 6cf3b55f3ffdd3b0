using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Divides what is to be read into words, none of them empty. Pieces are found within a word.</summary>
internal delegate IEnumerable<Word> PreTokenizer(Word text);

/// <summary>Reads the kinds of pre-tokenizer that are known.</summary>
internal static class PreTokenizers
{
    /// <exception cref="InvalidDataException">It is of a kind that is not supported.</exception>
    public static PreTokenizer Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null) return text => [text];
        var kind = json.GetProperty("type").GetString();
        return kind switch
        {
            "Sequence" => Chain([.. json.GetProperty("pretokenizers").EnumerateArray().Select(Read)]),
            "WhitespaceSplit" => SplitAtSpaces,
            "Metaspace" => Metaspace.Read(json).Split,
            "ByteLevel" => ByteLevel.Read(json).Split,
            _ => throw new InvalidDataException($"has a tokenizer with the pre-tokenizer {kind}, which is not supported"),
        };
    }

    private static PreTokenizer Chain(PreTokenizer[] steps) =>
        text => steps.Aggregate((IEnumerable<Word>)[text], (words, step) => words.SelectMany(word => step(word)));

    private static IEnumerable<Word> SplitAtSpaces(Word text)
    {
        for (var start = 0; start < text.Text.Length; start++)
        {
            if (char.IsWhiteSpace(text.Text[start])) continue;
            var end = start + 1;
            while (end < text.Text.Length && !char.IsWhiteSpace(text.Text[end])) end++;
            yield return new Word(text.Text[start..end], text.IsFirst && start == 0);
            start = end;
        }
    }
}
