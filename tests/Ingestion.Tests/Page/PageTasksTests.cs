using Ingestion.Tests.Support;
using Microsoft.Playwright;

namespace Ingestion.Tests.Page;

/// <summary>Tasks on the page while no worker takes them, so that each stays where it is until the user does something.</summary>
[Collection(PageCollection.Name)]
public sealed class PageTasksTests(Chromium chromium)
{
    [Fact]
    public async Task A_waiting_task_is_cancelled_listed_after_a_reload_and_tried_again()
    {
        await using var service = await ServiceProcess.StartAsync(("AUTO_START_WORKERS", "false"));
        await using var tab = await chromium.OpenAsync();
        var task = await AddAsync(tab.Page, service);

        await task.GetByRole(AriaRole.Button, new() { Name = "Cancel wait.md" }).ClickAsync();
        await Assertions.Expect(task).ToHaveAttributeAsync("data-status", "cancelled");
        await Assertions.Expect(task.Locator(".badge")).ToHaveTextAsync("Cancelled");

        await tab.Page.ReloadAsync();
        await Assertions.Expect(task).ToHaveAttributeAsync("data-status", "cancelled");
        await task.GetByRole(AriaRole.Button, new() { Name = "Try again: wait.md" }).ClickAsync();
        await Assertions.Expect(task).ToHaveAttributeAsync("data-status", "pending");
        await Assertions.Expect(task.GetByRole(AriaRole.Button, new() { Name = "Cancel wait.md" })).ToBeVisibleAsync();
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task The_page_finds_a_service_again_that_was_away()
    {
        await using var service = await ServiceProcess.StartAsync(("AUTO_START_WORKERS", "false"));
        await using var tab = await chromium.OpenAsync();
        var task = await AddAsync(tab.Page, service);

        await service.KillAsync();
        await Assertions.Expect(task.Locator(".lost")).ToBeVisibleAsync();
        await service.RestartAsync();
        await Assertions.Expect(task.Locator(".lost")).ToBeHiddenAsync();
        await task.GetByRole(AriaRole.Button, new() { Name = "Cancel wait.md" }).ClickAsync();
        await Assertions.Expect(task).ToHaveAttributeAsync("data-status", "cancelled");
    }

    private static async Task<ILocator> AddAsync(IPage page, ServiceProcess service)
    {
        await page.GotoAsync(service.Address.ToString());
        var file = new FilePayload { Name = "wait.md", MimeType = "text/markdown", Buffer = "# Wait\n\nHere."u8.ToArray() };
        await page.SetInputFilesAsync("#files-input", file);
        await page.ClickAsync("#add [type=submit]");
        var task = page.Locator(".task");
        await Assertions.Expect(task).ToHaveAttributeAsync("data-status", "pending");
        return task;
    }
}
