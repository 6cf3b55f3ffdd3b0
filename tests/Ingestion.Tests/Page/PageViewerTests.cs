using System.Net;
using System.Text;
using System.Text.Json;
using Ingestion.Tests.Support;
using Microsoft.Playwright;

namespace Ingestion.Tests.Page;

/// <summary>A stored document on the page: its text, its chunks, and the way to them.</summary>
[Collection(PageCollection.Name)]
public sealed class PageViewerTests(Chromium chromium, RunningService running) : PageVisit(chromium, running)
{
    [Fact]
    public async Task The_shown_text_is_the_documents_and_each_chunk_is_marked_where_it_is()
    {
        await using var tab = await OpenAsync("marks");
        var page = tab.Page;
        var text = Prose(60, "😀 señal");
        await SendTextAsync("marks", "prose", text, size: 60, overlap: 30);
        var content = await Service.Http.GetStringAsync(DocumentPath("marks", "prose", "/content"), TestContext.Current.CancellationToken);
        var chunks = await GetChunksAsync("marks", "prose");
        var last = chunks.GetArrayLength();
        Assert.InRange(last, 10, 100);

        await OpenDocumentAsync(page, "marks", "prose");
        await Assertions.Expect(page.Locator("#chunk-total")).ToHaveTextAsync($"of {last}");

        // Every block, whether it is near the visible part or not, once it has been gone to.
        var shown = new StringBuilder();
        var seen = new Dictionary<int, StringBuilder>();
        var blocks = await page.Locator("#viewer-column .block").CountAsync();
        for (var block = 0; block < blocks; block++)
        {
            var node = page.Locator("#viewer-column .block").Nth(block);
            await node.ScrollIntoViewIfNeededAsync();
            await Assertions.Expect(node).Not.ToBeEmptyAsync();
            shown.Append(await node.EvaluateAsync<string>("node => node.textContent"));
            var pieces = await node.EvaluateAsync<string[][]>(
                "node => [...node.querySelectorAll('[data-chunks]')].map(piece => [piece.dataset.chunks, piece.textContent])");
            foreach (var piece in pieces)
            {
                foreach (var index in piece[0].Split(' ').Select(int.Parse))
                {
                    if (!seen.TryGetValue(index, out var marked)) seen[index] = marked = new();
                    marked.Append(piece[1]);
                }
            }
        }
        Assert.Equal(content, shown.ToString());
        var expected = chunks.EnumerateArray().Select(chunk => chunk.GetProperty("text").GetString());
        Assert.Equal(expected, seen.OrderBy(pair => pair.Key).Select(pair => pair.Value.ToString()));
        Assert.True(await page.Locator(".chunk.overlap").CountAsync() > 0);
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_chunk_tells_what_it_is_when_it_is_clicked_or_gone_to_by_arrow()
    {
        await using var tab = await OpenAsync("facts");
        var page = tab.Page;
        var text = "# Guide\n\n" + Prose(30, "one") + "\n\n## Details\n\n" + Prose(30, "two");
        await SendTextAsync("facts", "guide", text, size: 80, overlap: 20);
        var chunks = await GetChunksAsync("facts", "guide");
        await OpenDocumentAsync(page, "facts", "guide");

        await page.Locator("[data-chunks='1']").First.ClickAsync();
        await ExpectChunkAsync(page, chunks, 1);
        await page.Locator("#viewer-text").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await ExpectChunkAsync(page, chunks, 2);
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("ArrowLeft");
        await ExpectChunkAsync(page, chunks, 0);
        await page.FillAsync("#chunk-number", $"{chunks.GetArrayLength()}");
        await page.Keyboard.PressAsync("Enter");
        await ExpectChunkAsync(page, chunks, chunks.GetArrayLength() - 1);
        await Assertions.Expect(page.Locator("#chunk-facts")).ToContainTextAsync("Guide › Details");
        await Assertions.Expect(page.Locator("#chunk-next")).ToBeDisabledAsync();

        await PickAsync(page, "Reading view");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Details", Exact = true })).ToBeInViewportAsync();
        await Assertions.Expect(page.Locator(".reading .current").First).ToBeInViewportAsync();
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task Both_views_of_a_PDF_say_where_its_pages_begin()
    {
        await using var tab = await OpenAsync("library");
        var page = tab.Page;
        var tenant = new TenantClient(Service) { Id = Tenant };
        var pdf = await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", "pdf", "code_and_formula.pdf"), TestContext.Current.CancellationToken);
        var task = await tenant.CompletedAsync(await tenant.SendFileAsync("paper", "paper.pdf", pdf));
        var pages = Enumerable.Range(1, task.Number("result.page_count")).ToList();
        Assert.True(pages.Count > 1);
        await OpenDocumentAsync(page, TenantClient.Collection, "paper");

        foreach (var number in pages) await Assertions.Expect(page.Locator($".exact .flag[data-label='p. {number}']")).ToHaveCountAsync(1);
        await PickAsync(page, "Reading view");
        foreach (var number in pages)
            await Assertions.Expect(page.GetByRole(AriaRole.Separator, new() { Name = $"p. {number}", Exact = true })).ToHaveCountAsync(1);
        Assert.Equal("page-line", await page.Locator(".reading .block > *").First.GetAttributeAsync("class"));
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_search_result_leads_to_its_chunk_in_its_document()
    {
        await using var tab = await OpenAsync("search");
        var page = tab.Page;
        var text = Prose(80, "water") + " The axolotl lives in Xochimilco. " + Prose(80, "water");
        await SendTextAsync("search", "rivers", text, size: 60, overlap: 0);
        await SendTextAsync("search", "hills", Prose(20, "stone"), size: 60, overlap: 0);

        await page.FillAsync("[name=query]", "axolótl");
        await page.Keyboard.PressAsync("Enter");
        var first = page.Locator("#results li").First;
        await Assertions.Expect(first.Locator("mark")).ToHaveTextAsync("axolotl");
        await first.Locator("a").ClickAsync();

        await Assertions.Expect(page.Locator("#viewer-title")).ToHaveTextAsync("rivers");
        await Assertions.Expect(page.Locator(".chunk.current").First).ToBeInViewportAsync();
        var marked = await page.Locator(".chunk.current").AllTextContentsAsync();
        Assert.Contains("axolotl", string.Concat(marked), StringComparison.Ordinal);
        await Assertions.Expect(page.Locator("#viewer-text")).ToBeFocusedAsync();

        await page.GoBackAsync();
        await PickAsync(page, "Words");
        await Assertions.Expect(page.Locator("#results li")).ToHaveCountAsync(1);
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_document_is_deleted_after_its_counts_were_shown()
    {
        await SendTextAsync("delete", "old", Prose(40, "old"), size: 60, overlap: 0);
        var count = (await GetChunksAsync("delete", "old")).GetArrayLength();
        await using var tab = await OpenAsync("delete");
        var page = tab.Page;
        await OpenDocumentAsync(page, "delete", "old");
        await page.ClickAsync("#viewer-delete");
        await Assertions.Expect(page.Locator("#confirm")).ToContainTextAsync($"“old” with its {count} chunks");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete it" }).ClickAsync();

        await Assertions.Expect(page.Locator(".notice")).ToContainTextAsync($"chunks {count}, vectors {count}");
        await Assertions.Expect(page.Locator("#documents-none")).ToBeVisibleAsync();
        using var answer = await Service.Http.GetAsync(DocumentPath("delete", "old"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_million_characters_scroll_with_a_page_that_stays_small()
    {
        await using var tab = await OpenAsync("long");
        var page = tab.Page;
        await SendTextAsync("long", "book", Prose(9_000, "chapter"), size: 100, overlap: 20);
        await OpenDocumentAsync(page, "long", "book");
        await Assertions.Expect(page.Locator("#viewer-progress")).ToBeEmptyAsync();
        var total = await page.EvaluateAsync<int>("Number(document.getElementById('chunk-number').max)");
        Assert.True(total > 1_000, $"{total} chunks");

        foreach (var number in new[] { total, total / 2, 1 })
        {
            await page.FillAsync("#chunk-number", $"{number}");
            await page.Keyboard.PressAsync("Enter");
            await Assertions.Expect(page.Locator(".chunk.current").First).ToBeInViewportAsync();
            await Assertions.Expect(page.Locator($".flag[data-label='{number}']")).ToBeInViewportAsync();
        }
        Assert.InRange(await page.EvaluateAsync<int>("document.getElementById('viewer-column').textContent.length"), 1_000, 100_000);
        Assert.Empty(tab.Complaints);
    }

    private static async Task ExpectChunkAsync(IPage page, JsonElement chunks, int index)
    {
        var chunk = chunks[index];
        await Assertions.Expect(page.Locator("#chunk-facts dd").First).ToHaveTextAsync(chunk.GetProperty("token_count").ToString());
        await Assertions.Expect(page.Locator("#chunk-facts code").Last).ToHaveTextAsync(chunk.GetProperty("chunk_id").GetString()!);
        await Assertions.Expect(page.Locator("#chunk-number")).ToHaveValueAsync($"{index + 1}");
        await Assertions.Expect(page.Locator(".chunk.current").First).ToBeInViewportAsync();
        Assert.Equal(chunk.GetProperty("text").GetString(), string.Concat(await page.Locator(".chunk.current").AllTextContentsAsync()));
    }
}
