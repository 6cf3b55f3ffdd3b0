using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>The text that stands for a picture where it cannot be seen, as its author wrote it.</summary>
internal static class PictureText
{
    /// <summary>Empty where there is none, or only what a program put there: a name, or its own guess at what is shown.</summary>
    public static string Of(string? description)
    {
        var text = description?.ReplaceLineEndings(" ").Trim() ?? "";
        var isName = Path.GetExtension(text).ToLowerInvariant() is ".png" or ".jpg" or ".jpeg" or ".gif" or ".bmp" or ".tif" or ".emf" or ".svg"
            || (Ascii.IsValid(text) && !text.Contains(' ', StringComparison.Ordinal));
        return isName || text.Contains("automatically generated", StringComparison.OrdinalIgnoreCase) ? "" : text;
    }
}
