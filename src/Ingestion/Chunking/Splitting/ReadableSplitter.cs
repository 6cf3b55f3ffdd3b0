namespace Ingestion.Chunking.Splitting;

/// <summary>Our own order of divisions: blank lines, then sentences of every script, then clauses, lines and words.</summary>
internal static class ReadableSplitter
{
    public static Division[] Divisions(bool keepAbbreviations) =>
    [
        Separators.Before("\n\n"),
        ScriptSentences.Division(keepAbbreviations),
        Clauses.After(Clauses.AllMarks),
        Lines,
        Separators.Before(" "),
    ];

    public static IEnumerable<int> Lines(string text, int start, int end)
    {
        while (start < end)
        {
            yield return start;
            var line = text.AsSpan(start, end - start).IndexOf('\n');
            start = line < 0 ? end : start + line + 1;
        }
    }

    public static List<Piece> Split(string text, int start, int end, ChunkOptions options, CancellationToken cancel) =>
        MergingSplitter.Split(text, start, end, options.SizeForText(), Divisions(options.KeepAbbreviations), options, cancel);
}
