using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>
/// A provider that takes requests and never answers, or only with errors, costs a few requests, not one for each time that somebody's
/// patience ends.
/// </summary>
public sealed class SilentProviderTests : IAsyncLifetime
{
    private EmbeddingProvider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await EmbeddingProvider.StartAsync();
        _provider.Always = EmbeddingProvider.Status(202, body: "");
    }

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_asked_three_times_and_then_the_task_says_so_and_can_be_asked_for_again(bool onRedis)
    {
        await using var redis = onRedis ? await RedisServer.StartAsync() : null;
        List<(string, string)> settings = [("EMBEDDING_TIMEOUT", "2")];
        if (redis is not null) settings.Add(("REDIS_URL", "redis://" + redis.Address));
        await using var service = await StartAsync([.. settings]);
        var tenant = new TenantClient(service);
        var task = await tenant.SendTextAsync("d1", "A text.");
        var ended = await tenant.EndOfAsync(task);
        Assert.Equal(("failed", "EMBEDDING_TIMEOUT"), (ended.Text("status"), ended.Text("error_details.error_code")));
        Assert.Equal(3, _provider.Calls.Count);

        // Asked for again, it has as much patience as the first time.
        _provider.Faults.Enqueue(EmbeddingProvider.Status(202, body: ""));
        _provider.Always = null;
        Assert.Equal(202, (await tenant.PostAsync($"api/v1/tasks/{task}/retry")).Status);
        await tenant.CompletedAsync(task);
        Assert.Equal(5, _provider.Calls.Count);
    }

    [Fact]
    public async Task A_task_that_was_cancelled_while_it_waited_has_as_much_patience_when_it_is_asked_for_again()
    {
        await using var service = await StartAsync(("EMBEDDING_TIMEOUT", "2"));
        var tenant = new TenantClient(service);
        var task = await tenant.SendTextAsync("d1", "A text.");
        while (_provider.Calls.Count < 3) await Task.Delay(20, TestContext.Current.CancellationToken);
        await tenant.DeleteAsync($"api/v1/tasks/{task}");
        Assert.Equal("cancelled", (await tenant.EndOfAsync(task)).Text("status"));

        _provider.Faults.Enqueue(EmbeddingProvider.Status(202, body: ""));
        _provider.Always = null;
        Assert.Equal(202, (await tenant.PostAsync($"api/v1/tasks/{task}/retry")).Status);
        await tenant.CompletedAsync(task);
        Assert.Equal(5, _provider.Calls.Count);
    }

    [Fact]
    public async Task One_that_calls_back_with_nothing_but_errors_ends_the_task_with_its_error()
    {
        await using var service = await StartAsync(("TASK_MAX_ATTEMPTS", "4"));
        var tenant = new TenantClient(service);
        var told = new ConcurrentQueue<Task<Answer>>();
        _provider.Always = (http, call) =>
        {
            http.Response.StatusCode = 202;
            var callback = new JsonObject
            {
                ["tenant_id"] = tenant.Id, ["task_id"] = call.Body.Text("task_id"), ["status"] = "error", ["error"] = "Out of memory",
            };
            told.Enqueue(tenant.PostJsonAsync("api/v1/embeddings/callback", callback));
            return Task.CompletedTask;
        };
        var ended = await tenant.EndOfAsync(await tenant.SendTextAsync("d1", "A text."));
        Assert.Equal(("failed", "EMBEDDING_ERROR"), (ended.Text("status"), ended.Text("error_details.error_code")));
        Assert.Contains("Out of memory", ended.Text("error"), StringComparison.Ordinal);
        Assert.Equal(4, _provider.Calls.Count);
        Assert.All(await Task.WhenAll(told), answer => Assert.Equal(202, answer.Status));
    }

    private Task<ServiceProcess> StartAsync(params (string, string)[] settings) =>
        ServiceProcess.StartAsync([("EMBEDDING_PROVIDER", "service"), ("EMBEDDING_SERVICE_URL", _provider.Address + "api/v1/embeddings"), .. settings]);
}
