using System.Globalization;
using System.Text.Json;

namespace Ingestion.Extraction.Data;

/// <summary>JSON and JSON Lines: objects as nested lists of "name: value", arrays of like objects as tables.</summary>
public sealed class JsonDocumentReader : IDocumentReader
{
    private const int MaxColumns = 64, MaxCell = 500, MaxInline = 200;

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Json, Extraction.MediaTypes.JsonLines];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel);
        var writer = new MarkdownWriter(content.Limits);
        foreach (var warning in decoded.Warnings) writer.Warn(warning);
        var text = decoded.Text.TrimStart('\uFEFF');
        var options = new JsonDocumentOptions
        {
            MaxDepth = content.Limits.MaxXmlDepth, AllowTrailingCommas = true,
            CommentHandling = JsonCommentHandling.Skip
        };
        try
        {
            // Both kinds are told apart by what parses: names are often wrong.
            using var document = Parse(text, content.MediaType, options);
            Write(document.RootElement, writer, cancel);
        }
        catch (JsonException fault)
        {
            writer.Warn($"The document is not valid JSON (line {(fault.LineNumber ?? 0) + 1}), so it was read as plain text.");
            writer.Code(text, "json");
        }
        return writer.ToDocument(content.MediaType);
    }

    private static JsonDocument Parse(string text, string mediaType, JsonDocumentOptions options)
    {
        if (mediaType == Extraction.MediaTypes.JsonLines) return JsonDocument.Parse(LinesAsArray(text), options);
        try
        {
            return JsonDocument.Parse(text, options);
        }
        catch (JsonException) when (text.AsSpan().TrimEnd().Contains('\n'))
        {
            try
            {
                return JsonDocument.Parse(LinesAsArray(text), options);
            }
            catch (JsonException)
            {
                return JsonDocument.Parse(text, options); // Its own fault names the right line.
            }
        }
    }

    private static string LinesAsArray(string text)
    {
        var lines = text.Split('\n');
        // Keeps the line numbers of the original.
        for (var i = 0; i < lines.Length; i++)
            if (!string.IsNullOrWhiteSpace(lines[i])) lines[i] += ",";
        return "[" + string.Join('\n', lines) + "]";
    }

    private static void Write(JsonElement root, MarkdownWriter writer, CancellationToken cancel)
    {
        if (IsScalar(root))
        {
            writer.Paragraph(Scalar(root));
            return;
        }
        if (WriteTable(root, writer)) return;
        var open = new Stack<IEnumerator<(string Mark, string Label, JsonElement Value)>>();
        var steps = 0;
        open.Push(Children(root).GetEnumerator());
        while (open.TryPeek(out var children))
        {
            if ((++steps & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            if (!children.MoveNext())
            {
                open.Pop();
                continue;
            }
            var (mark, label, value) = children.Current;
            if (WriteLeaf(open.Count, mark, label, value, writer)) continue;
            writer.ListItem(open.Count, mark, label.Length > 0 ? label + ":" : NameOf(value));
            if (!WriteTable(value, writer)) open.Push(Children(value).GetEnumerator());
        }
    }

    /// <summary>False where the value has parts that need lines of their own.</summary>
    private static bool WriteLeaf(int level, string mark, string label, JsonElement value, MarkdownWriter writer)
    {
        string? text = null;
        if (IsScalar(value)) text = Scalar(value);
        else if (value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any()) text = "{}";
        else if (value.ValueKind == JsonValueKind.Array && Inline(value) is { } joined) text = joined;
        if (text is null) return false;
        if (text.Length > MaxInline && text.Contains('\n', StringComparison.Ordinal))
        {
            if (label.Length > 0) writer.ListItem(level, mark, label + ":");
            writer.Paragraph(text);
        }
        else
        {
            writer.ListItem(level, mark, label.Length == 0 ? text : $"{label}: {text}");
        }
        return true;
    }

    private static IEnumerable<(string Mark, string Label, JsonElement Value)> Children(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject()) yield return ("-", Name(property), property.Value);
            yield break;
        }
        var number = 0;
        foreach (var item in value.EnumerateArray()) yield return ((++number).ToString(CultureInfo.InvariantCulture) + ".", "", item);
    }

    /// <summary>Short scalars on one line; null for anything else.</summary>
    private static string? Inline(JsonElement array)
    {
        var length = 0;
        foreach (var item in array.EnumerateArray())
        {
            if (!IsScalar(item) || (length += Scalar(item).Length + 2) > MaxInline) return null;
        }
        return length == 0 ? "[]" : string.Join(", ", array.EnumerateArray().Select(Scalar));
    }

    /// <summary>False where it is no array of objects with much the same scalar fields.</summary>
    private static bool WriteTable(JsonElement array, MarkdownWriter writer)
    {
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() < 2) return false;
        var columns = new Dictionary<string, int>();
        long filled = 0;
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object) return false;
            foreach (var field in item.EnumerateObject())
            {
                if (!IsScalar(field.Value) || (field.Value.ValueKind == JsonValueKind.String && Scalar(field.Value).Length > MaxCell))
                    return false;
                if (columns.TryAdd(Name(field), columns.Count) && columns.Count > MaxColumns) return false;
                filled++;
            }
        }
        if (columns.Count == 0 || filled < (long)array.GetArrayLength() * columns.Count / 2) return false;

        var rows = new List<IReadOnlyList<string>> { columns.Keys.ToList() };
        foreach (var item in array.EnumerateArray())
        {
            var row = new string[columns.Count];
            row.AsSpan().Fill("");
            foreach (var field in item.EnumerateObject()) row[columns[Name(field)]] = Scalar(field.Value);
            rows.Add(row);
        }
        writer.Table(rows);
        return true;
    }

    private static bool IsScalar(JsonElement value) => value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array);

    private static string NameOf(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var name in (ReadOnlySpan<string>)["name", "title", "id", "key", "label"])
                if (value.TryGetProperty(name, out var label) && IsScalar(label) && Scalar(label) is { Length: > 0 and < 100 } text)
                    return text;
        }
        return value.ValueKind == JsonValueKind.Array ? "list:" : "record:";
    }

    private static string Scalar(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            // An escape that stands for half a character cannot be a string.
            return value.GetRawText().Trim('"');
        }
    }

    private static string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "?";
        }
    }
}
