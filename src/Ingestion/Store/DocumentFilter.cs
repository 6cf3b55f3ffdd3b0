using System.Text.Json;

namespace Ingestion.Store;

/// <summary>
/// Equality on what is known of a document. Every name must match: "document_id" and "title" as strings, "tags" (one or a list) where the
/// document has all of them, any other name in the metadata, whole or by its parts between dots. Values are equal by JSON type and value;
/// a name that the metadata does not have equals nothing.
/// </summary>
internal sealed class DocumentFilter
{
    private readonly List<(string Name, JsonElement Value)> _conditions;

    private DocumentFilter(List<(string, JsonElement)> conditions) => _conditions = conditions;

    /// <summary>Null where everything matches.</summary>
    /// <exception cref="ArgumentException">It is no JSON object.</exception>
    public static DocumentFilter? From(JsonElement? filter)
    {
        if (filter is not { } given || given.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined) return null;
        if (given.ValueKind != JsonValueKind.Object) throw new ArgumentException("The filter must be a JSON object of names and values.");
        var conditions = given.EnumerateObject().Select(property => (property.Name, property.Value)).ToList();
        return conditions.Count == 0 ? null : new DocumentFilter(conditions);
    }

    /// <summary>The one document that can match, where the filter names one.</summary>
    public string? DocumentId =>
        _conditions.Find(condition => condition.Name == "document_id") is { Value.ValueKind: JsonValueKind.String } condition
            ? condition.Value.GetString()
            : null;

    /// <param name="tags">A JSON list of strings.</param>
    /// <param name="metadata">A JSON object, or null.</param>
    public bool Matches(string documentId, string? title, string tags, string? metadata)
    {
        JsonDocument? parsed = null;
        try
        {
            foreach (var (name, value) in _conditions)
            {
                var matches = name switch
                {
                    "document_id" => IsText(value, documentId),
                    "title" => title is null ? value.ValueKind == JsonValueKind.Null : IsText(value, title),
                    "tags" => HasTags(value, tags),
                    _ => metadata is not null && Find((parsed ??= JsonDocument.Parse(metadata)).RootElement, name) is { } found
                        && JsonElement.DeepEquals(found, value),
                };
                if (!matches) return false;
            }
            return true;
        }
        finally
        {
            parsed?.Dispose();
        }
    }

    private static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    private static bool HasTags(JsonElement wanted, string tags)
    {
        using var list = JsonDocument.Parse(tags);
        return wanted.ValueKind == JsonValueKind.Array
            ? wanted.EnumerateArray().All(tag => Has(list.RootElement, tag))
            : Has(list.RootElement, wanted);

        static bool Has(JsonElement list, JsonElement tag) =>
            tag.ValueKind == JsonValueKind.String && list.EnumerateArray().Any(own => own.ValueEquals(tag.GetString()));
    }

    private static JsonElement? Find(JsonElement metadata, string name)
    {
        if (metadata.ValueKind != JsonValueKind.Object) return null;
        if (metadata.TryGetProperty(name, out var whole)) return whole;
        var at = metadata;
        foreach (var part in name.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(part, out at)) return null;
        }
        return at;
    }
}
