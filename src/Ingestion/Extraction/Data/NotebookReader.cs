using System.Buffers;
using System.Text.Json;
using Ingestion.Extraction.Plain;

namespace Ingestion.Extraction.Data;

/// <summary>Jupyter notebooks: Markdown cells as they are, code cells and their textual outputs as code.</summary>
public sealed class NotebookReader : IDocumentReader
{
    private static readonly SearchValues<char> ColourDigits = SearchValues.Create("0123456789;");

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Notebook];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel);
        var writer = new MarkdownWriter(content.Limits);
        foreach (var warning in decoded.Warnings) writer.Warn(warning);
        using var notebook = Parse(decoded.Text, content.Limits);
        var root = notebook.RootElement;
        var language = Text(Find(Find(root, "metadata"), "language_info", "name")
            ?? Find(Find(root, "metadata"), "kernelspec", "language"));
        if ((Find(root, "cells") ?? Find(First(Find(root, "worksheets")), "cells")) is not { ValueKind: JsonValueKind.Array } cells)
            throw new ExtractionException(
                ExtractionFailure.Corrupt,
                "The notebook has no cells: it is broken or no notebook. Open it in Jupyter, save it again, and send that.");

        var (done, total, pictures) = (0, cells.GetArrayLength(), 0);
        foreach (var cell in cells.EnumerateArray())
        {
            cancel.ThrowIfCancellationRequested();
            var source = Text(Find(cell, "source") ?? Find(cell, "input"));
            switch (Text(Find(cell, "cell_type")))
            {
                case "code":
                    writer.Code(source, language);
                    pictures += WriteOutputs(Find(cell, "outputs"), writer);
                    break;
                case "heading":
                    writer.Heading(Find(cell, "level") is { ValueKind: JsonValueKind.Number } level && level.TryGetInt32(out var depth)
                        ? depth : 1, source);
                    break;
                case "markdown":
                    WriteMarkdown(source, writer, cancel);
                    break;
                default:
                    writer.Paragraph(source);
                    break;
            }
            content.Progress?.Invoke(new ReadProgress(++done, total, "cell"));
        }
        if (pictures > 0) writer.Warn($"The notebook has {pictures} outputs that are pictures; they were not read.");
        return writer.ToDocument(content.MediaType) with
        {
            Title = Text(Find(Find(root, "metadata"), "title")) is { Length: > 0 } title
            ? title : null
        };
    }

    private static JsonDocument Parse(string text, ExtractionLimits limits)
    {
        try
        {
            return JsonDocument.Parse(text.TrimStart('\uFEFF'), new JsonDocumentOptions { MaxDepth = limits.MaxXmlDepth });
        }
        catch (JsonException fault)
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                $"The notebook is broken or cut short at line {(fault.LineNumber ?? 0) + 1}. Open it in Jupyter, save it again, and"
                + " send that.", fault);
        }
    }

    private static void WriteMarkdown(string source, MarkdownWriter writer, CancellationToken cancel)
    {
        var text = MarkdownWriter.Clean(source).Trim('\n');
        if (string.IsNullOrWhiteSpace(text)) return;
        writer.Append(new ExtractedDocument { Text = text, Elements = MarkdownBlocks.Find(text, 0, cancel) });
    }

    /// <summary>How many of them are pictures without text.</summary>
    private static int WriteOutputs(JsonElement? outputs, MarkdownWriter writer)
    {
        var pictures = 0;
        if (outputs is not { ValueKind: JsonValueKind.Array } list) return 0;
        foreach (var output in list.EnumerateArray())
        {
            var data = Find(output, "data");
            var text = Text(Find(output, "text") ?? Find(data, "text/markdown") ?? Find(data, "text/plain"));
            if (Find(output, "evalue") is { } problem) text = $"{Text(Find(output, "ename"))}: {Text(problem)}";
            if (data is { ValueKind: JsonValueKind.Object } kinds
                && kinds.EnumerateObject().Any(kind => kind.Name.StartsWith("image/", StringComparison.Ordinal)))
                pictures++;
            writer.Code(WithoutColours(text));
        }
        return pictures;
    }

    private static string WithoutColours(string text)
    {
        if (!text.Contains('\u001b', StringComparison.Ordinal)) return text;
        var parts = text.Split("\u001b[");
        for (var i = 1; i < parts.Length; i++)
            if (parts[i].AsSpan().IndexOf('m') is var end and >= 0 && parts[i].AsSpan(0, end).IndexOfAnyExcept(ColourDigits) < 0)
                parts[i] = parts[i][(end + 1)..];
        return string.Concat(parts);
    }

    private static JsonElement? Find(JsonElement? value, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (value is not { ValueKind: JsonValueKind.Object } parent || !parent.TryGetProperty(name, out var child)) return null;
            value = child;
        }
        return value;
    }

    private static JsonElement? First(JsonElement? array) =>
        array is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list[0] : null;

    /// <summary>A string, or a list of strings that make one; empty for anything else.</summary>
    private static string Text(JsonElement? value)
    {
        try
        {
            return value switch
            {
                { ValueKind: JsonValueKind.String } text => text.GetString()!,
                { ValueKind: JsonValueKind.Array } lines =>
                    string.Concat(lines.EnumerateArray().Select(line => Text(line.ValueKind == JsonValueKind.String ? line : null))),
                _ => "",
            };
        }
        catch (InvalidOperationException)
        {
            return value!.Value.GetRawText();
        }
    }
}
