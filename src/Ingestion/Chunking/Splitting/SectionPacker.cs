using System.Runtime.CompilerServices;
using Ingestion.Extraction;

namespace Ingestion.Chunking.Splitting;

/// <summary>
/// Packs a document's blocks into chunks: a section that fits is one chunk; one that does not is divided at its highest headings, and one
/// without headings block by block. Sections of less than a quarter of the size join a neighbour.
/// </summary>
internal sealed class SectionPacker
{
    private readonly string _text;
    private readonly int _size;
    private readonly ChunkOptions _options;
    private readonly CancellationToken _cancel;
    private readonly List<Block> _blocks;
    private readonly BlockDivider _divider;
    private readonly List<(Piece Piece, TextSlice? Table)> _chunks = [];

    public SectionPacker(ExtractedDocument document, ChunkOptions options, CancellationToken cancel)
    {
        (_text, _options, _cancel) = (document.Text, options, cancel);
        _size = options.SizeForText();
        _blocks = Block.Of(document);
        _divider = new BlockDivider(_text, _size, options, cancel);
    }

    public List<(Piece Piece, TextSlice? Table)> Pack()
    {
        Pack(0, _blocks.Count);
        return _chunks;
    }

    private void Pack(int first, int last)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        _cancel.ThrowIfCancellationRequested();
        if (Tokens(first, last) <= _size)
        {
            Emit(_blocks[first].Start, _blocks[last - 1].End, null);
            return;
        }
        var sections = Sections(first, last);
        if (sections.Count == 1)
        {
            PackBlocks(first, last);
            return;
        }
        sections.Add(last);
        int[] tokens = [.. sections.Zip(sections.Skip(1), Tokens)];
        for (var i = 0; i < tokens.Length;)
        {
            var next = Joined(tokens, i);
            // The sum is near, the count of the whole decides.
            while (next > i + 1 && Tokens(sections[i], sections[next]) > _size) next--;
            Pack(sections[i], sections[next]);
            i = next;
        }
    }

    /// <summary>The section after those that share a chunk with the first: small ones with their next, the last one, if small, with the one before.</summary>
    private int Joined(int[] tokens, int first)
    {
        var quarter = _size / 4;
        var sum = tokens[first];
        var next = first + 1;
        while (next < tokens.Length && sum + tokens[next] <= _size
            && (sum < quarter || next == tokens.Length - 1 && tokens[next] < quarter))
        {
            sum += tokens[next++];
        }
        return next;
    }

    /// <summary>Where the sections under the highest headings begin, the first with whatever stands before them.</summary>
    private List<int> Sections(int first, int last)
    {
        // Headings without text between them open a section together: none of them stands alone.
        var content = first;
        while (content < last && _blocks[content].IsHeading) content++;
        var highest = int.MaxValue;
        for (var i = content; i < last; i++)
        {
            if (_blocks[i].IsHeading) highest = Math.Min(highest, _blocks[i].Level);
        }
        List<int> starts = [first];
        for (var i = content; i < last; i++)
        {
            if (_blocks[i].IsHeading && _blocks[i].Level == highest) starts.Add(i);
        }
        return starts;
    }

    private void PackBlocks(int first, int last)
    {
        var pieces = new List<MarkdownPiece>();
        var opening = 0;
        for (var i = first; i < last; i++)
        {
            // What follows a heading is divided rather than parted from it.
            _divider.Divide(_blocks[i], Math.Max(1, _size - opening), pieces);
            opening = _blocks[i].IsHeading ? opening + pieces[^1].Tokens : 0;
            if (opening > _size / 2) opening = 0;
        }
        Merge(pieces);
    }

    private void Merge(List<MarkdownPiece> pieces)
    {
        for (var first = 0; first < pieces.Count;)
        {
            var table = pieces[first].Table;
            var sum = pieces[first].TableTokens + pieces[first].Tokens;
            var next = first + 1;
            while (next < pieces.Count && sum + pieces[next].Tokens <= _size) sum += pieces[next++].Tokens;
            while (next > first + 1 && Tokens(pieces[first], pieces[next - 1]) + pieces[first].TableTokens > _size) next--;
            Emit(pieces[first].Piece.Start, pieces[next - 1].Piece.End, table, pieces[first].TableTokens);
            first = next == pieces.Count ? next : next - Overlapping(pieces, first, next);
        }
    }

    /// <summary>How many pieces before <paramref name="next"/> its chunk repeats. Rows are not repeated, nor anything before them.</summary>
    private int Overlapping(List<MarkdownPiece> pieces, int first, int next)
    {
        if (pieces[next].Table is not null) return 0;
        var room = Math.Min(_options.Overlap, _size - pieces[next].Tokens);
        var count = 0;
        while (next - count - 1 > first && pieces[next - count - 1] is { Table: null } piece && piece.Tokens <= room)
        {
            room -= piece.Tokens;
            count++;
        }
        return count;
    }

    private void Emit(int start, int end, TextSlice? table, int tableTokens = 0)
    {
        (start, end) = PythonCharacter.Strip(_text, start, end);
        if (start == end) return;
        var count = _options.Tokens.Count(_text.AsSpan(start, end - start));
        if (count + tableTokens <= _size)
        {
            _chunks.Add((new Piece(start, end, count), table));
            return;
        }
        // One piece, whose count grew as it lost the space before it.
        var smaller = _options with { Size = _size - tableTokens, Metadata = null, Overlap = 0, Strict = true };
        foreach (var part in ReadableSplitter.Split(_text, start, end, smaller, _cancel)) _chunks.Add((part, table));
    }

    private int Tokens(int firstBlock, int lastBlock)
    {
        var start = _blocks[firstBlock].Start;
        return _options.Tokens.CountUpTo(_text.AsSpan(start, _blocks[lastBlock - 1].End - start), _size);
    }

    private int Tokens(MarkdownPiece first, MarkdownPiece last) =>
        _options.Tokens.CountUpTo(_text.AsSpan(first.Piece.Start, last.Piece.End - first.Piece.Start), _size);
}
