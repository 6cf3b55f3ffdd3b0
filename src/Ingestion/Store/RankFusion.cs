using Ingestion.Embedding;

namespace Ingestion.Store;

/// <summary>
/// Reciprocal rank fusion: the sum of a weight / (5 + rank) over both lists, scaled to 1 for a chunk that leads both. Vectors of meaning weigh
/// as much as words. The built-in ones compare words and parts of words themselves, less exactly: beside them the words weigh twice.
/// </summary>
internal static class RankFusion
{
    /// <summary>How deep each list goes into the fusion.</summary>
    public const int Depth = 100;

    /// <summary>Small, so that what leads one list is not drowned by what is middling in both, as it is with the usual 60.</summary>
    private const float Constant = 5;

    private const float LexicalVectors = 1 / 3f;

    /// <summary>Equal scores share a rank; chunks of equal rank are told apart by their scores.</summary>
    /// <param name="model">What made the vectors.</param>
    public static List<Ranked> Fuse(List<Ranked> text, List<Ranked> vectors, string? model, int count)
    {
        var ofVectors = model == LocalEmbedder.Model ? LexicalVectors : 1 / 2f;
        var fused = new Dictionary<int, (float Rank, float Score)>();
        foreach (var (list, weight) in (ReadOnlySpan<(List<Ranked>, float)>)[(text, 1 - ofVectors), (vectors, ofVectors)])
        {
            for (int i = 0, rank = 0; i < list.Count; i++)
            {
                if (list[i].Score != list[rank].Score) rank = i;
                var (sum, score) = fused.GetValueOrDefault(list[i].Place);
                fused[list[i].Place] = (sum + weight * (Constant + 1) / (Constant + 1 + rank), score + list[i].Score);
            }
        }
        return fused
            .OrderByDescending(pair => pair.Value.Rank).ThenByDescending(pair => pair.Value.Score).ThenBy(pair => pair.Key)
            .Take(count)
            .Select(pair => new Ranked(pair.Key, pair.Value.Rank))
            .ToList();
    }
}
