using System.Net;
using Ingestion.Tests.Support;
using Microsoft.Playwright;

namespace Ingestion.Tests.Page;

/// <summary>The page in a real browser in front of the real service, as a user goes about it.</summary>
[Collection(PageCollection.Name)]
public sealed class PageTests(Chromium chromium, RunningService running) : PageVisit(chromium, running)
{
    [Fact]
    public async Task A_dropped_file_goes_to_100_through_every_milestone_and_opens()
    {
        await using var tab = await OpenAsync("drop");
        var page = tab.Page;
        await DropAsync(page, "2305.03393v1-pg9.pdf", Golden("pdf", "2305.03393v1-pg9.pdf"));
        await Assertions.Expect(page.Locator("#staged li")).ToContainTextAsync("2305.03393v1-pg9.pdf");
        await Assertions.Expect(page.Locator("#add [type=submit]")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");

        var task = page.Locator(".task");
        await Assertions.Expect(task).ToHaveAttributeAsync("data-status", "completed");
        Assert.Equal(100, await task.Locator("progress").EvaluateAsync<double>("bar => bar.value"));
        await Assertions.Expect(task.Locator(".milestones .done")).ToHaveTextAsync(
            ["Received(done)", "Read(done)", "Chunked(done)", "Embedding(done)", "Embedded(done)", "Stored(done)"]);
        await Assertions.Expect(page.Locator("#document-list li")).ToContainTextAsync("1 page");

        await task.GetByRole(AriaRole.Button, new() { Name = "Open" }).ClickAsync();
        await Assertions.Expect(page.Locator("#viewer-title")).ToHaveTextAsync("2305.03393v1-pg9.pdf");
        await Assertions.Expect(page.Locator(".flag.page")).ToHaveAttributeAsync("data-label", "p. 1");
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task Everything_is_reached_by_the_keyboard_alone()
    {
        await using var tab = await OpenAsync("keys");
        var page = tab.Page;
        await TabToAsync(page, "[name=kind]");
        await page.Keyboard.PressAsync("ArrowRight");
        await TabToAsync(page, "[name=text]");
        await page.Keyboard.TypeAsync("# Keys\n\nA text without a mouse.");
        await TabToAsync(page, "#add [type=submit]");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".task")).ToHaveAttributeAsync("data-status", "completed");
        await TabToAsync(page, ".task button");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#viewer-text")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator("#chunk-total")).ToHaveTextAsync("of 1");
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(page.Locator("#chunk-number")).ToHaveValueAsync("1");
        await TabToAsync(page, "#viewer-delete");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#confirm")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("#confirm")).ToBeHiddenAsync();
        await Assertions.Expect(page.Locator("#viewer-delete")).ToBeFocusedAsync();
        await TabToAsync(page, ".viewer-head a");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#home")).ToBeVisibleAsync();

        // Round the whole page and out of it again: nothing keeps the focus, and where it is can be seen.
        await page.EvaluateAsync("document.activeElement.blur()");
        var stops = 0;
        for (; stops < 100; stops++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>("document.activeElement === document.body")) break;
            Assert.True(await page.EvaluateAsync<bool>("""
                (() => {
                  const node = document.activeElement;
                  const drawn = node.type === 'radio' ? node.nextElementSibling : node;
                  return getComputedStyle(drawn).outlineStyle !== 'none' && parseFloat(getComputedStyle(drawn).outlineWidth) >= 2;
                })()
                """), "The focus cannot be seen on " + await page.EvaluateAsync<string>("document.activeElement.outerHTML"));
        }
        Assert.InRange(stops, 15, 99);
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task Spanish_is_spoken_where_the_browser_asks_for_it_and_all_of_the_page_changes_with_the_button()
    {
        await SendTextAsync("idioma", "prueba", "Un texto con búsqueda.", size: 100, overlap: 0);
        await using var tab = await OpenAsync("idioma", "es-ES");
        var page = tab.Page;
        Assert.Equal("es", await page.EvaluateAsync<string>("document.documentElement.lang"));
        await Assertions.Expect(page.Locator("#add-title")).ToHaveTextAsync("Añadir documentos");
        await Assertions.Expect(page.Locator(".task .badge")).ToHaveTextAsync("Completado");
        await Assertions.Expect(page.Locator("#document-list li")).ToContainTextAsync("1 fragmento");

        await page.ClickAsync("#language");
        await Assertions.Expect(page.Locator("#add-title")).ToHaveTextAsync("Add documents");
        await Assertions.Expect(page.Locator(".task .badge")).ToHaveTextAsync("Completed");
        await Assertions.Expect(page.Locator("#document-list li")).ToContainTextAsync("1 chunk");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#add-title")).ToHaveTextAsync("Add documents");
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_plan_shows_the_chunks_and_stores_nothing()
    {
        await using var tab = await OpenAsync("plan");
        var page = tab.Page;
        await PickAsync(page, "Text");
        await page.FillAsync("[name=text]", Prose(40, "plan"));
        await page.GetByText("Options").ClickAsync();
        await page.FillAsync("[name=size]", "60");
        await page.FillAsync("[name=overlap]", "30");
        await page.ClickAsync("#plan-button");

        await Assertions.Expect(page.Locator(".plan-card").First).ToBeVisibleAsync();
        Assert.True(await page.Locator(".plan-card .overlap").CountAsync() > 0);
        var documents = await Service.GetJsonAsync($"api/v1/collections/plan/documents?tenant_id={Tenant}");
        Assert.Equal(0, documents.GetProperty("total").GetInt32());
        await Assertions.Expect(page.Locator(".task")).ToHaveCountAsync(0);
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_refused_upload_says_what_theService_says()
    {
        await using var tab = await OpenAsync("refused");
        var page = tab.Page;
        await DropAsync(page, "words.txt", "words"u8.ToArray());
        await page.GetByText("Options").ClickAsync();
        await page.FillAsync("[name=chunker]", "scissors");
        await page.ClickAsync("#add [type=submit]");

        await Assertions.Expect(page.Locator(".task")).ToHaveAttributeAsync("data-status", "failed");
        await Assertions.Expect(page.Locator(".task .badge")).ToHaveTextAsync("Not accepted");
        using var answer = await PostTextAsync(
            new { tenant_id = Tenant, collection_id = "refused", document_id = "words", text = "words", chunker = "scissors" });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var said = (await ReadAsync(answer)).GetProperty("message").GetString()!;
        await Assertions.Expect(page.Locator(".task .problem span")).ToHaveTextAsync(said);
        // The browser itself notes every 4xx; nothing else may be there.
        Assert.All(tab.Complaints, complaint => Assert.Contains("status of 400", complaint, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_document_that_fails_shows_why_live_and_after_a_reload()
    {
        await using var tab = await OpenAsync("fails");
        var page = tab.Page;
        await DropAsync(page, "broken.pdf", "%PDF-1.7 and nothing that a PDF has"u8.ToArray());
        await page.ClickAsync("#add [type=submit]");

        var problem = page.Locator(".task .problem");
        await Assertions.Expect(page.Locator(".task .badge")).ToHaveTextAsync("Failed");
        await Assertions.Expect(problem.Locator("code")).ToHaveTextAsync("EXTRACTION_ERROR");
        var tasks = await Service.GetJsonAsync($"api/v1/tasks?tenant_id={Tenant}&collection_id=fails");
        var said = tasks.GetProperty("tasks")[0].GetProperty("error").GetString()!;
        await Assertions.Expect(problem.Locator("span")).ToHaveTextAsync(said);
        await page.ReloadAsync();
        await Assertions.Expect(problem.Locator("span")).ToHaveTextAsync(said);
        await Assertions.Expect(page.Locator(".milestones .done")).ToHaveCountAsync(1);
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_folder_is_ingested_whole_and_names_that_repeat_stay_apart()
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-folder-");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "notes", "deep"));
            foreach (var name in new[] { "notes/read.md", "notes/deep/read.md", "notes/deep/other.txt" })
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), "This is " + name, TestContext.Current.CancellationToken);
            await using var tab = await OpenAsync("folder");
            await tab.Page.SetInputFilesAsync("#folder-input", Path.Combine(folder.FullName, "notes"));
            await Assertions.Expect(tab.Page.Locator("#add [type=submit]")).ToHaveTextAsync("Ingest 3 documents");
            await tab.Page.ClickAsync("#add [type=submit]");

            await Assertions.Expect(tab.Page.Locator(".task[data-status=completed]")).ToHaveCountAsync(3);
            await Assertions.Expect(tab.Page.Locator("#document-list .row-title")).ToHaveTextAsync(
                ["notes/deep/other.txt", "notes/deep/read.md", "notes/read.md"]);
            Assert.Empty(tab.Complaints);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_theme_follows_the_system_until_one_is_chosen()
    {
        await using var tab = await OpenAsync("theme", scheme: ColorScheme.Dark);
        var page = tab.Page;
        var dark = await GroundAsync();
        await page.ClickAsync("#theme");
        var light = await GroundAsync();
        Assert.NotEqual(dark, light);
        await page.ReloadAsync();
        Assert.Equal(light, await GroundAsync());
        await page.ClickAsync("#theme");
        Assert.Equal(dark, await GroundAsync());
        Assert.Empty(tab.Complaints);

        Task<string> GroundAsync() => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task A_telephone_shows_all_of_it_without_scrolling_sideways(ColorScheme scheme)
    {
        var collection = "telephone-" + scheme;
        var text = "# " + new string('x', 300) + "\n\n" + Prose(30, "small");
        await SendTextAsync(collection, new string('w', 200), text, size: 60, overlap: 10);
        await using var tab = await OpenAsync(collection, scheme: scheme, width: 340);
        var page = tab.Page;
        await Assertions.Expect(page.Locator(".task")).ToHaveCountAsync(1);
        Assert.Equal(340, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await page.Locator("#document-list a").ClickAsync();
        await Assertions.Expect(page.Locator("#chunk-facts")).ToBeAttachedAsync();
        await page.ClickAsync("#chunk-next");
        Assert.Equal(340, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Empty(tab.Complaints);
    }

    private static async Task DropAsync(IPage page, string name, byte[] bytes)
    {
        await using var data = await page.EvaluateHandleAsync("""
            ([name, base64]) => {
              const data = new DataTransfer();
              data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
              return data;
            }
            """, new[] { name, Convert.ToBase64String(bytes) });
        foreach (var type in new[] { "dragenter", "dragover", "drop" })
            await page.DispatchEventAsync("body", type, new { dataTransfer = data });
    }

    private static async Task TabToAsync(IPage page, string selector)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector)) return;
        }
        Assert.Fail($"The keyboard does not reach {selector}.");
    }

    private static byte[] Golden(string kind, string name) =>
        File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", kind, name));
}
