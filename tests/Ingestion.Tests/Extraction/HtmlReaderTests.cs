using System.Diagnostics;
using System.Text;
using Ingestion.Extraction;
using Ingestion.Extraction.Web;

namespace Ingestion.Tests.Extraction;

public class HtmlReaderTests
{
    [Fact]
    public async Task A_page_becomes_the_markdown_that_a_reader_sees()
    {
        var bytes = await Goldens.BytesAsync("html/page.html");
        var page = await Goldens.ReadAsync(bytes, "page.html", address: new Uri("https://example.org/guide/index.html"));
        Assert.Equal(
            """
            # Guía de prueba

            Un párrafo con [un enlace](https://example.org/docs/otra.html), `código` y nada.
            Otra línea.

            > Una cita.

            3. tres
              - dentro
            4. cuatro

            ```cs
            int x = 1;
                if (x < 2) { }
            ```

            Datos

            | A | B \| C |
            | --- | --- |
            | 1 | 2 |
            | 1 | 3 |

            Un gráfico

            Figura 1

            Una nota.
            """, page.Text);
        Assert.Equal("Guía de prueba", page.Title);
        Assert.Equal("Ana", page.Author);
        Assert.Equal("es", page.Language);
        Assert.Equal(MediaTypes.Html, page.MediaType);
        Assert.Empty(page.Warnings);
        Assert.Equal(
            "Heading Paragraph Quote ListItem ListItem ListItem Code Caption Table Paragraph Caption Paragraph",
            string.Join(' ', page.Elements.Select(element => element.Kind)));
        Assert.Equal([1, 2, 1], page.Elements.Where(element => element.Kind == ElementKind.ListItem).Select(element => element.Level));
    }

    [Theory]
    [InlineData("<ol type=a><li>x<li>y</ol>", "a. x\nb. y")]
    [InlineData("<ol reversed><li>x<li value=7>y</ol>", "2. x\n7. y")]
    [InlineData("<dl><dt>T<dd>D</dl>", "- T\n  - D")]
    [InlineData("10 m<sup>2</sup> H<sub>2</sub>O 1<sup>st</sup>", "10 m^2 H2O 1st")]
    [InlineData("<p>a<p>b<br>c<br><br>d", "a\n\nb\nc\n\nd")]
    [InlineData("so<wbr>ft&shy;ly  <i>sp</i>oken", "softly spoken")]
    [InlineData("<a href='/x y'><div> Some <b>text</b> </div></a>", "[Some text](/x%20y)")]
    [InlineData("<a href='http://a.b/'>http://a.b/</a>", "http://a.b/")]
    [InlineData("<del>old</del> <s>older</s>", "~~old~~ ~~older~~")]
    [InlineData("<table><tr><td><h1>A</h1>text</td></tr></table>", "# A\n\ntext")]
    [InlineData("<table><tr><th>A<th>B<tr><td colspan=1000>all</table>", "| A | B |\n| --- | --- |\n| all | all |")]
    [InlineData("<table><tr><th>A<th>B<tr><td><ul><li>x<li>y</ul><td><table><tr><td>1<td>2</table></table>",
        "| A | B |\n| --- | --- |\n| - x - y | 1 2 |")]
    [InlineData("<math alttext='x^2'><mi>x</mi></math> is", "$x^2$ is")]
    [InlineData("<math><mfrac><mn>1</mn><msqrt>\n<mi>x</mi>\n</msqrt></mfrac><m\"o></m\"o><mo>+</mo></math> is", "$\\frac{1}{\\sqrt{x}}+$ is")]
    [InlineData("<nav>menu</nav><header>The site<h1>Its\n<b>page</b></h1></header><main><h2>Part</h2><p>More than a half of it.</main>",
        "# Its page\n\n## Part\n\nMore than a half of it.")]
    [InlineData("<h1>One</h1><main><h1>Two</h1><p>More than a half of it.</main>", "# Two\n\nMore than a half of it.")]
    [InlineData("<p>a &amp;lt; b &lt;c&gt; &euro;&#128512;</p>", "a &lt; b <c> €😀")]
    [InlineData("<pre>\n a\n\n  b</pre>", "```\n a\n\n  b\n```")]
    [InlineData("text <!-- <p>no</p> --> more <![CDATA[x]]> end", "text more end")]
    [InlineData("<svg><title>drawing</title></svg><svg/>text<iframe src=x></iframe>", "text")]
    [InlineData("<p><b>x<p><span hidden>secret</span> visible", "x\n\nvisible")]
    [InlineData("<a href=#main class=skip-link>Skip</a> text", "text")]
    [InlineData("<table><tr><td>Layout<tr><td><td>of one thing a row</table>", "Layout\n\nof one thing a row")]
    [InlineData("<p title='a > b' data-x=\"<p>\">text</p>", "text")]
    public async Task Markup_becomes(string html, string markdown)
    {
        var page = await Goldens.ReadAsync(Encoding.UTF8.GetBytes("<!doctype html><body>" + html));
        Assert.Equal(markdown, page.Text);
        ReaderConformance.AssertConsistent(page);
    }

