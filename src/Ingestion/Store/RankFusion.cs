namespace Ingestion.Store;

/// <summary>Reciprocal rank fusion: the sum of 1 / (60 + rank) over both lists, scaled to 1 for a chunk that leads both.</summary>
internal static class RankFusion
{
    /// <summary>How deep each list goes into the fusion.</summary>
    public const int Depth = 100;

    private const float Constant = 60;

    /// <summary>Equal scores share a rank; chunks of equal rank are told apart by their scores.</summary>
    public static List<Ranked> Fuse(List<Ranked> text, List<Ranked> vectors, int count)
    {
        var fused = new Dictionary<int, (float Rank, float Score)>();
        foreach (var list in (ReadOnlySpan<List<Ranked>>)[text, vectors])
        {
            for (int i = 0, rank = 0; i < list.Count; i++)
            {
                if (list[i].Score != list[rank].Score) rank = i;
                var (sum, score) = fused.GetValueOrDefault(list[i].Place);
                fused[list[i].Place] = (sum + (Constant + 1) / (Constant + 1 + rank) / 2, score + list[i].Score);
            }
        }
        return fused
            .OrderByDescending(pair => pair.Value.Rank).ThenByDescending(pair => pair.Value.Score).ThenBy(pair => pair.Key)
            .Take(count)
            .Select(pair => new Ranked(pair.Key, pair.Value.Rank))
            .ToList();
    }
}
