using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Ingestion.Tests.Page;

/// <summary>The page's modules, each asked alone in a real browser.</summary>
[Collection(PageCollection.Name)]
public sealed class PageModuleTests(Chromium chromium, PageFiles files)
{
    [Theory]
    [InlineData("plain ascii")]
    [InlineData("ñandú, größer, 中文")]
    [InlineData("😀a😀😀b")]
    [InlineData("\uFEFFmark first 😀")]
    public async Task Offsets_in_code_points_become_offsets_in_utf16(string text)
    {
        var repeated = string.Concat(Enumerable.Repeat(text, 700));
        var expected = new List<int> { 0 };
        foreach (var rune in repeated.EnumerateRunes()) expected.Add(expected[^1] + rune.Utf16SequenceLength);

        var found = await RunAsync<int[]>("""
            const { CodePoints } = await import('./codepoints.js');
            const points = new CodePoints(input);
            return Array.from({ length: points.length + 1 }, (_, point) => points.toUnits(point));
            """, repeated);

        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task Pieces_of_a_text_join_to_the_text_and_each_knows_the_chunks_that_cover_it()
    {
        const int length = 400;
        var random = new Random(7);
        // Unsorted, nested and equal ranges too: not every chunker goes from left to right.
        var chunks = Enumerable.Range(0, 60).Select(_ =>
        {
            var start = random.Next(length);
            return new { start, end = random.Next(start, length) + 1 };
        }).ToArray();

        var pieces = await RunAsync<Piece[]>("""
            const { ChunkMarks } = await import('./marks.js');
            const marks = new ChunkMarks([0, 120, 120, 333]);
            marks.add(input.slice(0, 25));
            marks.add(input.slice(25));
            return [[0, 90], [90, 350], [350, 400]].flatMap(([from, to]) => marks.pieces(from, to));
            """, chunks);

        Assert.Equal(0, pieces[0].Start);
        Assert.Equal(length, pieces[^1].End);
        for (var i = 1; i < pieces.Length; i++) Assert.Equal(pieces[i - 1].End, pieces[i].Start);
        Assert.Contains(pieces, piece => piece.Start == 120);
        foreach (var piece in pieces)
        {
            for (var unit = piece.Start; unit < piece.End; unit++)
            {
                var covering = Enumerable.Range(0, chunks.Length).Where(index => chunks[index].start <= unit && unit < chunks[index].end);
                Assert.Equal(covering, piece.Chunks);
            }
        }
    }

    [Fact]
    public async Task Nothing_that_a_document_says_becomes_markup_in_the_reading_view()
    {
        const string hostile = """
            # <img src=x onerror=alert(1)> **<b>bold</b>**

            <script>window.hurt = true</script> [click](javascript:alert(1)) ![pixel](https://tracker.example/x.png)

            | <i>head</i> | b |
            |---|---|
            | <svg onload=alert(1)> | `<u>code</u>` |

            - <a href="https://evil.example">item</a>
            > <iframe src="https://evil.example"></iframe>

            ```html
            <object data="x"></object>
            ```
            """;

        var shown = await RunAsync<JsonElement>("""
            const { parts, render } = await import('./reading.js');
            const box = document.createElement('div');
            document.body.replaceChildren(box);
            box.append(...parts(input).map((part) => render(input, part)));
            const tags = [...new Set([...box.querySelectorAll('*')].map((node) => node.localName))].sort();
            return { tags, text: box.textContent, hurt: window.hurt === true, kinds: parts(input).map((part) => part.kind) };
            """, hostile);

        const string allowed = "blockquote code div em hr p pre span strong table tbody td th thead tr";
        Assert.Empty(Strings(shown, "tags").Except(allowed.Split(' ')));
        Assert.Equal(["heading", "paragraph", "table", "item", "quote", "code"], Strings(shown, "kinds"));
        Assert.False(shown.GetProperty("hurt").GetBoolean());
        foreach (var words in new[] { "<img src=x onerror=alert(1)>", "<script>", "<iframe", "<svg onload", "<object", "<a href" })
            Assert.Contains(words, shown.GetProperty("text").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("[")]
    [InlineData("# ")]
    [InlineData("|")]
    [InlineData("|-")]
    [InlineData("- ")]
    [InlineData("` ")]
    [InlineData("😀")]
    [InlineData("_a")]
    [InlineData("> ")]
    public async Task A_line_without_end_is_cut_into_parts_that_hold_all_of_it(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 100_000));

        var parts = await RunAsync<Part[]>("""
            const { parts, render } = await import('./reading.js');
            const all = parts(input);
            for (const part of all) render(input, part);
            return all.map(({ start, end }) => ({ start, end }));
            """, text);

        Assert.Equal(0, parts[0].Start);
        Assert.Equal(text.Length, parts[^1].End);
        for (var i = 1; i < parts.Length; i++)
        {
            Assert.Equal(parts[i - 1].End, parts[i].Start);
            Assert.False(char.IsLowSurrogate(text[parts[i].Start]));
        }
        Assert.All(parts, part => Assert.InRange(part.End - part.Start, 1, 8_000));
    }

