namespace Ingestion.Chunking.Splitting;

/// <summary>LlamaIndex's splitters, to the character.</summary>
internal static class LlamaIndexSplitter
{
    /// <summary>SentenceSplitter: paragraphs, then sentences, then clauses, then words.</summary>
    public static List<Piece> Sentences(
        string text, int start, int end, ChunkOptions options, CancellationToken cancel) => MergingSplitter.Split(
        text,
        start,
        end,
        options.SizeForText(),
        [
            Separators.Before("\n\n\n"),
            options.KeepAbbreviations ? Abbreviations.SentenceStarts : Punkt.Starts,
            Clauses.After(Clauses.LlamaIndexMarks),
            Separators.Before(" "),
        ],
        options,
        cancel);

    /// <summary>
    /// TokenTextSplitter: words, then lines. Its node parser keeps two tokens for the form of the metadata, even where there is none.
    /// </summary>
    public static List<Piece> Tokens(
        string text, int start, int end, ChunkOptions options, CancellationToken cancel) => MergingSplitter.Split(
        text,
        start,
        end,
        options.SizeForText(reserved: 2),
        [
            Separators.Before(" "),
            Separators.Before("\n"),
        ],
        options,
        cancel);
}
