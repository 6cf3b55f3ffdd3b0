namespace Ingestion.Store;

/// <summary>How often a chunk has a word, as one sign; from 10 on by steps, as BM25 levels off there.</summary>
internal static class CountSigns
{
    private static readonly (char Sign, int From, int Count)[] Steps =
    [
        ('1', 1, 1), ('2', 2, 2), ('3', 3, 3), ('4', 4, 4), ('5', 5, 5), ('6', 6, 6), ('7', 7, 7), ('8', 8, 8), ('9', 9, 9),
        ('a', 10, 12), ('b', 15, 18), ('c', 22, 30),
    ];

    /// <summary>The signs in order of their counts, each with the count that it stands for.</summary>
    public static IEnumerable<(char Sign, int Count)> All => Steps.Select(step => (step.Sign, step.Count));

    public static char Of(int count)
    {
        var at = Steps.Length - 1;
        while (Steps[at].From > count) at--;
        return Steps[at].Sign;
    }

    public static int CountOf(char sign)
    {
        foreach (var step in Steps)
        {
            if (step.Sign == sign) return step.Count;
        }
        throw new InvalidOperationException($"The word index holds the unknown sign {sign}.");
    }
}
