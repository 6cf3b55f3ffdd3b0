using System.Diagnostics;
using System.Globalization;
using Ingestion.Access;
using Ingestion.Config;
using Ingestion.Engines;
using Ingestion.Http;
using Ingestion.Sqlite;
using Ingestion.Tasks;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Access;

/// <summary>What one tenant may use up, and that another's use is none of it.</summary>
public sealed class QuotaTests
{
    [Fact]
    public async Task Requests_are_counted_over_all_instances_and_a_tenant_of_its_own_limit_has_it()
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-quota-");
        try
        {
            var file = Path.Combine(folder.FullName, "limits.json");
            await File.WriteAllTextAsync(file, """{"large": {"requests_per_minute": 0}, "small": {"requests_per_minute": 2}}""", Stop);
            (string, string)[] environment = [("RATE_LIMIT_PER_MINUTE", "20"), ("TENANT_LIMITS_FILE", file)];
            await using var first = await ServiceProcess.StartInAsync(folder.FullName, environment);
            await using var second = await ServiceProcess.StartInAsync(folder.FullName, environment);
            await StartOfMinuteAsync();

            var answers = new List<Answer>();
            for (var i = 0; i < 30; i++) answers.Add(await new TenantClient(i % 2 == 0 ? first : second) { Id = "acme" }.GetAsync("api/v1/tasks"));

            Assert.Equal(20, answers.Count(answer => answer.Status == 200));
            foreach (var refused in answers.Where(answer => answer.Status != 200))
            {
                Assert.Equal((429, "rate_limited", 20), (refused.Status, refused.Code, refused.Json.Number("error.details.limit")));
                Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
            }
            for (var i = 0; i < 25; i++) Assert.Equal(200, (await new TenantClient(first) { Id = "large" }.GetAsync("api/v1/tasks")).Status);
            for (var i = 0; i < 3; i++)
                Assert.Equal(i < 2 ? 200 : 429, (await new TenantClient(first) { Id = "small" }.GetAsync("api/v1/tasks")).Status);
            Assert.Equal(200, (await new TenantClient(second) { Id = "globex" }.GetAsync("api/v1/tasks")).Status);
            // What names its tenant in the body alone is counted too.
            var acme = new TenantClient(first) { Id = "acme" };
            Assert.Equal("rate_limited", (await acme.PostJsonAsync("api/v1/documents/text", acme.TextBody("d", "x"))).Code);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task What_a_tenant_may_store_and_have_under_way_is_limited_and_said()
    {
        await using var service = await ServiceProcess.StartAsync(
            ("MAX_TENANT_BYTES", "1000"), ("MAX_TENANT_CHUNKS", "5"), ("MAX_TENANT_QUEUE_DEPTH", "50"));
        var tenant = new TenantClient(service);
        await tenant.CompletedAsync(await tenant.SendTextAsync("a", new string('a', 600)));

        var tooLarge = await tenant.PostJsonAsync("api/v1/documents/text", tenant.TextBody("b", new string('b', 500)));
        Assert.Equal((429, "quota_exceeded", 1000), (tooLarge.Status, tooLarge.Code, tooLarge.Json.Number("error.details.limit")));
        Assert.NotNull(tooLarge.Headers.RetryAfter);
        Assert.Contains("Delete documents", tooLarge.Json.Text("message"), StringComparison.Ordinal);
        // A new version takes the old one's place.
        await tenant.CompletedAsync(await tenant.SendTextAsync("a", new string('b', 900)));
        Assert.Equal(200, (await tenant.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/a")).Status);

        var words = string.Join(' ', Enumerable.Range(0, 60).Select(i => "word" + i));
        var many = await tenant.EndOfAsync(await tenant.SendTextAsync("c", words, chunkSize: 20));
        Assert.Equal(("failed", "QUOTA_EXCEEDED"), (many.Text("status"), many.Text("error_details.error_code")));
        Assert.Contains("may have 5 chunks", many.Text("error"), StringComparison.Ordinal);
        Assert.Equal(404, (await tenant.DocumentAsync("c")).Status);
        var other = new TenantClient(service);
        await other.CompletedAsync(await other.SendTextAsync("b", new string('b', 500)));
    }

    [Fact]
    public async Task Tasks_that_have_not_ended_are_limited_for_each_tenant()
    {
        await using var idle = await ServiceProcess.StartAsync(("WORKER_COUNT", "0"), ("MAX_TENANT_TASKS", "3"));
        var tenant = new TenantClient(idle);
        string last = "";
        for (var i = 0; i < 3; i++) last = await tenant.SendTextAsync("d" + i, "A text.");

        var refused = await tenant.PostJsonAsync("api/v1/documents/text", tenant.TextBody("d", "x"));
        Assert.Equal((429, "queue_full", 3), (refused.Status, refused.Code, refused.Json.Number("error.details.limit")));
        Assert.Contains("of this tenant have not ended", refused.Json.Text("message"), StringComparison.Ordinal);
        Assert.NotNull(refused.Headers.RetryAfter);
        await new TenantClient(idle).SendTextAsync("d", "Another tenant's.");
        await tenant.DeleteAsync("api/v1/tasks/" + last);
        await tenant.SendTextAsync("d", "There is room again.");
        Assert.Equal("queue_full", (await tenant.PostAsync($"api/v1/tasks/{last}/retry")).Code);
    }

    [Fact]
    public async Task A_count_starts_again_every_minute_and_forgets_the_last()
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-count-");
        try
        {
            using var database = new SqliteDatabase(Path.Combine(folder.FullName, "a.db"));
            var counter = new SqliteRequestCounter(database);
            for (var i = 1; i <= 3; i++) Assert.Equal(i, await counter.AddAsync("a", 7, Stop));
            Assert.Equal(1, await counter.AddAsync("b", 7, Stop));
            Assert.Equal(1, await counter.AddAsync("a", 8, Stop));
            Assert.Equal(1, database.Read(session => session.Scalar<long>("SELECT count(*) FROM request_count")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_tenant_that_has_had_enough_costs_no_more_counting()
    {
        var time = new ManualTime();
        var counter = new CountingCounter();
        var quota = new RequestQuota(new TenantQuotas(new Settings { RateLimitPerMinute = 3 }), counter, time);
        var problems = new List<Problem?>();
        for (var i = 0; i < 100; i++) problems.Add(await quota.TakeAsync("acme", Stop));

        Assert.Equal(97, problems.OfType<Problem>().Count());
        Assert.Equal(4, counter.Calls);
        Assert.Null(await quota.TakeAsync("globex", Stop));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await quota.TakeAsync("acme", Stop));
    }

    [Fact]
    public async Task A_tenant_that_goes_on_asking_is_refused_later_and_later_and_no_other_is()
    {
        var quota = new RequestQuota(new TenantQuotas(new Settings { RateLimitPerMinute = 1 }), new CountingCounter(), new ManualTime());
        Assert.Null(await quota.TakeAsync("acme", Stop));
        var clock = Stopwatch.StartNew();
        var refused = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => quota.TakeAsync("acme", Stop).AsTask()));

        Assert.All(refused, problem => Assert.Equal("rate_limited", problem!.Code));
        // A hundred turns of 2 ms.
        Assert.True(clock.ElapsedMilliseconds > 100, $"{clock.ElapsedMilliseconds} ms");
        Assert.Null(await quota.TakeAsync("globex", Stop));
    }

    [Fact]
    public async Task Open_sockets_and_streams_are_limited_for_each_tenant()
    {
        await using var idle = await ServiceProcess.StartAsync(("WORKER_COUNT", "0"), ("MAX_TENANT_STREAMS", "2"));
        var tenant = new TenantClient(idle);
        var task = await tenant.SendTextAsync("d", "A text.");
        using var first = await TaskFollower.ConnectAsync(idle, tenant.Id, task);
        using (var second = await TaskFollower.ConnectAsync(idle, tenant.Id, task))
        {
            await first.NextAsync();
            await second.NextAsync();
            using var third = await TaskFollower.ConnectAsync(idle, tenant.Id, task);
            Assert.Null(await third.NextAsync());
            Assert.Equal(1013, third.CloseCode);
            var stream = await tenant.SendAsync(HttpMethod.Get, $"api/v1/tasks/{task}/events?tenant_id={tenant.Id}", null, ("Accept", "text/event-stream"));
            Assert.Equal((429, "rate_limited", 2), (stream.Status, stream.Code, stream.Json.Number("error.details.limit")));
            Assert.NotNull(stream.Headers.RetryAfter);
            // What does not stay open is no stream.
            Assert.Equal(200, (await tenant.GetAsync($"api/v1/tasks/{task}/events")).Status);
            var other = new TenantClient(idle);
            using var others = await TaskFollower.ConnectAsync(idle, other.Id, await other.SendTextAsync("d", "Another tenant's."));
            Assert.NotNull(await others.NextAsync());
        }
        // The service hears of the close a moment later.
        while (true)
        {
            using var again = await TaskFollower.ConnectAsync(idle, tenant.Id, task);
            if (await again.NextAsync() is not null) break;
            await Task.Delay(20, Stop);
        }
    }

    [Theory]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("{", "must be a JSON object")]
    [InlineData("""{"acme": {"request_per_minute": 5}}""", "must be a JSON object")]
    [InlineData("""{"acme": {"requests_per_minute": -5}}""", "whole numbers from 0")]
    [InlineData("""{"acme": null}""", "whole numbers from 0")]
    [InlineData("""{"acme": {"queued_tasks": 1.5}}""", "must be a JSON object")]
    public void A_file_of_limits_that_is_not_one_stops_the_start(string json, string says)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, json);
            var fault = Assert.Throws<InvalidDataException>(() => new TenantQuotas(new Settings { TenantLimitsFile = file }));
            Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
        Assert.Throws<InvalidDataException>(() => new TenantQuotas(new Settings { TenantLimitsFile = file }));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A test of a minute's count must not run over its end.</summary>
    private static async Task StartOfMinuteAsync()
    {
        var second = DateTimeOffset.UtcNow.Second;
        if (second > 40) await Task.Delay(TimeSpan.FromSeconds(61 - second), Stop);
    }

    private sealed class CountingCounter : IRequestCounter
    {
        private readonly Dictionary<string, long> _counts = [];

        public int Calls { get; private set; }

        public ValueTask<long> AddAsync(string tenant, long minute, CancellationToken cancel)
        {
            Calls++;
            var key = string.Create(CultureInfo.InvariantCulture, $"{minute} {tenant}");
            return ValueTask.FromResult(_counts[key] = _counts.GetValueOrDefault(key) + 1);
        }
    }
}
