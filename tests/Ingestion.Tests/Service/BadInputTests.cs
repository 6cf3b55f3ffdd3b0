using System.Text.Json.Nodes;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>What bad input gets: the contract's error that says what to do, never a 500, never a hang, and the next document is served.</summary>
public sealed class BadInputTests(LimitedService service) : IClassFixture<LimitedService>
{
    public static TheoryData<string> RefusedNames => [.. BadInputs.Refused.Keys];

    public static TheoryData<string> FailingNames => [.. BadInputs.Failing.Keys];

    [Theory, MemberData(nameof(RefusedNames))]
    public async Task A_bad_request_is_refused_with_what_to_do(string name)
    {
        var refused = BadInputs.Refused[name];
        var tenant = new TenantClient(service.Process);

        var answer = await refused.Send(tenant);

        Assert.Equal((refused.Status, refused.Code), (answer.Status, answer.Code));
        Assert.False(answer.Json.GetProperty("success").GetBoolean());
        Assert.Contains(refused.Says, answer.Json.Text("message"), StringComparison.Ordinal);
        Assert.True(answer.Json.At("error").TryGetProperty("details", out _));
        AssertTellsNothingOfTheInside(answer.Body);
        await AssertTheNextIsServedAsync(tenant);
        Assert.Equal(1, (await tenant.GetAsync("api/v1/tasks")).Json.Number("total"));
    }

    [Theory, MemberData(nameof(FailingNames))]
    public async Task A_document_that_cannot_be_ingested_fails_its_own_task_alone(string name)
    {
        var failing = BadInputs.Failing[name];
        var tenant = new TenantClient(service.Process);

        var taskId = (await failing.Send(tenant)).TaskId;
        using var follower = await TaskFollower.ConnectAsync(service.Process, tenant.Id, taskId);
        await follower.ToEndAsync();

        var task = await tenant.TaskAsync(taskId);
        Assert.True(task.Text("status") == "failed", task.ToString());
        Assert.Equal(failing.Code, task.Text("error_details.error_code"));
        Assert.Contains(failing.Says, task.Text("error"), StringComparison.Ordinal);
        AssertTellsNothingOfTheInside(task.ToString());
        Assert.Equal(1000, follower.CloseCode);
        TaskStories.CheckOrder(follower.Events);
        TaskStories.CheckStatuses(follower.Events);
        Assert.Equal(["error", "task_status"], follower.Events.TakeLast(2).Select(one => one.Text("event_type")));
        Assert.Equal(failing.Code, follower.Events[^2].Text("error_code"));
        Assert.Equal("failed", follower.Events[^1].Text("current_status"));
        Assert.Equal(404, (await tenant.DocumentAsync("d")).Status);
        await AssertTheNextIsServedAsync(tenant);
    }

    [Theory]
    [InlineData("an unknown task", "")]
    [InlineData("a task of another tenant", "")]
    [InlineData("an after that is no number", "abc")]
    [InlineData("a negative after", "-1")]
    [InlineData("an after beyond any number", "99999999999999999999999")]
    public async Task A_socket_is_refused_with_1008(string to, string after)
    {
        var tenant = new TenantClient(service.Process);
        var taskId = await tenant.SendTextAsync("d", "A text of one tenant.");

        using var follower = await TaskFollower.ConnectAsync(
            service.Process,
            to == "a task of another tenant" ? "somebody-else" : tenant.Id,
            to == "an unknown task" ? "unknown" : taskId,
            after);
        await follower.ToEndAsync();

        Assert.Equal(1008, follower.CloseCode);
        Assert.Empty(follower.Events);
    }