    [Fact]
    public async Task Both_languages_say_the_same_things_with_the_same_values()
    {
        var strings = await RunAsync<Dictionary<string, Dictionary<string, string>>>("""
            const { en } = await import('./english.js');
            const { es } = await import('./spanish.js');
            return { en, es };
            """, "");

        Assert.Equal(strings["en"].Keys.Order(), strings["es"].Keys.Order());
        foreach (var (key, english) in strings["en"])
            Assert.Equal(Placeholders(english), Placeholders(strings["es"][key]));
    }

    [Fact]
    public async Task Every_text_that_the_page_names_exists()
    {
        var known = await RunAsync<string[]>("return Object.keys((await import('./english.js')).en);", "");

        var sources = string.Concat(Directory.EnumerateFiles(PageFiles.Folder, "*.js").Select(File.ReadAllText));
        var html = File.ReadAllText(Path.Combine(PageFiles.Folder, "index.html"));
        var named = Groups(html, "data-text=\"([^\"]+)\"")
            .Concat(Groups(html, "data-attributes=\"([^\"]+)\"").SelectMany(list => list.Split(' ')).Select(pair => pair.Split(':')[1]))
            .Concat(Groups(sources, @"(?:\bt: |\bt\(|button\()'([a-z.]+)'"));
        Assert.Empty(named.Distinct().Except(known));
    }

    [Theory]
    [InlineData("Informe Año 2024.PDF", "informe-ano-2024-pdf")]
    [InlineData("a/b/léame.md", "a-b-leame-md")]
    [InlineData("  __x__.txt", "x-txt")]
    [InlineData("文書.docx", "文書-docx")]
    public async Task An_id_is_made_from_the_name(string name, string id)
    {
        Assert.Equal(id, await RunAsync<string>("return (await import('./files.js')).slug(input);", name));
    }

    [Fact]
    public async Task Two_names_that_would_give_one_id_give_two_and_a_name_without_letters_gives_one_too()
    {
        var ids = await RunAsync<string[]>("""
            const { freeSlug, slug } = await import('./files.js');
            return [freeSlug('a b.md', new Set(['a-b-md'])), slug('***')];
            """, "");

        Assert.Equal("a-b-md-2", ids[0]);
        Assert.True(Guid.TryParse(ids[1], out _));
    }

