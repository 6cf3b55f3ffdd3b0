namespace Ingestion.Config;

/// <summary>What somebody meant who wrote a name that does not exist.</summary>
internal static class NearestName
{
    /// <summary>The known name with the fewest letters added, dropped or changed; null where none is near.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        if (name.Length > 64) return null;
        var upper = name.ToUpperInvariant();
        var best = known.Select(candidate => (Name: candidate, Distance: Distance(upper, candidate))).MinBy(pair => pair.Distance);
        return best.Distance <= Math.Max(name.Length < 4 ? 1 : 2, name.Length / 4) ? best.Name : null;
    }

    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j < row.Length; j++) row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
