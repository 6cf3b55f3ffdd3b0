using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking.Rechunking;

/// <summary>
/// Splits a text that was split before and has changed since. A greedy splitter moves every boundary after an edit; here chunks whose text
/// is still there keep their boundaries, and only what is between them is split again.
/// </summary>
public static class StableSplit
{
    /// <summary>Whether the chunker can: the others always split anew.</summary>
    public static bool IsPossible(IChunker chunker) => chunker is ISliceChunker;

    /// <exception cref="ChunkingException">As the chunker's own split.</exception>
    public static IReadOnlyList<Chunk> Split(
        IChunker chunker, ExtractedDocument document, ChunkOptions options, EarlierSplit earlier, CancellationToken cancel)
    {
        var split = ((ISliceChunker)chunker).SliceSplitter(document, options, cancel);
        var text = document.Text;
        var places = Places(new TextAlignment(earlier.Text, text), earlier.Chunks);
        var windows = Windows(text, places);
        if (DropBesideSmallWindows(text, options, places, windows)) windows = Windows(text, places);

        var pieces = new List<Piece>(places.Length);
        var next = 0;
        foreach (var window in windows)
        {
            cancel.ThrowIfCancellationRequested();
            AddKept(window.First);
            foreach (var piece in split(window.Start, window.End))
            {
                // What a neighbour holds as its overlap needs no chunk of its own.
                if (piece.End > window.Covered && piece.Start < window.Limit) pieces.Add(piece);
            }
        }
        AddKept(places.Length);
        return new ChunkPlace(document).Describe(IsWhole(text, pieces) ? pieces : split(0, text.Length));

        void AddKept(int end)
        {
            for (; next < end; next++)
            {
                if (places[next].Kept is { } kept) pieces.Add(kept);
            }
        }
    }

    /// <summary>Where each earlier chunk is now: whole, or what is known of its ends.</summary>
    private static Place[] Places(TextAlignment alignment, IReadOnlyList<EarlierChunk> chunks)
    {
        var places = new Place[chunks.Count];
        for (var i = 0; i < places.Length; i++)
        {
            var chunk = chunks[i];
            var start = alignment.Find(chunk.Start, chunk.Start + 1);
            var end = alignment.Find(chunk.End - 1, chunk.End) + 1;
            TableHeader? header = null;
            var kept = alignment.Find(chunk.Start, chunk.End) is not null;
            if (kept && chunk.Header is { } rows)
            {
                var at = alignment.Find(rows.Start, rows.End);
                kept = at is not null;
                // Its tokens matter only while chunks are made.
                if (at is { } found) header = new TableHeader(found, found + rows.End - rows.Start, Tokens: 0);
            }
            places[i] = new Place(start, end, kept ? new Piece(start!.Value, end!.Value, chunk.TokenCount, header) : null);
        }
        return places;
    }

    /// <summary>The slices between kept chunks that hold text of their own, in order.</summary>
    private static List<Window> Windows(string text, Place[] places)
    {
        var windows = new List<Window>();
        var covered = 0;
        var firstLost = 0;
        for (var i = 0; i <= places.Length; i++)
        {
            var kept = i < places.Length ? places[i].Kept : null;
            if (kept is null && i < places.Length) continue;
            var limit = kept?.Start ?? text.Length;
            // The chunks that are lost may begin before the end of the last kept one, and end after the start of the next: their overlap.
            int start = covered, end = limit;
            if (firstLost < i)
            {
                start = Math.Min(covered, places[firstLost].Start ?? covered);
                end = Math.Max(limit, places[i - 1].End ?? limit);
            }
            if (!IsBlank(text, covered, limit)) windows.Add(new Window(firstLost, i, covered, limit, start, end));
            covered = Math.Max(covered, kept?.End ?? text.Length);
            firstLost = i + 1;
        }
        return windows;
    }

    /// <summary>
    /// A window of less than a quarter of the size would become a small chunk, and many edits many of them: the smaller neighbour is split again with it.
    /// </summary>
    private static bool DropBesideSmallWindows(string text, ChunkOptions options, Place[] places, List<Window> windows)
    {
        var dropped = false;
        foreach (var window in windows)
        {
            var quarter = options.Size / 4;
            if (options.Tokens.CountUpTo(text.AsSpan(window.Start, window.End - window.Start), quarter) > quarter) continue;
            var (before, after) = (window.First - 1, window.Next);
            var (left, right) = (before >= 0 ? places[before].Kept : null, after < places.Length ? places[after].Kept : null);
            if (left is null && right is null) continue;
            var drop = right is null || left is not null && left.Value.Tokens <= right.Value.Tokens ? before : after;
            places[drop] = places[drop] with { Kept = null };
            dropped = true;
        }
        return dropped;
    }

    /// <summary>Whether the chunks hold all of the text but white space.</summary>
    private static bool IsWhole(string text, List<Piece> pieces)
    {
        var covered = 0;
        foreach (var piece in pieces)
        {
            if (!IsBlank(text, covered, piece.Start)) return false;
            covered = Math.Max(covered, piece.End);
        }
        return IsBlank(text, covered, text.Length);
    }

    private static bool IsBlank(string text, int start, int end)
    {
        while (start < end && PythonCharacter.IsSpace(text[start])) start++;
        return start >= end;
    }

    /// <param name="Start">Where the earlier chunk's first character is now; null where it is gone.</param>
    /// <param name="End">Just after its last one.</param>
    /// <param name="Kept">The chunk, where all of it is still there.</param>
    private readonly record struct Place(int? Start, int? End, Piece? Kept);

    /// <summary>The slice <c>[Start, End)</c>, to be split.</summary>
    /// <param name="First">The first earlier chunk that is lost here, or <paramref name="Next"/>.</param>
    /// <param name="Next">The kept one that comes then, or the number of chunks.</param>
    /// <param name="Covered">Where the kept chunk before it ends.</param>
    /// <param name="Limit">Where the next one starts.</param>
    private readonly record struct Window(int First, int Next, int Covered, int Limit, int Start, int End);
}
