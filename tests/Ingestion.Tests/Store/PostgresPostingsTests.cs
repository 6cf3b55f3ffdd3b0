using Ingestion.Store.Postgres;

namespace Ingestion.Tests.Store;

public sealed class PostgresPostingsTests
{
    private const int Words = 5;

    /// <summary>Large collections are read a few words at a time.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(Words)]
    public void Words_that_come_in_groups_rank_as_words_that_come_together(int atOnce)
    {
        var random = new Random(7);
        var found = Enumerable.Range(0, Words)
            .Select(_ => Enumerable.Range(0, 400).Where(_ => random.Next(3) == 0).Select(chunk => (Version: 1L + chunk / 20, Place: chunk % 20)).ToList()).ToList();
        var together = Best(found, Words);
        var inGroups = Best(found, atOnce);
        Assert.Equal(50, together.Count);
        Assert.Equal(together.Select(hit => (hit.Version, hit.Place)), inGroups.Select(hit => (hit.Version, hit.Place)));
        Assert.All(together.Zip(inGroups), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 5));
        Assert.All(inGroups, hit => Assert.Equal(0, hit.Version % 2));
    }

    /// <summary>Of 20 versions those with an even number are visible.</summary>
    private static List<(long Version, int Place, float Score)> Best(List<List<(long Version, int Place)>> found, int atOnce)
    {
        var postings = new PostgresPostings(chunks: 200, averageWords: 100);
        foreach (var group in Enumerable.Range(0, found.Count).Chunk(atOnce))
        {
            foreach (var word in group)
            {
                long[] chunks = [.. found[word].Select(at => at.Version << 31 | (long)at.Place)];
                postings.Add(word, 1 + word, chunks, [.. found[word].Select(at => 50 + 7 * at.Place)]);
            }
            postings.Weigh(group, postings.Unknown.Where(version => version % 2 == 0), telling: []);
        }
        return [.. postings.Best(allowed: null, count: 50)];
    }
}
