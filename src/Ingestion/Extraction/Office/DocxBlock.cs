using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>A block of a Word document between reading and writing, since tables and text boxes move it from where it was read.</summary>
/// <param name="Level">Heading: 1–6. List item: from 1.</param>
/// <param name="Mark">Of a heading or list item, as the document shows it: "2.1", "b)", "-".</param>
/// <param name="Text">Inline Markdown; for a formula its LaTeX.</param>
internal sealed record DocxBlock(ElementKind Kind, string Text, int Level = 0, string Mark = "")
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

    public static string Join(List<DocxBlock> blocks)
    {
        if (blocks.Count == 0) return "";
        if (blocks.Count == 1) return blocks[0].Line;
        var text = new StringBuilder();
        foreach (var block in blocks)
        {
            var line = block.Line.Trim();
            if (line.Length == 0) continue;
            if (text.Length > 0) text.Append(' ');
            text.Append(line);
        }
        return text.ToString();
    }
}
