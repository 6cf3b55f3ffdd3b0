using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>A block of a document between reading and writing, since tables, notes and text boxes move it from where it was read.</summary>
/// <param name="Text">Inline Markdown; for a formula its LaTeX.</param>
/// <param name="Level">Heading: 1–6. List item: from 1.</param>
/// <param name="Mark">Of a heading or list item, as the document shows it: "2.1", "b)", "-".</param>
internal sealed record OfficeBlock(ElementKind Kind, string Text, int Level = 0, string Mark = "")
{
    /// <summary>The unmarked text of a paragraph that is set in a code style or in one monospaced font only.</summary>
    public string? Code { get; init; }

    public List<List<string>>? Rows { get; init; }

    /// <summary>The whole block on one line, as a table cell holds it.</summary>
    public string Line => Kind switch
    {
        ElementKind.ListItem => $"{Mark} {Text}",
        ElementKind.Heading when Mark.Length > 0 => $"{Mark} {Text}",
        ElementKind.Formula => $"${Text}$",
        ElementKind.Table => string.Join(' ', Rows!.SelectMany(row => row).Where(cell => cell.Length > 0)),
        _ => Text,
    };

    public static OfficeBlock Table(List<List<string>> rows) => new(ElementKind.Table, "") { Rows = rows };

    /// <summary>All blocks on one line.</summary>
    public static string Join(List<OfficeBlock> blocks, char separator = ' ')
    {
        if (blocks.Count == 0) return "";
        // A single item is no list: its bullet would only be in the way.
        if (blocks is [var only]) return only is { Kind: ElementKind.ListItem, Mark: "-" } ? only.Text : only.Line;
        var text = new StringBuilder();
        foreach (var block in blocks)
        {
            var line = block.Line.Trim();
            if (line.Length == 0) continue;
            if (text.Length > 0) text.Append(separator);
            text.Append(line);
        }
        return text.ToString();
    }

    public void Write(MarkdownWriter writer)
    {
        switch (Kind)
        {
            case ElementKind.Heading:
                writer.Heading(Level, Mark.Length > 0 ? $"{Mark} {Text}" : Text);
                break;
            case ElementKind.ListItem:
                // Only "3." and "3)" are list marks to Markdown; any other mark is part of the text.
                if (Mark == "-" || IsMarkdownMark(Mark)) writer.ListItem(Level, Mark, Text);
                else writer.ListItem(Level, "-", $"{Mark} {Text}");
                break;
            case ElementKind.Table:
                writer.Table(Rows!);
                break;
            case ElementKind.Formula:
                if (Text.Length > 0) writer.Paragraph($"$${Text}$$", ElementKind.Formula);
                break;
            case ElementKind.Quote:
                writer.Quote(Text);
                break;
            default:
                writer.Paragraph(Text, Kind);
                break;
        }
    }

    private static bool IsMarkdownMark(string mark) =>
        mark.Length is > 1 and < 11 && mark[^1] is '.' or ')' && mark.AsSpan(0, mark.Length - 1).IndexOfAnyExceptInRange('0', '9') < 0;
}
