using System.Runtime.CompilerServices;

namespace Ingestion.Chunking.Sentences;

/// <summary>
/// LlamaIndex's SentenceSplitter, to the character: a text over the size is divided into paragraphs, then sentences, then clauses, then words,
/// then code points, and the pieces are merged again up to the size.
/// </summary>
internal sealed class SentenceSplitter
{
    private const string ParagraphBreak = "\n\n\n";

    private readonly string _text;
    private readonly int _size;
    private readonly TokenCounter _tokens;
    private readonly PieceMerger _merger;
    private readonly CancellationToken _cancel;

    private SentenceSplitter(string text, int size, int overlap, TokenCounter tokens, CancellationToken cancel)
    {
        (_text, _size, _tokens, _cancel) = (text, size, tokens, cancel);
        _merger = new PieceMerger(text, size, overlap, tokens);
    }

    /// <summary>The chunks of <c>[start, end)</c>, without the white space at their ends.</summary>
    public static List<Piece> Split(string text, int start, int end, int size, int overlap, TokenCounter tokens, CancellationToken cancel)
    {
        var splitter = new SentenceSplitter(text, size, overlap, tokens, cancel);
        splitter.Divide(start, end);
        return splitter._merger.Finish();
    }

    private void Divide(int start, int end)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (start == end) return;
        var count = _tokens.CountUpTo(_text.AsSpan(start, end - start), _size);
        if (count <= _size)
        {
            _merger.Add(new Piece(start, end, count));
            return;
        }
        _cancel.ThrowIfCancellationRequested();
        if (DivideAt(Separators.Starts(_text, start, end, ParagraphBreak), start, end)
            || DivideAt(Punkt.Starts(_text, start, end), start, end)
            || DivideAt(Clauses.Starts(_text, start, end), start, end)
            || DivideAt(Separators.Starts(_text, start, end, " "), start, end))
        {
            return;
        }
        DivideIntoCodePoints(start, end);
    }

    /// <summary>Divides at each start but the first; false, and nothing done, where there is no other.</summary>
    private bool DivideAt(IEnumerable<int> starts, int start, int end)
    {
        var from = -1;
        var parts = 0;
        foreach (var at in starts)
        {
            if (from >= 0)
            {
                Divide(from, at);
                parts++;
            }
            from = at;
        }
        if (parts == 0) return false;
        Divide(from, end);
        return true;
    }

    private void DivideIntoCodePoints(int start, int end)
    {
        for (var at = start; at < end;)
        {
            var width = char.IsHighSurrogate(_text[at]) && at + 1 < end && char.IsLowSurrogate(_text[at + 1]) ? 2 : 1;
            // A code point of more tokens than the size cannot be divided; it is a chunk of its own.
            _merger.Add(new Piece(at, at + width, _tokens.Count(_text.AsSpan(at, width))));
            at += width;
        }
    }
}