    [Fact]
    public async Task The_task_of_another_tenant_does_not_exist()
    {
        var owner = new TenantClient(service.Process);
        var other = new TenantClient(service.Process);
        var taskId = await owner.SendTextAsync("d", "A text of one tenant.");
        await owner.CompletedAsync(taskId);

        List<Answer> asked =
        [
            await other.GetAsync($"api/v1/tasks/{taskId}"),
            await other.GetAsync($"api/v1/tasks/{taskId}/events"),
            await other.DeleteAsync($"api/v1/tasks/{taskId}"),
            await other.PostAsync($"api/v1/tasks/{taskId}/retry"),
        ];

        foreach (var answer in asked) Assert.Equal((404, "task_not_found"), (answer.Status, answer.Code));
        foreach (var path in new[] { "", "/content", "/chunks" })
        {
            var answer = await other.DocumentAsync("d" + path);
            Assert.Equal((404, "document_not_found"), (answer.Status, answer.Code));
        }
        Assert.Equal(404, (await other.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/d")).Status);
        Assert.Empty(await other.SearchAsync("text"));
        Assert.Equal(200, (await owner.DocumentAsync("d")).Status);
    }

    [Fact]
    public async Task A_key_makes_one_task_however_often_and_a_conflict_with_another_body()
    {
        var tenant = new TenantClient(service.Process);
        var key = ("Idempotency-Key", "once");

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ =>
            tenant.PostJsonAsync("api/v1/documents/text", tenant.TextBody("d", "The same hundred times."), key)));
        var other = await tenant.PostJsonAsync("api/v1/documents/text", tenant.TextBody("d", "Another."), key);
        var file = await tenant.SendAsync(
            HttpMethod.Post, "api/v1/documents", tenant.FileForm("d", "a.txt", "The same hundred times."u8.ToArray()), key);

        var taskId = Assert.Single(answers.Select(answer => answer.TaskId).Distinct());
        Assert.Equal((409, "idempotency_conflict"), (other.Status, other.Code));
        Assert.Equal((409, "idempotency_conflict"), (file.Status, file.Code));
        Assert.Equal(1, (await tenant.GetAsync("api/v1/tasks")).Json.Number("total"));
        Assert.Equal(1, (await tenant.CompletedAsync(taskId)).Number("result.version"));
    }

    [Fact]
    public async Task A_retry_that_is_sent_twice_with_its_key_answers_with_the_task_both_times()
    {
        await using var idle = await ServiceProcess.StartAsync(("WORKER_COUNT", "0"));
        var tenant = new TenantClient(idle);
        var (task, other) = (await tenant.SendTextAsync("d", "A text."), await tenant.SendTextAsync("other", "Nobody has asked for it again."));
        await tenant.DeleteAsync($"api/v1/tasks/{task}");

        var answers = new[] { await RetryAsync(task, "key"), await RetryAsync(task, "key"), await RetryAsync(task, null), await RetryAsync(other, "key") };

        Assert.Equal([202, 202, 409, 409], answers.Select(answer => answer.Status));
        Assert.Equal((task, task), (answers[0].TaskId, answers[1].TaskId));
        Assert.Equal(2, (await tenant.EventsAsync(task)).Count(one => one.Text("event_type") == "task_status" && one.Text("current_status") == "pending"));

        Task<Answer> RetryAsync(string id, string? key) => tenant.SendAsync(
            HttpMethod.Post, $"api/v1/tasks/{id}/retry?tenant_id={tenant.Id}", null, key is null ? [] : [("Idempotency-Key", key)]);
    }

    [Fact]
    public async Task What_is_refused_leaves_no_upload_behind()
    {
        await using var idle = await ServiceProcess.StartAsync(("WORKER_COUNT", "0"), ("MAX_FILE_SIZE", "100000"));
        var tenant = new TenantClient(idle);
        var file = new byte[60_000];
        Array.Fill(file, (byte)'a');

        List<Answer> answers =
        [
            await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", tenant.FileForm("d", "a.txt", file, ("chunk_size", "-1"))),
            await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", tenant.FileForm("d", "a.txt", file, ("text", "and a text"))),
            await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", tenant.FileForm("d", "a.txt", [.. file, .. file])),
            await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", tenant.FileForm("d", "a.png", [0x89, .. "PNG\r\n\u001a\n"u8, .. file])),
            await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", await BadInputs.CutAsync(tenant.FileForm("d", "a.txt", file))),
        ];

        Assert.Equal([400, 400, 413, 415, 400], answers.Select(answer => answer.Status));
        Assert.Empty(idle.Uploads);
        await tenant.SendFileAsync("d", "a.txt", file);
        Assert.Single(idle.Uploads);
    }

    private static async Task AssertTheNextIsServedAsync(TenantClient tenant)
    {
        var task = await tenant.CompletedAsync(await tenant.SendTextAsync("next", "The next document."));
        Assert.Equal(1, task.Number("result.chunk_count"));
    }

    private static void AssertTellsNothingOfTheInside(string body)
    {
        foreach (var inside in new[] { "   at ", "Exception", "/data", "System.", ".cs:line" })
            Assert.DoesNotContain(inside, body, StringComparison.Ordinal);
    }
}
