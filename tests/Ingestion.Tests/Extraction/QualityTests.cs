using Ingestion.Benchmarks;

namespace Ingestion.Tests.Extraction;

/// <summary>Golden documents with a ground truth: what is read comes near enough to it, format by format.</summary>
public class QualityTests
{
    [Theory]
    [InlineData("html", 0.97, 0.97, 0.99, 0.98)]
    [InlineData("md", 0.95, 0.94, 0.99, 0.99)]
    [InlineData("csv", 1, 1, 1, 1)]
    public async Task A_format_keeps_its_words_order_headings_and_cells(string format, double words, double order, double headings,
        double cells)
    {
        var scores = new List<TextScore>();
        foreach (var golden in Goldens.All.Where(golden => golden.StartsWith(format + "/", StringComparison.Ordinal)))
            if (Goldens.Truth(golden) is { } truth) scores.Add(TextScore.Of((await Goldens.ReadAsync(golden)).Text, truth));
        Assert.NotEmpty(scores);
        Assert.InRange(scores.Average(score => score.Words), words, 1);
        Assert.InRange(scores.Average(score => score.Order), order, 1);
        Assert.InRange(scores.Average(score => score.Headings) ?? 1, headings, 1);
        Assert.InRange(scores.Average(score => score.Cells) ?? 1, cells, 1);
    }

    [Fact]
    public void The_score_falls_with_lost_words_mixed_order_and_wrong_levels()
    {
        Assert.Equal(new TextScore(1, 1, 1, 1, 1),
            TextScore.Of("# A title\n\n| a | b |\n| --- | --- |\n| c | d |", "# A *title*\n\n|a|b|\n|-|-|\n|c|d|"));
        Assert.Equal(0.5, TextScore.Of("one three", "one two").Words);
        Assert.Equal(0, TextScore.Of("two one", "one two").Order);
        Assert.Equal(0, TextScore.Of("## A title", "# A title").Headings);
        Assert.Equal(1, TextScore.Of("## A title", "# A title").Found);
        Assert.Equal(1, TextScore.Of("A title\n=======\n\nA part\n---", "# A title\n\n## A part").Headings);
        Assert.Null(TextScore.Of("text", "text").Cells);
        Assert.Equal(1, TextScore.Of("see [page](http://a.b/c)", "see [page](/c)").Words);
    }
}
