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
    private readonly List<Piece> _chunks = [];

    /// <param name="blocks">Side by side: a document's, or a slice's.</param>
    public SectionPacker(string text, List<Block> blocks, ChunkOptions options, CancellationToken cancel)
    {
        (_text, _blocks, _options, _cancel) = (text, blocks, options, cancel);
        _size = options.SizeForText();
        _divider = new BlockDivider(_text, _size, options, cancel);
    }

    public List<Piece> Pack()
    {
        var first = 0;
        // Its rows are nothing without their header.
        if (_blocks[0].IsContinuedTable) Merge(merger => _divider.Divide(_blocks[first++], _size, merger.Add));
        if (first < _blocks.Count) Pack(first, _blocks.Count);
        return _chunks;
    }

    private void Pack(int first, int last)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        _cancel.ThrowIfCancellationRequested();
        var whole = Tokens(first, last);
        if (whole <= _size)
        {
            Merge(merger => merger.Add(new Piece(_blocks[first].Start, _blocks[last - 1].End, whole)));
            return;
        }
        var sections = Sections(first, last);
        if (sections.Count == 1)
        {
            Merge(merger => Divide(first, last, merger));
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

    /// <summary>
    /// The section after those that share a chunk with the first: a small one with its next, the last one, if small, with the one before.
    /// </summary>
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

    private void Divide(int first, int last, PieceMerger merger)
    {
        var opening = 0;
        for (var i = first; i < last; i++)
        {
            // What follows a heading is divided rather than parted from it.
            _divider.Divide(_blocks[i], _size - opening, merger.Add);
            opening = _blocks[i].IsHeading ? opening + Tokens(i, i + 1) : 0;
            if (opening > _size / 2) opening = 0;
        }
    }

    private void Merge(Action<PieceMerger> add)
    {
        var merger = new PieceMerger(_text, _size, _options.Overlap, _options.Tokens, Narrow);
        add(merger);
        _chunks.AddRange(merger.Finish());
    }

    /// <summary>One piece, whose own count grew as it lost the space before it.</summary>
    private IEnumerable<Piece> Narrow(Piece chunk)
    {
        var room = Math.Max(1, _size - (chunk.Header?.Tokens ?? 0));
        var smaller = _options with { Size = room, Metadata = null, Overlap = 0, Strict = true };
        return ReadableSplitter.Split(_text, chunk.Start, chunk.End, smaller, _cancel).Select(part => part with { Header = chunk.Header });
    }

    private int Tokens(int firstBlock, int lastBlock)
    {
        var start = _blocks[firstBlock].Start;
        return _options.Tokens.CountUpTo(_text.AsSpan(start, _blocks[lastBlock - 1].End - start), _size);
    }
}
