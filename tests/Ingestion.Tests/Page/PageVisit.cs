using System.Net.Http.Json;
using System.Text.Json;
using Ingestion.Tests.Support;
using Microsoft.Playwright;

namespace Ingestion.Tests.Page;

/// <summary>What tests of the page have in common: a browser, a service, and a collection of one's own.</summary>
public abstract class PageVisit(Chromium chromium, RunningService running)
{
    protected const string Tenant = "page-tests";

    protected ServiceProcess Service { get; } = running.Process;

    protected async Task<Tab> OpenAsync(
        string collection, string locale = "en-US", ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        var tab = await chromium.OpenAsync(locale, scheme, width);
        await tab.Page.AddInitScriptAsync(
            $"localStorage.setItem('tenant', '{Tenant}'); localStorage.setItem('collection', '{collection}');");
        await tab.Page.GotoAsync(Service.Address.ToString());
        return tab;
    }

    protected async Task OpenDocumentAsync(IPage page, string collection, string document)
    {
        await page.GotoAsync($"{Service.Address}#/documents/{Tenant}/{collection}/{document}");
        await Assertions.Expect(page.Locator(".chunk").First).ToBeVisibleAsync();
    }

    protected static Task PickAsync(IPage page, string choice) =>
        page.GetByRole(AriaRole.Radio, new() { Name = choice, Exact = true }).CheckAsync();

    protected async Task SendTextAsync(string collection, string document, string text, int size, int overlap)
    {
        using var answer = await PostTextAsync(new
        {
            tenant_id = Tenant,
            collection_id = collection,
            document_id = document,
            title = document,
            text,
            chunk_size = size,
            chunk_overlap = overlap,
        });
        var accepted = await ReadAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, accepted.ToString());
        var task = await Service.WaitForEndAsync(Tenant, accepted.GetProperty("task").GetProperty("task_id").GetString()!);
        Assert.Equal("completed", task.GetProperty("status").GetString());
    }

    protected Task<HttpResponseMessage> PostTextAsync(object body) => Service.Http.PostAsJsonAsync("api/v1/documents/text", body);

    protected static async Task<JsonElement> ReadAsync(HttpResponseMessage answer) => await answer.Content.ReadFromJsonAsync<JsonElement>();

    protected async Task<JsonElement> GetChunksAsync(string collection, string document) =>
        (await Service.GetJsonAsync(DocumentPath(collection, document, "/chunks") + "&page_size=100")).GetProperty("chunks");

    protected static string DocumentPath(string collection, string document, string part = "") =>
        $"api/v1/collections/{collection}/documents/{document}{part}?tenant_id={Tenant}";

    protected static string Prose(int sentences, string word) =>
        string.Join(' ', Enumerable.Range(1, sentences).Select(number =>
            $"Sentence {number} of this text speaks of {word} and of the number {number * 17 % 101}, calmly and at some length."));
}
