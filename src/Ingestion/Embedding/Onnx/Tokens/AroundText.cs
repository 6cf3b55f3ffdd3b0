using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>What stands before and after the tokens of a text.</summary>
internal sealed record AroundText(int[] Before, int[] After)
{
    private static readonly AroundText Nothing = new([], []);

    /// <exception cref="InvalidDataException">It is of a kind that is not supported.</exception>
    public static AroundText Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null) return Nothing;
        var kind = json.GetProperty("type").GetString();
        return kind switch
        {
            "RobertaProcessing" or "BertProcessing" =>
                new([json.GetProperty("cls")[1].GetInt32()], [json.GetProperty("sep")[1].GetInt32()]),
            "TemplateProcessing" => OfTemplate(json),
            // Only where a token stands in the text is its matter.
            "ByteLevel" => Nothing,
            "Sequence" => json.GetProperty("processors").EnumerateArray().Select(Read)
                .Aggregate(Nothing, (inner, outer) => new([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After])),
            _ => throw new InvalidDataException($"has a tokenizer with the post-processor {kind}, which is not supported"),
        };
    }

    private static AroundText OfTemplate(JsonElement json)
    {
        var (before, after, isPast) = (new List<int>(), new List<int>(), false);
        foreach (var part in json.GetProperty("single").EnumerateArray())
        {
            if (part.TryGetProperty("Sequence", out var text))
            {
                if (isPast || text.GetProperty("id").GetString() != "A") throw Unknown();
                isPast = true;
                continue;
            }
            var token = part.GetProperty("SpecialToken");
            if (token.GetProperty("type_id").GetInt32() != 0) throw Unknown();
            var ids = json.GetProperty("special_tokens").GetProperty(token.GetProperty("id").GetString()!).GetProperty("ids");
            (isPast ? after : before).AddRange(ids.EnumerateArray().Select(id => id.GetInt32()));
        }
        return isPast ? new([.. before], [.. after]) : throw Unknown();

        static InvalidDataException Unknown() => new(
            "has a tokenizer whose TemplateProcessing is not one text of type 0 with tokens around it, which is not supported");
    }
}
