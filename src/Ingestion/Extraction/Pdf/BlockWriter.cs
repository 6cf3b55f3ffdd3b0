using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>Blocks to Markdown.</summary>
internal static class BlockWriter
{
    public static void Write(List<TextBlock> blocks, MarkdownWriter writer)
    {
        foreach (var block in blocks)
        {
            if (block.Continues)
            {
                var rest = Paragraphs.Join(block.Lines);
                var (cut, spaced) = Paragraphs.Joint(writer.End, rest);
                writer.ContinueOnNextPage(rest, cut, spaced);
                continue;
            }
            switch (block.Kind)
            {
                case BlockKind.Heading:
                    writer.Heading(block.Level, Paragraphs.Join(block.Lines), block.Box);
                    break;
                case BlockKind.Item:
                    var mark = char.IsLetterOrDigit(block.Mark[0]) || block.Mark[0] == '(' ? block.Mark : "-";
                    writer.ListItem(Math.Max(1, block.Level), mark, Paragraphs.Join(block.Lines, block.Mark.Length), block.Box);
                    break;
                case BlockKind.Table:
                    writer.Table(block.Cells!, block.Box);
                    break;
                case BlockKind.Code:
                    writer.Code(Code(block.Lines), box: block.Box);
                    break;
                case BlockKind.Footnote:
                    writer.Paragraph(Escape(Paragraphs.Join(block.Lines)), ElementKind.Footnote, block.Box);
                    break;
                default:
                    var text = Paragraphs.Join(block.Lines);
                    writer.Paragraph(Escape(text), IsCaption(text) ? ElementKind.Caption : ElementKind.Paragraph, block.Box);
                    break;
            }
        }
    }

    private static string Code(List<TextLine> lines)
    {
        const int MaxIndent = 80;
        var left = lines.Min(line => line.Left);
        var code = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            if (i > 0) code.Append(lines[i - 1].Base - line.Base > 1.8f * line.Size ? "\n\n" : "\n");
            code.Append(' ', Math.Clamp((int)MathF.Round((line.Left - left) / (0.6f * line.Size)), 0, MaxIndent)).Append(line.Text);
        }
        return code.ToString();
    }

    /// <summary>Only what would make another kind of block of it.</summary>
    public static string Escape(string text) =>
        text.Length > 1 && text[0] is '#' or '>' or '|' || text.StartsWith("```", StringComparison.Ordinal) ? "\\" + text : text;

    private static bool IsCaption(string text)
    {
        if (text.Length > 1_000) return false;
        foreach (var word in (ReadOnlySpan<string>)["Figure ", "Fig. ", "Table ", "Listing ", "Figura ", "Tabla ", "Cuadro ", "Gráfico "])
        {
            if (!text.StartsWith(word, StringComparison.OrdinalIgnoreCase)) continue;
            if (text.Length > word.Length && char.IsAsciiDigit(text[word.Length])) return true;
        }
        return false;
    }
}
