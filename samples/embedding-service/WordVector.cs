using System.Text.Json.Nodes;

namespace EmbeddingService;

/// <summary>A vector of length 1 in which each word of a text counts for one direction.</summary>
internal static class WordVector
{
    public const int Dimension = 256;

    public static JsonArray Of(string text)
    {
        var counts = new double[Dimension];
        foreach (var word in text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            // The same in every process, which string.GetHashCode is not.
            var hash = 2_166_136_261u;
            foreach (var letter in word.Where(char.IsLetterOrDigit)) hash = (hash ^ letter) * 16_777_619u;
            counts[hash % Dimension]++;
        }
        var length = Math.Sqrt(counts.Sum(count => count * count));
        return new JsonArray([.. counts.Select(count => (JsonNode)(length > 0 ? count / length : 1 / Math.Sqrt(Dimension)))]);
    }
}
