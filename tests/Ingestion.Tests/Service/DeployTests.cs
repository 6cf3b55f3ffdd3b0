using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>Stopping to be started again, and two processes on the same data.</summary>
public sealed class DeployTests
{
    [Fact]
    public async Task Told_to_stop_it_hands_its_work_back_at_no_cost_and_goes_on_after_the_start()
    {
        await using var web = await HeldWeb.StartAsync();
        // One attempt: a stop that cost one would fail the task.
        await using var service = await ServiceProcess.StartAsync(
            ("URL_ALLOW_PRIVATE", "true"), ("TASK_MAX_ATTEMPTS", "1"), ("WORKER_COUNT", "1"));
        var tenant = new TenantClient(service);
        var held = web.Hold(Prose.Of(1, 20_000));
        var tasks = new Dictionary<string, string> { ["held"] = await tenant.SendUrlAsync("held", held.Address) };
        await held.WaitAsync();
        for (var i = 0; i < 10; i++) tasks.Add($"d{i}", await tenant.SendTextAsync($"d{i}", Prose.Of(i, 3_000)));
        using var follower = await TaskFollower.ConnectAsync(service, tenant.Id, tasks["held"]);
        await follower.NextAsync();

        var stopping = service.TerminateAsync();
        await follower.ToEndAsync();

        Assert.Equal(0, await stopping);
        Assert.Equal(1001, follower.CloseCode);
        await service.RestartAsync();
        Assert.NotEqual("failed", (await tenant.TaskAsync(tasks["held"])).Text("status"));
        held.Release();
        foreach (var (document, taskId) in tasks)
        {
            Assert.Equal(1, (await tenant.CompletedAsync(taskId)).Number("result.version"));
            await tenant.CheckChunksAsync(document);
        }
        // What was told before the stop and what comes after it are one story.
        using var again = await TaskFollower.ConnectAsync(service, tenant.Id, tasks["held"], $"{follower.LastId}");
        await again.ToEndAsync();
        TaskStories.CheckCompleted([.. follower.Events, .. again.Events]);
        Assert.Equal(2, (await tenant.TaskAsync(tasks["held"])).Number("attempt"));
    }

    [Fact]
    public async Task Two_processes_on_the_same_data_share_the_work_and_tell_of_each_others()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var first = await ServiceProcess.StartAsync(("URL_ALLOW_PRIVATE", "true"), ("WORKER_COUNT", "1"));
        await using var second = await ServiceProcess.StartInAsync(first.Folder, ("URL_ALLOW_PRIVATE", "true"), ("WORKER_COUNT", "1"));
        var atFirst = new TenantClient(first);
        var atSecond = atFirst.At(second);
        // A worker each, and both are busy: both processes work.
        var pages = new[] { web.Hold(Prose.Of(1, 30_000)), web.Hold(Prose.Of(2, 30_000)) };
        var held = new[] { await atFirst.SendUrlAsync("held0", pages[0].Address), await atFirst.SendUrlAsync("held1", pages[1].Address) };
        foreach (var page in pages) await page.WaitAsync();
        var followers = await Task.WhenAll(
            from service in new[] { first, second }
            from taskId in held
            select TaskFollower.ConnectAsync(service, atFirst.Id, taskId));
        var told = followers.Select(follower => follower.ToEndAsync()).ToArray();
        var tasks = await Task.WhenAll(Enumerable.Range(0, 20).Select(
            i => (i % 2 == 0 ? atFirst : atSecond).SendTextAsync($"d{i}", Prose.Of(i, 4_000))));
        foreach (var page in pages) page.Release();

        foreach (var follower in await Task.WhenAll(told))
        {
            using (follower) TaskStories.CheckCompleted(follower.Events);
        }
        for (var i = 0; i < tasks.Length; i++)
        {
            var task = await atSecond.CompletedAsync(tasks[i]);
            Assert.Equal((1, 1), (task.Number("attempt"), task.Number("result.version")));
            await atFirst.CheckChunksAsync($"d{i}");
            TaskStories.CheckCompleted(await atFirst.EventsAsync(tasks[i]));
        }
        Assert.Equal(
            (await atFirst.SearchAsync("archivo report")).Select(hit => hit.Text("chunk_id")),
            (await atSecond.SearchAsync("archivo report")).Select(hit => hit.Text("chunk_id")));

        var last = web.Hold("The last page.");
        var taken = await atFirst.SendUrlAsync("last", last.Address);
        await last.WaitAsync();
        Assert.Equal(200, (await atFirst.DeleteAsync($"api/v1/tasks/{taken}")).Status);
        Assert.Equal(200, (await atSecond.DeleteAsync($"api/v1/tasks/{taken}")).Status);
        Assert.Equal("cancelled", (await atSecond.EndOfAsync(taken)).Text("status"));
    }
}
