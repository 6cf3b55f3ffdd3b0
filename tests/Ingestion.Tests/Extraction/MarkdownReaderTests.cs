using System.Diagnostics;
using System.Text;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class MarkdownReaderTests
{
    [Fact]
    public async Task The_text_stays_as_it_is_and_its_blocks_are_found_in_it()
    {
        var bytes = await Goldens.BytesAsync("md/front-matter.md");
        var document = await Goldens.ReadAsync(bytes, "front-matter.md");
        Assert.Equal(Encoding.UTF8.GetString(bytes), document.Text);
        Assert.Equal("A page with a front matter", document.Title);
        Assert.Equal("Ana", document.Author);
        Assert.Equal("es", document.Language);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), document.Created);
        Assert.Equal(
            [
                "Heading 1: # Heading one", "Heading 2: Setext *heading*\ntwo\n---", "ListItem 1: 1. first", "ListItem 2: - nested", "ListItem 1: 2. second",
                "Paragraph 0: A paragraph of the second.", "Quote 0: > a quote\ngoes on", "Table 0: | a | b |\n|---|---|\n| 1 | `x|y` |",
                "Code 0: ```js\n# no heading\n```", "Code 0: ~~~\nunclosed",
            ],
            Goldens.Outline(document).Skip(1));
    }

    [Theory]
    [InlineData("para\n# head\nmore", "Paragraph 0: para|Heading 1: # head|Paragraph 0: more")]
    [InlineData("#hashtag and\n####### seven", "Paragraph 0: #hashtag and\n####### seven")]
    [InlineData("- a\n\n  - b\n\n    text\n- c", "ListItem 1: - a|ListItem 2: - b|Paragraph 0: text|ListItem 1: - c")]
    [InlineData("* a\n* * *\n- b", "ListItem 1: * a|ListItem 1: - b")]
    [InlineData("in\n1986. A year\n1. one", "Paragraph 0: in\n1986. A year|ListItem 1: 1. one")]
    [InlineData("    code\n\n    more\n\ntext", "Code 0:     code\n\n    more|Paragraph 0: text")]
    [InlineData("a | b\n- | -\n1 | 2\n\nc | d", "Table 0: a | b\n- | -\n1 | 2|Paragraph 0: c | d")]
    [InlineData("<!-- a\n# b -->\n\ntext", "Paragraph 0: text")]
    [InlineData("$$\nx^2\n$$\n\n[^1]: note\n  goes on", "Formula 0: $$\nx^2\n$$|Footnote 0: [^1]: note\n  goes on")]
    [InlineData("> a\n>\n> b\n\nc", "Quote 0: > a\n>\n> b|Paragraph 0: c")]
    [InlineData("Title\r\n=====\r\ntext  \r\n", "Heading 1: Title\n=====|Paragraph 0: text")]
    [InlineData("---\nno front matter", "Paragraph 0: no front matter")]
    public async Task Blocks_are(string markdown, string outline)
    {
        var document = await Goldens.ReadAsync(Encoding.UTF8.GetBytes(markdown), "x.md");
        Assert.Equal(outline, string.Join('|', Goldens.Outline(document)));
        ReaderConformance.AssertConsistent(document);
    }

    [Theory]
    [InlineData("> ", 2_000_000)]
    [InlineData("- ", 2_000_000)]
    [InlineData("<!--\n", 500_000)]
    [InlineData("$$", 1_000_000)]
    [InlineData("[", 3_000_000)]
    [InlineData("a|\n", 1_000_000)]
    [InlineData("```\n", 1_000_001)]
    [InlineData("  - a\n", 500_000)]
    public async Task Hostile_markdown_costs_what_its_size_costs(string part, int times)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(part, times)) + "end");
        var clock = Stopwatch.StartNew();
        ReaderConformance.AssertConsistent(await Goldens.ReadAsync(bytes, "x.md"));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"It took {clock.Elapsed}.");
    }
}
