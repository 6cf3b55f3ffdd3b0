namespace Ingestion.Chunking.Splitting;

/// <summary>Divides a text and merges the pieces: the chunks, without the white space at their ends.</summary>
internal static class MergingSplitter
{
    public static List<Piece> Split(
        string text, int start, int end, int size, Division[] divisions, ChunkOptions options, CancellationToken cancel)
    {
        return Once(start, end, size, options.Overlap);

        List<Piece> Once(int start, int end, int size, int overlap)
        {
            var merger = new PieceMerger(text, size, overlap, options.Tokens, options.Strict ? Narrow : null);
            new TextSplitter(text, size, options.Tokens, divisions, merger.Add, cancel).Divide(start, end);
            return merger.Finish();

            // One piece, whose own count grew as it lost the space before it. A code point is not narrowed.
            IEnumerable<Piece> Narrow(Piece chunk) => size > 1 ? Once(chunk.Start, chunk.End, size - 1, overlap: 0) : [chunk];
        }
    }
}
