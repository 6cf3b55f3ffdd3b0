namespace Ingestion.Chunking.Splitting;

/// <summary>LlamaIndex's splitters, to the character. They give a text's chunks without the white space at their ends.</summary>
internal static class LlamaIndexSplitter
{
    /// <summary>SentenceSplitter: paragraphs, then sentences, then clauses, then words.</summary>
    public static List<Piece> Sentences(string text, int start, int end, ChunkOptions options, CancellationToken cancel)
    {
        Division[] divisions =
        [
            (text, start, end) => Separators.Starts(text, start, end, "\n\n\n"),
            options.KeepAbbreviations ? Abbreviations.SentenceStarts : Punkt.Starts,
            Clauses.Starts,
            Words,
        ];
        return Split(text, start, end, options.SizeForText(), options.Strict, Run);

        List<Piece> Run(int start, int end, int size) =>
            SplitOnce(text, start, end, size, divisions, new SentenceMerger(text, size, options.Overlap, options.Tokens), options, cancel);
    }

    /// <summary>TokenTextSplitter: words, then lines. Its node parser keeps two tokens for the form of the metadata, even where there is none.</summary>
    public static List<Piece> Tokens(string text, int start, int end, ChunkOptions options, CancellationToken cancel)
    {
        Division[] divisions = [Words, (text, start, end) => Separators.Starts(text, start, end, "\n")];
        return Split(text, start, end, options.SizeForText(reserved: 2), options.Strict, Run);

        List<Piece> Run(int start, int end, int size) =>
            SplitOnce(text, start, end, size, divisions, new TokenMerger(text, size, options.Overlap, options.Tokens), options, cancel);
    }

    private static IEnumerable<int> Words(string text, int start, int end) => Separators.Starts(text, start, end, " ");

    private static List<Piece> SplitOnce(
        string text, int start, int end, int size, Division[] divisions, PieceMerger merger, ChunkOptions options, CancellationToken cancel)
    {
        new TextSplitter(text, size, options.Tokens, divisions, merger.Add, cancel).Divide(start, end);
        return merger.Finish();
    }

    private static List<Piece> Split(string text, int start, int end, int size, bool strict, Func<int, int, int, List<Piece>> run)
    {
        var chunks = run(start, end, size);
        return strict ? chunks.SelectMany(Narrow).ToList() : chunks;

        // A chunk's own count may exceed the sum of its parts' counts: splitting it for a smaller sum brings it under the size.
        List<Piece> Narrow(Piece chunk)
        {
            List<Piece> parts = [chunk];
            var smaller = size;
            while (parts.Max(part => part.Tokens) is var most && most > size && smaller > 1)
            {
                smaller = Math.Max(1, smaller - (most - size));
                parts = run(chunk.Start, chunk.End, smaller);
            }
            return parts;
        }
    }
}