    [Fact]
    public async Task A_socket_that_is_lost_comes_back_after_the_last_event_it_saw()
    {
        await using var tab = await chromium.OpenAsync();
        var addresses = new List<string>();
        await tab.Page.RouteWebSocketAsync("**/ws/tasks/**", socket =>
        {
            addresses.Add(socket.Url);
            if (addresses.Count == 1)
            {
                socket.Send(Event(1, "task_progress", "percentage", "10"));
                socket.Send(Event(2, "task_progress", "percentage", "30"));
                socket.CloseAsync(new() { Code = 1013, Reason = "Too slow; come back." });
            }
            else
            {
                // Told twice, shown once.
                socket.Send(Event(2, "task_progress", "percentage", "30"));
                socket.Send(Event(3, "task_status", "current_status", "\"completed\""));
            }
        });

        var seen = await RunAsync<int[]>(tab, """
            const { TaskSocket } = await import('./socket.js');
            const seen = [];
            await new Promise((resolve) => new TaskSocket('t 1', 'me', 0, {
              onEvent: (event) => seen.push(event.event_id), onEnd: resolve, onRefused: resolve, onWaiting: () => {}, onClosed: () => {},
            }));
            return seen;
            """, "");

        Assert.Equal([1, 2, 3], seen);
        Assert.Equal(2, addresses.Count);
        Assert.DoesNotContain("after=", addresses[0], StringComparison.Ordinal);
        Assert.Contains("/ws/tasks/t%201?tenant_id=me", addresses[1], StringComparison.Ordinal);
        Assert.EndsWith("&after=2", addresses[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_socket_says_why_and_does_not_come_back()
    {
        await using var tab = await chromium.OpenAsync();
        var connections = 0;
        await tab.Page.RouteWebSocketAsync("**/ws/tasks/**", socket =>
        {
            connections++;
            socket.CloseAsync(new() { Code = 1008, Reason = "task_not_found" });
        });
        await tab.Page.RouteAsync("**/api/v1/tasks/**", route => route.FulfillAsync(
            new() { Status = 404, Json = Refusal("task_not_found", "There is no such task.") }));

        var reason = await RunAsync<string>(tab, """
            const { TaskSocket } = await import('./socket.js');
            return new Promise((resolve) => new TaskSocket('t', 'me', 0, {
              onEvent: () => {}, onEnd: () => resolve('end'), onRefused: resolve, onWaiting: () => resolve('waiting'), onClosed: () => {},
            }));
            """, "");

        Assert.Equal("There is no such task.", reason);
        Assert.Equal(1, connections);
    }

    [Fact]
    public async Task A_busy_service_is_asked_again_with_the_same_key()
    {
        await using var tab = await chromium.OpenAsync();
        var keys = new List<string>();
        await tab.Page.RouteAsync("**/api/v1/**", route => route.FulfillAsync(new() { Json = Nothing }));
        await tab.Page.RouteAsync("**/api/v1/documents", async route =>
        {
            keys.Add(await route.Request.HeaderValueAsync("Idempotency-Key") ?? "");
            await route.FulfillAsync(keys.Count == 1
                ? new() { Status = 429, Headers = [new("Retry-After", "1")], Json = Refusal("rate_limited", "Wait.") }
                : new() { Status = 415, Json = Refusal("unsupported_file_type", "This is not a document.") });
        });
        await tab.Page.GotoAsync(files.Address);
        await AddFileAsync(tab.Page);

        await Assertions.Expect(tab.Page.Locator(".task .problem")).ToHaveTextAsync("This is not a document.");
        Assert.Equal(2, keys.Count);
        Assert.Equal(keys[0], keys[1]);
        Assert.True(Guid.TryParse(keys[0], out _));
    }

    [Fact]
    public async Task The_token_goes_with_every_request_and_lives_as_long_as_the_tab()
    {
        await using var tab = await chromium.OpenAsync();
        var tokens = new List<string?>();
        var sockets = new List<string>();
        await tab.Page.RouteAsync("**/api/v1/**", async route =>
        {
            tokens.Add(await route.Request.HeaderValueAsync("Authorization"));
            var task = new { task_id = "t", tenant_id = "me", collection_id = "c", document_id = "d", status = "pending", title = "a.txt" };
            var answer = route.Request.Method == "POST" ? new { success = true, message = "", task } : Nothing;
            await route.FulfillAsync(new() { Json = answer });
        });
        await tab.Page.RouteWebSocketAsync("**/ws/tasks/**", socket => sockets.Add(socket.Url));
        await tab.Page.GotoAsync(files.Address);
        await tab.Page.FillAsync("[name=token]", "secret+/=");
        await tab.Page.FillAsync("[name=tenant]", "me");
        await tab.Page.Locator("[name=tenant]").BlurAsync();
        tokens.Clear();
        await AddFileAsync(tab.Page);
        await Assertions.Expect(tab.Page.Locator(".task")).ToHaveAttributeAsync("data-status", "pending");
        await tab.Page.ClickAsync("#documents-refresh");
        await Assertions.Expect(tab.Page.Locator("#documents-none")).ToBeVisibleAsync();

        Assert.Equal(["Bearer secret+/="], tokens.Distinct());
        Assert.Contains("token=secret%2B%2F%3D", Assert.Single(sockets), StringComparison.Ordinal);
        Assert.Equal("secret+/=", await tab.Page.EvaluateAsync<string>("sessionStorage.getItem('token')"));
        Assert.DoesNotContain("secret", await tab.Page.EvaluateAsync<string>("JSON.stringify(localStorage)"), StringComparison.Ordinal);
    }

    private static object Nothing { get; } =
        new { success = true, message = "", tasks = Array.Empty<int>(), documents = Array.Empty<int>(), total = 0 };

    private static object Refusal(string code, string message) => new { success = false, message, error = new { code } };

    private static async Task AddFileAsync(IPage page)
    {
        var file = new FilePayload { Name = "a.txt", MimeType = "text/plain", Buffer = "words"u8.ToArray() };
        await page.SetInputFilesAsync("#files-input", file);
        await page.ClickAsync("#add [type=submit]");
    }

    private static string Event(int id, string type, string field, string value) =>
        $$"""{"event_id":{{id}},"event_type":"{{type}}","task_id":"t 1","tenant_id":"me","{{field}}":{{value}}}""";

    private async Task<T> RunAsync<T>(string script, object input) =>
        await RunAsync<T>(await chromium.GetScratchAsync(), script, input);

    private async Task<T> RunAsync<T>(Tab tab, string script, object input)
    {
        if (tab.Page.Url == "about:blank") await tab.Page.GotoAsync(files.Address + "empty");
        var answer = await tab.Page.EvaluateAsync<string>(
            $"async (input) => JSON.stringify(await (async () => {{ {script} }})())", input);
        return JsonSerializer.Deserialize<T>(answer, JsonSerializerOptions.Web)!;
    }

    private static IEnumerable<string> Strings(JsonElement element, string name) =>
        element.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);

    private static IEnumerable<string> Placeholders(string text) => Groups(text, @"(\{\w+\})").Distinct().Order();

    private static IEnumerable<string> Groups(string text, string pattern) =>
        Regex.Matches(text, pattern).Select(match => match.Groups[1].Value);

    private sealed record Piece(int Start, int End, int[] Chunks);

    private sealed record Part(int Start, int End);
}
