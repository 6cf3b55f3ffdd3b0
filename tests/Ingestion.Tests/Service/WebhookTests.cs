using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

public sealed class WebhookTests : IAsyncLifetime
{
    private const string Secret = "a secret that only these tests know";

    private WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task Every_way_of_sending_a_document_takes_an_address_that_is_told_of_its_end_and_can_check_who_tells()
    {
        await using var service = await StartAsync(("URL_ALLOW_PRIVATE", "true"));
        await using var web = await HeldWeb.StartAsync();
        var page = web.Hold("# A page\n\nWith a text.");
        page.Release();
        var tenant = new TenantClient(service);
        var callback = _receiver.Address.AbsoluteUri;
        var text = tenant.TextBody("text", "A text.");
        text["callback_url"] = callback;
        var url = tenant.TextBody("url", null);
        url["url"] = page.Address.AbsoluteUri;
        url["callback_url"] = callback;

        var ids = new[]
        {
            (await tenant.PostJsonAsync("api/v1/documents/text", text)).TaskId,
            (await tenant.PostJsonAsync("api/v1/documents/url", url)).TaskId,
            await tenant.SendFileAsync("file", "a.md", "# A file"u8.ToArray(), ("callback_url", callback)),
        };

        var told = await _receiver.WaitForAsync(3);
        Assert.Equal(ids.Order(), told.Select(one => one.Json.Text("data.task_id")).Order());
        Assert.All(told, one =>
        {
            Assert.Equal(("POST", "/told?from=ingestion", "task.completed"), (one.Method, one.Path, one.Json.Text("type")));
            Assert.Equal(("completed", 100), (one.Json.Text("data.status"), one.Json.Number("data.progress.percentage")));
            Assert.Equal(1, one.Json.Number("data.result.chunk_count"));
            byte[] signed = [.. Encoding.UTF8.GetBytes($"{one.Id}.{one.Timestamp}."), .. one.Body];
            Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), signed)), one.Signature);
            var age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(one.Timestamp, CultureInfo.InvariantCulture);
            Assert.InRange(age, -1, 60);
        });
        Assert.Distinct(told.Select(one => one.Id));
        // A document without one has nobody told.
        await tenant.CompletedAsync(await tenant.SendTextAsync("silent", "Another text."));
        Assert.Equal(3, _receiver.Told.Count);
    }

    [Fact]
    public async Task A_failed_and_a_cancelled_task_are_told_of_too()
    {
        await using var service = await StartAsync(("URL_ALLOW_PRIVATE", "true"));
        await using var web = await HeldWeb.StartAsync();
        var tenant = new TenantClient(service);
        await tenant.SendFileAsync("broken", "a.pdf", "%PDF-1.7 nothing"u8.ToArray(), ("callback_url", _receiver.Address.AbsoluteUri));
        Assert.Equal("task.failed", (await _receiver.WaitForAsync(1))[0].Json.Text("type"));

        var page = web.Hold("never");
        var body = tenant.TextBody("held", null);
        body["url"] = page.Address.AbsoluteUri;
        body["callback_url"] = _receiver.Address.AbsoluteUri;
        var id = (await tenant.PostJsonAsync("api/v1/documents/url", body)).TaskId;
        await page.WaitAsync();
        await tenant.DeleteAsync($"api/v1/tasks/{id}");

        Assert.Equal("task.cancelled", (await _receiver.WaitForAsync(2))[1].Json.Text("type"));
    }

    [Fact]
    public async Task One_that_is_not_taken_is_told_again_under_the_same_id_and_holds_no_task_up()
    {
        await using var service = await StartAsync(("WEBHOOK_URL", _receiver.Address.AbsoluteUri));
        _receiver.Answers.Enqueue(http => http.Response.StatusCode = 500);
        _receiver.Answers.Enqueue(http =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = "1";
        });
        var tenant = new TenantClient(service);

        var task = await tenant.CompletedAsync(await tenant.SendTextAsync("d", "A text."));

        Assert.True(task.Number("progress.percentage") == 100 && _receiver.Told.Count <= 1);
        var told = await _receiver.WaitForAsync(3);
        Assert.Single(told.Select(one => one.Id).Distinct());
        Assert.True(string.CompareOrdinal(told[2].Timestamp, told[0].Timestamp) > 0);
        Assert.NotEqual(told[0].Signature, told[2].Signature);
        Assert.Equal(told[0].Body, told[2].Body);
        var metrics = await tenant.SendAsync(HttpMethod.Get, "metrics");
        Assert.Contains("ingestion_webhooks", metrics.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_was_not_taken_survives_the_death_of_the_service()
    {
        var address = _receiver.Address;
        await _receiver.DisposeAsync();
        await using var service = await StartAsync(("WEBHOOK_URL", address.AbsoluteUri));
        var tenant = new TenantClient(service);
        var id = (await tenant.CompletedAsync(await tenant.SendTextAsync("d", "A text."))).Text("task_id");
        await service.KillAsync();

        _receiver = await WebhookReceiver.StartAsync(address.Port);
        await service.RestartAsync();

        Assert.Equal(id, (await _receiver.WaitForAsync(1))[0].Json.Text("data.task_id"));
    }

    [Fact]
    public async Task An_address_in_a_private_network_is_never_called_but_the_operators_own()
    {
        await using var service = await StartAsync(("WEBHOOK_URL", _receiver.Address.AbsoluteUri));
        var tenant = new TenantClient(service);
        foreach (var address in new[] { "http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/", "http://user:secret@example.com/", "ftp://example.com/", "told" })
        {
            var body = tenant.TextBody("d", "A text.");
            body["callback_url"] = address;
            var answer = await tenant.PostJsonAsync("api/v1/documents/text", body);
            Assert.Equal((400, "validation_error", "callback_url"), (answer.Status, answer.Code, answer.Json.Text("error.details.field")));
        }

        // What a name stands for is known only when it is called.
        var named = tenant.TextBody("named", "A text.");
        named["callback_url"] = $"http://localhost:{_receiver.Address.Port}/told";
        var id = (await tenant.PostJsonAsync("api/v1/documents/text", named)).TaskId;
        await tenant.CompletedAsync(id);
        while (!(await tenant.TaskAsync(id)).Items("warnings").Any(warning => warning.GetString()!.Contains("no public address", StringComparison.Ordinal)))
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Empty(_receiver.Told);

        await tenant.CompletedAsync(await tenant.SendTextAsync("own", "A text."));
        await _receiver.WaitForAsync(1);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var service = await StartAsync(("WEBHOOK_URL", _receiver.Address.AbsoluteUri));
        _receiver.Answers.Enqueue(http => http.Response.Redirect("/elsewhere"));
        var tenant = new TenantClient(service);

        var id = await tenant.SendTextAsync("d", "A text.");

        await tenant.CompletedAsync(id);
        while (!(await tenant.TaskAsync(id)).Items("warnings").Any(warning => warning.GetString()!.Contains("redirects", StringComparison.Ordinal)))
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Single(_receiver.Told);
    }

    [Fact]
    public async Task With_Redis_and_for_actions_of_other_services_it_is_the_same()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var service = await StartAsync(("URL_ALLOW_PRIVATE", "true"), ("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", $"{redis.Port}"));
        await using var connection = await redis.ConnectAsync();
        var action = new JsonObject
        {
            ["action_type"] = "document.process", ["tenant_id"] = "acme", ["task_id"] = "theirs", ["collection_id"] = "c", ["document_id"] = "d",
            ["text_content"] = "A text.", ["callback_url"] = _receiver.Address.AbsoluteUri,
        };
        _receiver.Answers.Enqueue(http => http.Response.StatusCode = 503);

        await connection.GetDatabase().ListRightPushAsync("document_process_queue", action.ToJsonString());

        var told = await _receiver.WaitForAsync(2);
        Assert.All(told, one => Assert.Equal(("task.completed", "theirs"), (one.Json.Text("type"), one.Json.Text("data.task_id"))));
    }

    [Fact]
    public async Task A_callback_queue_that_is_no_list_keeps_the_address_from_nothing_and_is_told_of()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var service = await StartAsync(("URL_ALLOW_PRIVATE", "true"), ("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", $"{redis.Port}"));
        await using var connection = await redis.ConnectAsync();
        var (lists, tenant) = (connection.GetDatabase(), new TenantClient(service));
        await lists.StringSetAsync("ends", "no list");
        var action = new JsonObject
        {
            ["action_type"] = "document.process", ["tenant_id"] = tenant.Id, ["task_id"] = "both", ["collection_id"] = TenantClient.Collection,
            ["document_id"] = "d1", ["text_content"] = "A text.", ["callback_queue"] = "ends", ["callback_url"] = _receiver.Address.AbsoluteUri,
        };
        await lists.ListRightPushAsync("document_process_queue", action.ToJsonString());

        Assert.Equal("both", Assert.Single(await _receiver.WaitForAsync(1)).Json.Text("data.task_id"));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!(await tenant.TaskAsync("both")).Items("warnings").Any(warning => warning.GetString()!.Contains("is not a list", StringComparison.Ordinal)))
            await Task.Delay(50, limit.Token);
    }

    private static Task<ServiceProcess> StartAsync(params (string Name, string Value)[] environment) =>
        ServiceProcess.StartAsync([.. environment, ("WEBHOOK_SECRET", Secret)]);
}
