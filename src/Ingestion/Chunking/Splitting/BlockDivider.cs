using System.Buffers;
using Ingestion.Extraction;

namespace Ingestion.Chunking.Splitting;

/// <summary>Divides a block that is over the size: tables by rows, code by lines, anything else as text.</summary>
internal sealed class BlockDivider(string text, int size, ChunkOptions options, CancellationToken cancel)
{
    private static readonly SearchValues<char> RuleCharacters = SearchValues.Create("|-: \t");

    private readonly Division[] _readable = ReadableSplitter.Divisions(options.KeepAbbreviations);

    /// <param name="room">Tokens that the block may have to stay whole.</param>
    public void Divide(Block block, int room, List<MarkdownPiece> pieces)
    {
        var count = options.Tokens.CountUpTo(text.AsSpan(block.Start, block.End - block.Start), room);
        if (count <= room) pieces.Add(new MarkdownPiece(new Piece(block.Start, block.End, count)));
        else if (block.Kind == ElementKind.Table) DivideTable(block, pieces);
        else DivideText(block.Start, block.End, Math.Min(size, room), block.Kind == ElementKind.Code ? [ReadableSplitter.Lines, .. _readable] : _readable, pieces);
    }

    private void DivideText(int start, int end, int most, Division[] divisions, List<MarkdownPiece> pieces) =>
        new TextSplitter(text, most, options.Tokens, divisions, piece => pieces.Add(new MarkdownPiece(piece)), cancel).Divide(start, end);

    private void DivideTable(Block block, List<MarkdownPiece> pieces)
    {
        var rows = HeaderEnd(block);
        if (rows > block.Start) DivideText(block.Start, rows, size, _readable, pieces);
        var header = PythonCharacter.Strip(text, block.Start, rows);
        var headerTokens = options.Tokens.CountUpTo(text.AsSpan(header.Start, header.End - header.Start), size / 2);
        // Header rows of half the size would leave no room for the table.
        var repeat = rows > block.Start && headerTokens <= size / 2;
        new TextSplitter(text, repeat ? size - headerTokens : size, options.Tokens, [ReadableSplitter.Lines, .. _readable], Add, cancel)
            .Divide(rows, block.End);

        void Add(Piece piece) => pieces.Add(repeat
            ? new MarkdownPiece(piece, new TextSlice(header.Start, header.End), headerTokens)
            : new MarkdownPiece(piece));
    }

    /// <summary>Just after the rule under the first row; the block's start where there is none.</summary>
    private int HeaderEnd(Block block)
    {
        int[] lines = [.. ReadableSplitter.Lines(text, block.Start, block.End).Take(3)];
        if (lines.Length < 3) return block.Start;
        var rule = text.AsSpan(lines[1], lines[2] - lines[1]).Trim();
        return rule.Contains('-') && !rule.ContainsAnyExcept(RuleCharacters) ? lines[2] : block.Start;
    }
}
