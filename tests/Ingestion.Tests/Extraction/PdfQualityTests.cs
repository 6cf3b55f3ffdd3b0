using System.Text;
using System.Text.RegularExpressions;
using Ingestion.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Extraction;

/// <summary>Real documents against the words that docling reads in them.</summary>
public partial class PdfQualityTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Golden", "pdf");

    private static IEnumerable<string> Documents(params string[] shared)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var folders = new List<string> { Golden };
        if (Repository.Shared is { } study) folders.AddRange(shared.Select(name => Path.Combine(study, "corpus", name)));
        foreach (var folder in folders)
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*.pdf").Order(StringComparer.Ordinal))
            {
                if (known.Add(Path.GetFileName(file))) yield return file;
            }
        }
    }

    public static TheoryData<string> WithExpectation() => [.. Documents("pdf").Where(file => File.Exists(file + ".expected.md"))];

    public static TheoryData<string> All() => [.. Documents("pdf", "pdf-more", "scans")];

    [Theory]
    [MemberData(nameof(WithExpectation))]
    public async Task Words_and_their_order_are_those_of_the_ground_truth(string file)
    {
        var document = await ReadAsync(file);
        var expected = Words(await File.ReadAllTextAsync(file + ".expected.md", TestContext.Current.CancellationToken));
        var found = Words(document.Text);
        var rightToLeft = Path.GetFileName(file).StartsWith("right_to_left", StringComparison.Ordinal);
        Assert.True(Score(expected, found) >= (rightToLeft ? 0.88 : 0.95), $"words {Score(expected, found):F3}");
        var order = Score([.. expected.Zip(expected.Skip(1), (a, b) => a + " " + b)], [.. found.Zip(found.Skip(1), (a, b) => a + " " + b)]);
        Assert.True(order >= (rightToLeft ? 0.8 : 0.9), $"order {order:F3}");
    }

    [Fact]
    public async Task A_table_of_a_paper_is_read_cell_by_cell()
    {
        var file = Path.Combine(Golden, "2305.03393v1-pg9.pdf");
        var document = await ReadAsync(file);
        var expected = Cells(await File.ReadAllTextAsync(file + ".expected.md", TestContext.Current.CancellationToken));
        Assert.Equal(expected, Cells(document.Text));
        Assert.Contains("## 5.1 Hyper Parameter Optimization", document.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Optimized Table Tokenization for", document.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Every_document_is_read_or_refused_with_a_reason(string file)
    {
        ExtractedDocument document;
        try
        {
            document = await ReadAsync(file);
        }
        catch (ExtractionException refused)
        {
            Assert.NotEmpty(refused.Message);
            return;
        }
        new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(document.Text);
        Assert.DoesNotContain('\0', document.Text);
        Assert.Equal(document.PageCount ?? 0, document.PageStarts.Count);
        Assert.Equal(document.PageStarts.Order(), document.PageStarts);
        var end = 0;
        foreach (var element in document.Elements)
        {
            Assert.InRange(element.Start, end, document.Text.Length);
            Assert.InRange(element.End, element.Start + 1, document.Text.Length);
            Assert.InRange(element.Page, 1, document.PageCount ?? 0);
            end = element.End;
        }
        if (document.Text.Length == 0) Assert.NotEmpty(document.Warnings);
    }

    [Fact]
    public async Task A_cross_reference_of_absurd_widths_is_corrupt_and_does_not_end_the_process()
    {
        var file = Path.Combine(Golden, "hostile", "REDHAT-1531897-0.pdf");
        var failure = await Assert.ThrowsAsync<ExtractionException>(() => ReadAsync(file));
        Assert.Equal(ExtractionFailure.Corrupt, failure.Failure);
    }

    [Fact]
    public async Task Endless_nesting_of_drawings_is_cut_with_a_warning()
    {
        var document = await ReadAsync(Path.Combine(Golden, "hostile", "issue19800.pdf"));
        Assert.StartsWith("Page 1:", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    private static async Task<ExtractedDocument> ReadAsync(string file)
    {
        var cancel = TestContext.Current.CancellationToken;
        return await PdfSample.ReadAsync(await File.ReadAllBytesAsync(file, cancel), cancel);
    }

    private static List<string> Words(string markdown) =>
        [.. Word().Matches(Comment().Replace(markdown, " ").Replace("\\_", "_", StringComparison.Ordinal).ToLowerInvariant())
            .Select(match => match.Value)];

    private static List<string> Cells(string markdown) =>
        [.. markdown.Split('\n').Where(line => line.StartsWith('|') && line.Any(char.IsLetterOrDigit))
            .SelectMany(line => line.Trim('|').Split('|')).Select(cell => cell.Trim())];

    private static double Score(List<string> expected, List<string> found)
    {
        var left = expected.GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count());
        var both = 0;
        foreach (var word in found)
        {
            if (!left.TryGetValue(word, out var count) || count == 0) continue;
            left[word] = count - 1;
            both++;
        }
        return 2.0 * both / (expected.Count + found.Count);
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex("<!--.*?-->")]
    private static partial Regex Comment();
}
