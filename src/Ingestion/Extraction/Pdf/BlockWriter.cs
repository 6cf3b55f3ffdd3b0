namespace Ingestion.Extraction.Pdf;

/// <summary>Blocks to Markdown.</summary>
internal static class BlockWriter
{
    public static void Write(List<TextBlock> blocks, MarkdownWriter writer)
    {
        foreach (var block in blocks)
        {
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
                    writer.Code(string.Join('\n', block.Lines.Select(line => line.Text)));
                    break;
                default:
                    writer.Paragraph(Paragraphs.Join(block.Lines), box: block.Box);
                    break;
            }
        }
    }
}
