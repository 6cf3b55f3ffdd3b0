namespace Ingestion.Extraction.Pdf;

/// <summary>How deep list items are nested, by how far they are set in.</summary>
internal static class ListLevels
{
    private const float Step = 4;

    public static void Assign(List<TextBlock> blocks)
    {
        var indents = new Stack<float>();
        foreach (var block in blocks)
        {
            if (block.Kind != BlockKind.Item)
            {
                indents.Clear();
                continue;
            }
            var line = block.Lines[0];
            var indent = line.RightToLeft ? -line.Right : line.Left;
            while (indents.Count > 0 && indents.Peek() > indent + Step) indents.Pop();
            if (indents.Count == 0 || indent > indents.Peek() + Step) indents.Push(indent);
            block.Level = indents.Count;
        }
    }
}
