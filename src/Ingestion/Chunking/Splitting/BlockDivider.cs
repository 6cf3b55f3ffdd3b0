using System.Buffers;
using Ingestion.Extraction;

namespace Ingestion.Chunking.Splitting;

/// <summary>Divides a block that is over the size: tables by rows, code by lines, anything else as text.</summary>
internal sealed class BlockDivider(string text, int size, ChunkOptions options, CancellationToken cancel)
{
    private static readonly SearchValues<char> RuleCharacters = SearchValues.Create("|-: \t");

    private readonly Division[] _readable = ReadableSplitter.Divisions(options.KeepAbbreviations);

    private readonly Division[] _lines = [ReadableSplitter.Lines, .. ReadableSplitter.Divisions(options.KeepAbbreviations)];

    /// <param name="room">Tokens that the block may have to stay whole, and its parts too.</param>
    public void Divide(Block block, int room, Action<Piece> add)
    {
        var slice = text.AsSpan(block.Start, block.End - block.Start);
        if (block.IsContinuedTable || block.Kind == ElementKind.Table && options.Tokens.CountUpTo(slice, room) > room) DivideTable(block, add);
        else DivideText(block.Start, block.End, room, block.Kind == ElementKind.Code ? _lines : _readable, add);
    }

    private void DivideText(int start, int end, int most, Division[] divisions, Action<Piece> add) =>
        new TextSplitter(text, most, options.Tokens, divisions, add, cancel).Divide(start, end);

    private void DivideTable(Block block, Action<Piece> add)
    {
        var rows = HeaderEnd(block);
        var (start, end) = PythonCharacter.Strip(text, block.WholeStart, rows);
        var header = new TableHeader(start, end, options.Tokens.CountUpTo(text.AsSpan(start, end - start), size / 2));
        if (block.Start < rows) DivideText(block.Start, rows, size, _readable, add);
        // Header rows of half the size would leave no room for the table.
        var repeat = start < end && header.Tokens <= size / 2;
        DivideText(Math.Max(rows, block.Start), block.End, repeat ? size - header.Tokens : size, _lines, repeat ? row => add(row with { Header = header }) : add);
    }

    /// <summary>Just after the rule under the first row; the table's start where there is none.</summary>
    private int HeaderEnd(Block block)
    {
        int[] lines = [.. ReadableSplitter.Lines(text, block.WholeStart, block.End).Take(3)];
        if (lines.Length < 3) return block.WholeStart;
        var rule = text.AsSpan(lines[1], lines[2] - lines[1]).Trim();
        return rule.Contains('-') && !rule.ContainsAnyExcept(RuleCharacters) ? lines[2] : block.WholeStart;
    }
}
