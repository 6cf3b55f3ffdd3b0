using System.Text.Json.Nodes;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>The real service with its chunks in a real PostgreSQL, which goes away in the middle.</summary>
public sealed class PostgresServiceTests : IAsyncLifetime
{
    private PostgresServer _postgres = null!;
    private string _url = "";

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync();
        _url = await _postgres.CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => _postgres.DisposeAsync();

    [Theory]
    [InlineData("sqlite")]
    [InlineData("redis")]
    public async Task Documents_live_in_it_and_its_crash_in_the_middle_loses_and_doubles_nothing(string engine)
    {
        await using var redis = engine == "redis" ? await RedisServer.StartAsync() : null;
        (string, string)[] environment = redis is null ? [("DATABASE_URL", _url)] : [("DATABASE_URL", _url), ("REDIS_URL", "redis://" + redis.Address)];
        await using var service = await ServiceProcess.StartAsync(environment);
        var tenant = new TenantClient(service);
        var health = await tenant.GetAsync("health");
        Assert.Equal(("healthy", engine, "connected"), (health.Json.Text("status"), health.Json.Text("engine"), health.Json.Text("postgres")));

        var rest = Prose.Of(7, 2_000);
        var first = await tenant.CompletedAsync(await tenant.SendTextAsync("invoice", "La factura de la luz vence en mayo.\n\n" + rest, 64));
        foreach (var mode in (string[])["hybrid", "vector", "text"])
            Assert.Equal("invoice", (await tenant.SearchAsync("factura luz", mode))[0].Text("document_id"));
        var again = await tenant.CompletedAsync(await tenant.SendTextAsync("invoice", "La factura del agua vence en mayo.\n\n" + rest, 64));
        var (before, kept, added) = (first.Number("result.chunks.added"), again.Number("result.chunks.kept"), again.Number("result.chunks.added"));
        Assert.Equal((2, before), (again.Number("result.version"), kept + again.Number("result.chunks.removed")));
        Assert.True(kept >= before - 2 && added is 1 or 2, again.ToString());
        Assert.Empty(await tenant.SearchAsync("luz", "text"));

        var tasks = new List<string>();
        for (var i = 0; i < 20; i++) tasks.Add(await tenant.SendTextAsync($"d{i}", Prose.Of(i, 60_000)));
        await tenant.CompletedAsync(tasks[0]);
        await _postgres.CrashAsync();
        await WaitAsync(async () => (await tenant.GetAsync("health")).Json.Text("status") == "degraded");
        Assert.Equal("disconnected", (await tenant.GetAsync("health")).Json.Text("postgres"));
        Assert.Equal(503, (await tenant.PostJsonAsync("api/v1/search", new JsonObject { ["tenant_id"] = tenant.Id, ["collection_id"] = "library", ["query"] = "luz" })).Status);
        await Task.Delay(1_500, TestContext.Current.CancellationToken);
        await _postgres.StartAgainAsync();

        foreach (var (task, i) in tasks.Select((task, i) => (task, i)))
        {
            Assert.Equal(1, (await tenant.CompletedAsync(task)).Number("result.version"));
            await tenant.CheckChunksAsync($"d{i}");
            TaskStories.CheckCompleted(await tenant.EventsAsync(task));
        }
        Assert.Equal("healthy", (await tenant.GetAsync("health")).Json.Text("status"));
        Assert.Equal(21, (await tenant.GetAsync($"api/v1/collections/{TenantClient.Collection}/documents?page_size=100")).Json.Number("total"));

        var deleted = await tenant.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/invoice");
        Assert.Equal(200, deleted.Status);
        Assert.Empty(await tenant.SearchAsync("factura agua", "text"));
        Assert.Equal(404, (await tenant.DocumentAsync("invoice")).Status);
    }

    [Fact]
    public async Task While_it_is_away_at_the_start_the_service_starts_and_takes_documents()
    {
        await _postgres.CrashAsync();
        await using var service = await ServiceProcess.StartAsync(("DATABASE_URL", _url));
        var tenant = new TenantClient(service);
        Assert.Contains("goes on when it is there", service.Output, StringComparison.Ordinal);
        Assert.Equal("degraded", (await tenant.GetAsync("health")).Json.Text("status"));
        var task = await tenant.SendTextAsync("d1", Prose.Of(1, 5_000));

        await _postgres.StartAgainAsync();

        await tenant.CompletedAsync(task);
        await tenant.CheckChunksAsync("d1");
    }

    [Fact]
    public async Task While_it_is_away_a_task_can_be_cancelled_and_another_is_handed_back_by_a_stop()
    {
        await using var service = await ServiceProcess.StartAsync(("DATABASE_URL", _url), ("WORKER_COUNT", "2"));
        var tenant = new TenantClient(service);
        await tenant.CompletedAsync(await tenant.SendTextAsync("d0", Prose.Of(1, 2_000)));
        await _postgres.CrashAsync();
        var unwanted = await tenant.SendTextAsync("d1", Prose.Of(2, 20_000));
        var wanted = await tenant.SendTextAsync("d2", Prose.Of(3, 20_000));
        await tenant.WaitForStatusAsync(unwanted, "processing");
        await tenant.WaitForStatusAsync(wanted, "processing");

        Assert.InRange((await tenant.DeleteAsync($"api/v1/tasks/{unwanted}")).Status, 200, 202);
        await tenant.WaitForStatusAsync(unwanted, "cancelled");
        Assert.Equal(0, await service.TerminateAsync());
        await _postgres.StartAgainAsync();
        await service.RestartAsync();

        await tenant.CompletedAsync(wanted);
        await tenant.CheckChunksAsync("d2");
        Assert.Equal(404, (await tenant.DocumentAsync("d1")).Status);
        Assert.Equal("cancelled", (await tenant.TaskAsync(unwanted)).Text("status"));
    }

    [Fact]
    public async Task What_keeps_it_from_starting_is_said_with_what_to_do()
    {
        var bare = await _postgres.CreateDatabaseAsync(vectors: false);
        Assert.Contains("has no pgvector", await RefusedAsync(bare), StringComparison.Ordinal);
        Assert.Contains("right user and password", await RefusedAsync(_postgres.UrlOf("postgres", password: "wrong")), StringComparison.Ordinal);
        Assert.Contains("createdb elsewhere", await RefusedAsync(_postgres.UrlOf("elsewhere")), StringComparison.Ordinal);
        await PostgresServer.ExecuteAsync(_url, "CREATE ROLE clerk LOGIN PASSWORD 'clerk'");
        var database = new Uri(_url).AbsolutePath.Trim('/');
        Assert.Contains("CREATE SCHEMA ingestion AUTHORIZATION \"clerk\"", await RefusedAsync(_postgres.UrlOf(database, "clerk", "clerk")), StringComparison.Ordinal);
        Assert.Contains("the parameter colour is not known", await RefusedAsync(_url + "&colour=red"), StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(string url)
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var service = await ServiceProcess.StartAsync(("DATABASE_URL", url));
        });
        Assert.Contains("stopped with 1", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Uri.EscapeDataString(PostgresServer.Password), fault.Message, StringComparison.Ordinal);
        return fault.Message;
    }

    private static async Task WaitAsync(Func<Task<bool>> isTrue)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (!await isTrue())
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException("It never came true.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