    [Fact]
    public async Task A_page_whose_text_stands_in_its_header_is_not_empty() =>
        Assert.Equal("All there is", (await Goldens.ReadAsync("<html><header>All there is</header>"u8.ToArray())).Text);

    [Fact]
    public async Task The_only_heading_is_kept_although_it_stands_in_the_header()
    {
        var page = await Goldens.ReadAsync("<html><header><h1>Title</h1></header><nav>Menu</nav><p>A long enough text of the page."u8.ToArray());
        Assert.Equal("# Title\n\nA long enough text of the page.", page.Text);
    }

    [Theory]
    [InlineData("<meta charset=windows-1252>", "windows-1252")]
    [InlineData("<meta http-equiv=Content-Type content='text/html; charset=shift_jis'>", "shift_jis")]
    [InlineData("<?xml version='1.0' encoding='koi8-r'?><html>", "koi8-r")]
    public async Task The_charset_is_what_the_page_declares(string declaration, string charset)
    {
        var words = charset switch { "shift_jis" => "日本語の文章です", "koi8-r" => "Русский текст", _ => "Año señor" };
        var page = await Goldens.ReadAsync(TextDecoding.ByName(charset)!.GetBytes($"{declaration}<html><p>{words}</p>"), "p.html");
        Assert.Equal(words, page.Text);
        Assert.Empty(page.Warnings);
    }

