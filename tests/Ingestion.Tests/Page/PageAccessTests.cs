using Ingestion.Http;
using Ingestion.Tests.Access;
using Microsoft.Playwright;

namespace Ingestion.Tests.Page;

/// <summary>The page in front of a service that asks who one is.</summary>
public sealed class PageAccessTests(Chromium chromium, GuardedService service) : IClassFixture<Chromium>, IClassFixture<GuardedService>
{
    [Theory]
    [InlineData("en-US", "The service asks for a valid access token", "Completed")]
    [InlineData("es-ES", "El servicio pide un token de acceso válido", "Completado")]
    public async Task A_token_opens_the_page_to_its_tenant_and_goes_with_every_request_and_socket(string locale, string asks, string done)
    {
        await using var tab = await chromium.OpenAsync(locale);
        var page = tab.Page;
        var tenant = "page-" + locale.ToLowerInvariant();
        await page.GotoAsync(service.Process.Address.ToString());
        await Assertions.Expect(page.GetByText(asks).First).ToBeVisibleAsync();

        await page.FillAsync("[name=tenant]", tenant);
        await page.FillAsync("[name=token]", GuardedService.Token(Scopes.Ingest | Scopes.Read | Scopes.Delete, tenant));
        await page.Locator("[name=token]").BlurAsync();
        await Assertions.Expect(page.GetByText(asks)).ToHaveCountAsync(0);
        await page.Locator("[name=kind][value=text]").CheckAsync();
        await page.FillAsync("[name=text]", "A text that a token brings.");
        await page.ClickAsync("#add [type=submit]");

        await Assertions.Expect(page.Locator(".task .badge")).ToHaveTextAsync(done);
        await Assertions.Expect(page.Locator(".milestones .done")).ToHaveCountAsync(6);
        await page.Locator("#document-list a").First.ClickAsync();
        await Assertions.Expect(page.Locator(".chunk").First).ToBeVisibleAsync();
        // It does not outlive the tab.
        Assert.DoesNotContain("eyJ", await page.EvaluateAsync<string>("JSON.stringify(localStorage) + document.cookie + location.href"), StringComparison.Ordinal);
        Assert.All(tab.Complaints, complaint => Assert.Contains("status of 401", complaint, StringComparison.Ordinal));
    }
}
