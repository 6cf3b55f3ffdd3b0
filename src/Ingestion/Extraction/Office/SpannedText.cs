namespace Ingestion.Extraction.Office;

/// <summary>
/// A pipe table has no spans, so a label stands again in each cell that it spans: every row and column keeps its meaning.
/// </summary>
internal static class SpannedText
{
    private const int LongestLabel = 80;

    /// <summary>The text of a spanned cell after the first; a long text is not a label and is not told twice.</summary>
    public static string Repeated(string text) => text.Length <= LongestLabel ? text : "";
}