    [Theory]
    [InlineData("<div>", 100_000)]
    [InlineData("<b>", 100_000)]
    [InlineData("<p><b a={0}>x", 20_000)]
    [InlineData("<table><tr><td>", 30_000)]
    [InlineData("<ul><li>", 50_000)]
    [InlineData("<span><div></span>", 30_000)]
    [InlineData("<object><table></object>", 30_000)]
    [InlineData("<form><div></form>", 30_000)]
    [InlineData("<b a={0}><table><tr><td></b></table>", 5_000)]
    [InlineData("<math><mi><table></math>", 30_000)]
    [InlineData("<x{0}>", 30_000)]
    [InlineData("<title>", 30_000)]
    [InlineData("<textarea>", 30_000)]
    [InlineData("<svg><g/>", 30_000)]
    [InlineData("<!-- ", 100_000)]
    [InlineData("<a href=\"", 100_000)]
    [InlineData("<blockquote>", 100_000)]
    [InlineData("<a href=x>", 100_000)]
    [InlineData("<td><del>", 100_000)]
    [InlineData("<li><dd>", 50_000)]
    [InlineData("<td><div>", 50_000)]
    [InlineData("<table><div></td>", 30_000)]
    [InlineData("<option><optgroup>", 50_000)]
    [InlineData("<ruby><rt>", 50_000)]
    [InlineData("<li><section></li>", 50_000)]
    [InlineData("<", 2_000_000)]
    [InlineData("</", 500_000)]
    [InlineData("<!", 500_000)]
    [InlineData("&", 1_000_000)]
    [InlineData("&#x", 500_000)]
    [InlineData("<a b{0}=", 200_000)]
    [InlineData("<p class=x class=y>", 100_000)]
    [InlineData("<select>", 100_000)]
    [InlineData("<template>", 30_000)]
    [InlineData("<template><tr>", 30_000)]
    [InlineData("<svg><desc>", 30_000)]
    [InlineData("<math><mi>", 30_000)]
    [InlineData("</p>", 200_000)]
    [InlineData("<p><button><div>", 50_000)]
    [InlineData("<a class={0}><div>", 30_000)]
    [InlineData("<i class={0}><p></i>", 30_000)]
    [InlineData("<i><b><s><u><p></i></b>", 30_000)]
    [InlineData("<table>x<b>", 30_000)]
    [InlineData("<nobr>", 100_000)]
    [InlineData("<dt><dd><div>", 50_000)]
    [InlineData("<script><!--<script>", 50_000)]
    public async Task A_bomb_costs_what_its_size_costs(string tag, int times)
    {
        var html = new StringBuilder("<!doctype html><body><p>before</p>");
        for (var i = 0; i < times; i++) html.Append(tag.Replace("{0}", $"{i}", StringComparison.Ordinal));
        html.Append("after");
        var clock = Stopwatch.StartNew();
        var page = await Goldens.ReadAsync(Encoding.UTF8.GetBytes(html.ToString()));
        Assert.StartsWith("before", page.Text, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"It took {clock.Elapsed}.");

        // What the clock can only guess at on a busy machine: the tree is neither deep nor larger than its source.
        var limits = new ExtractionLimits { MaxHtmlDepth = 100 };
        using var tree = HtmlTreeBuilder.Parse(html.ToString(), limits, TestContext.Current.CancellationToken);
        Assert.InRange(tree.Count, 1, (times * 12) + 100);
        Assert.InRange(Depth(tree), 1, 450);
    }

    [Fact]
    public async Task A_page_that_nests_too_deep_keeps_its_text_and_says_so()
    {
        var html = string.Concat(Enumerable.Range(0, 2000).Select(i => $"<div>w{i} "));
        var page = await Goldens.ReadAsync(Encoding.UTF8.GetBytes("<html>" + html));
        for (var i = 0; i < 2000; i++) Assert.Contains($"w{i}", page.Text, StringComparison.Ordinal);
        Assert.Contains(page.Warnings, warning => warning.Contains("512", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unclosed_old_markup_keeps_its_tables_and_links()
    {
        var html = "<html>" + string.Concat(Enumerable.Range(0, 3000).Select(i => $"<p><font color=red>Line {i}<li><div>x</li>"))
            + "<table><tr><th>A<th>B<tr><td>1<td><a href='http://a.b/c'>2</a></table>";
        var page = await Goldens.ReadAsync(Encoding.UTF8.GetBytes(html));
        Assert.Contains("Line 2999", page.Text, StringComparison.Ordinal);
        Assert.Contains("[2](http://a.b/c)", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_spans_without_end_is_refused()
    {
        var html = "<html><table>"
            + string.Concat(Enumerable.Repeat("<tr>" + string.Concat(Enumerable.Repeat("<td colspan=1000 rowspan=9999>x", 17)), 900));
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => Goldens.ReadAsync(Encoding.UTF8.GetBytes(html)));
        Assert.Equal(ExtractionFailure.TooLarge, fault.Failure);
    }

    private static int Depth(HtmlTree tree)
    {
        var deepest = 0;
        var open = new Stack<(HtmlNode Node, int Depth)>([(tree.Root, 0)]);
        while (open.TryPop(out var top))
        {
            deepest = Math.Max(deepest, top.Depth);
            for (var child = top.Node.First; child.Exists; child = child.Next) open.Push((child, top.Depth + 1));
        }
        return deepest;
    }
}
