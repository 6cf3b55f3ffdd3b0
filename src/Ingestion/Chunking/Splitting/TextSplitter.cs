using System.Runtime.CompilerServices;

namespace Ingestion.Chunking.Splitting;

/// <summary>Where the parts of <c>[start, end)</c> begin, ascending, the first at <c>start</c>.</summary>
internal delegate IEnumerable<int> Division(string text, int start, int end);

/// <summary>
/// Divides a text that is over the size by the first division that gives more than one part, and each part likewise; what no division
/// cuts is divided into code points. The pieces, which tile the text, go to a merger.
/// </summary>
internal sealed class TextSplitter(
    string text, int size, TokenCounter tokens, Division[] divisions, Action<Piece> add, CancellationToken cancel)
{
    public void Divide(int start, int end)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        cancel.ThrowIfCancellationRequested();
        if (start == end) return;
        var count = tokens.CountUpTo(text.AsSpan(start, end - start), size);
        if (count <= size)
        {
            add(new Piece(start, end, count));
            return;
        }
        foreach (var division in divisions)
        {
            if (DivideAt(division(text, start, end), end)) return;
        }
        DivideIntoCodePoints(start, end);
    }

    /// <summary>Divides at each start but the first; false, and nothing done, where there is no other.</summary>
    private bool DivideAt(IEnumerable<int> starts, int end)
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
            if ((at & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            var width = char.IsHighSurrogate(text[at]) && at + 1 < end && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;
            // A code point of more tokens than the size cannot be divided; it is a chunk of its own.
            add(new Piece(at, at + width, tokens.Count(text.AsSpan(at, width))));
            at += width;
        }
    }
}
