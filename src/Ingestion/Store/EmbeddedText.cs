namespace Ingestion.Store;

/// <summary>A chunk's text as it is embedded: after what its document and its table say first.</summary>
public static class EmbeddedText
{
    public static string Of(string? preface, string? header, string text) => Before(preface, header) + text;

    /// <summary>Null where nothing stands before the text.</summary>
    public static string? Before(string? preface, string? header) => (preface, header) switch
    {
        (null, null) => null,
        (_, null) => preface + "\n\n",
        (null, _) => header + "\n",
        (_, _) => $"{preface}\n\n{header}\n",
    };
}
