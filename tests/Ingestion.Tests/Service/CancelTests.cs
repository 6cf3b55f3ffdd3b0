using System.Diagnostics;
using System.Text.Json;
using Ingestion.Tests.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>Cancelling is real: whatever the task is at, it ends within two seconds and nothing of it is stored.</summary>
public sealed class CancelTests(SharedService service) : IClassFixture<SharedService>
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(2);

    private readonly TenantClient _tenant = new(service.Process);

    [Fact]
    public async Task A_task_that_is_fetching_is_cancelled_and_a_retry_completes_it()
    {
        var page = service.Web.Hold(Prose.Of(1, 5_000));
        var taskId = await _tenant.SendUrlAsync("d", page.Address);
        await page.WaitAsync();

        await CancelAsync(taskId);

        await AssertNothingStoredAsync(taskId);
        Assert.Equal(200, (await _tenant.DeleteAsync($"api/v1/tasks/{taskId}")).Status);
        page.Release();
        await AssertRetryCompletesAsync(taskId);
        var again = await _tenant.DeleteAsync($"api/v1/tasks/{taskId}");
        Assert.Equal((409, "task_finished"), (again.Status, again.Code));
    }

    [Fact]
    public async Task A_task_that_waits_is_cancelled_at_once_and_a_retry_completes_it()
    {
        var pages = Enumerable.Range(0, 2).Select(i => service.Web.Hold(Prose.Of(i, 1_000))).ToArray();
        foreach (var page in pages) await _tenant.SendUrlAsync(page.Address.AbsolutePath[1..], page.Address);
        foreach (var page in pages) await page.WaitAsync();
        var taskId = await _tenant.SendFileAsync("d", "a.txt", System.Text.Encoding.UTF8.GetBytes(Prose.Of(2, 60_000)));

        var answer = await _tenant.DeleteAsync($"api/v1/tasks/{taskId}");

        Assert.Equal("cancelled", answer.Json.Text("task.status"));
        await AssertNothingStoredAsync(taskId);
        foreach (var page in pages) page.Release();
        await AssertRetryCompletesAsync(taskId);
    }

    [Fact]
    public async Task A_task_in_the_middle_of_a_parse_is_cancelled()
    {
        var large = new PdfSample();
        var lines = Enumerable.Range(0, 50)
            .Select(i => $"Line {i} of a page with quite a few words on it, which a reader has to place one by one.").ToArray();
        for (var page = 0; page < 3_000; page++) large.Page(PdfSample.Lines(40, 760, 10, lines));
        var taskId = await _tenant.SendFileAsync("d", "large.pdf", large.ToBytes());
        using var follower = await TaskFollower.ConnectAsync(service.Process, _tenant.Id, taskId);
        while (await follower.NextAsync() is { } told && !(told.Text("event_type") == "task_progress" && told.Number("percentage") > 10))
        {
            // Until the reader is at its pages.
        }

        await CancelAsync(taskId);

        await follower.ToEndAsync();
        Assert.Equal("cancelled", follower.Events[^1].Text("current_status"));
        Assert.DoesNotContain(follower.Events, one => one.Text("event_type") == "error");
        await AssertNothingStoredAsync(taskId);
    }

    [Fact]
    public async Task Deleting_a_document_cancels_its_ingest_and_it_does_not_come_back()
    {
        await _tenant.CompletedAsync(await _tenant.SendTextAsync("d", "The first version, which is stored."));
        var page = service.Web.Hold("The second version, which must not be stored.");
        var taskId = await _tenant.SendUrlAsync("d", page.Address);
        await page.WaitAsync();

        var deleted = (await _tenant.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/d")).Json;

        Assert.Equal((1, 1, 1), (deleted.Number("removed.versions"), deleted.Number("removed.chunks"), deleted.Number("removed.vectors")));
        Assert.Equal((0, 1), (deleted.Number("remaining"), deleted.Number("cancelled_tasks")));
        page.Release();
        Assert.Equal("cancelled", (await _tenant.EndOfAsync(taskId)).Text("status"));
        Assert.Equal(404, (await _tenant.DocumentAsync("d")).Status);
        Assert.Empty(await _tenant.SearchAsync("version"));
        Assert.Equal(404, (await _tenant.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/d")).Status);
    }

    private async Task CancelAsync(string taskId)
    {
        var since = Stopwatch.StartNew();
        var answer = await _tenant.DeleteAsync($"api/v1/tasks/{taskId}");
        Assert.Equal(200, answer.Status);
        await _tenant.WaitForStatusAsync(taskId, "cancelled");
        Assert.True(since.Elapsed < Promised, $"Cancelling took {since.Elapsed}.");
    }

    private async Task AssertNothingStoredAsync(string taskId)
    {
        Assert.Equal(404, (await _tenant.DocumentAsync("d")).Status);
        Assert.Empty(await _tenant.SearchAsync("sentence"));
        var task = await _tenant.TaskAsync(taskId);
        Assert.Equal(JsonValueKind.Null, task.At("result").ValueKind);
    }

    private async Task AssertRetryCompletesAsync(string taskId)
    {
        var retried = await _tenant.PostAsync($"api/v1/tasks/{taskId}/retry");
        Assert.Equal((202, "pending"), (retried.Status, retried.Json.Text("task.status")));
        Assert.Equal(1, (await _tenant.CompletedAsync(taskId)).Number("result.version"));
        await _tenant.CheckChunksAsync("d");
        TaskStories.CheckCompleted(await _tenant.EventsAsync(taskId));
    }
}
