using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>Instances at one Redis that have not the same stores, shards or layout of tasks.</summary>
public sealed class RedisInstancesTests : RedisServiceSuite
{
    [Fact]
    public async Task An_instance_with_other_stores_does_not_start_beside_the_others()
    {
        await using var service = await ServiceProcess.StartAsync(Environment());
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var other = await ServiceProcess.StartAsync(Environment());
        });
        Assert.Contains("stopped with 1", fault.Message);
        Assert.Contains("Set DATA_DIR", fault.Message);
    }

    [Fact]
    public async Task Of_two_with_other_stores_the_one_goes_that_came_later_although_the_first_was_not_seen_for_long()
    {
        await using var first = await ServiceProcess.StartAsync(Environment());
        await first.SignalAsync("STOP");
        await using var redis = await Redis.ConnectAsync();
        // As its silence does it.
        foreach (var key in (string[])["instances", "stores", "since"]) await redis.GetDatabase().KeyDeleteAsync("{ingestion:0}:" + key);
        await using var later = await ServiceProcess.StartAsync(Environment());
        await first.SignalAsync("CONT");
        await WaitAsync(() => Task.FromResult(later.HasExited));
        Assert.Contains("Set DATA_DIR", later.Output, StringComparison.Ordinal);
        Assert.False(first.HasExited);
        var tenant = new TenantClient(first);
        await tenant.CompletedAsync(await tenant.SendTextAsync("d1", "A text."));
    }

    [Fact]
    public async Task An_instance_that_starts_while_Redis_is_away_works_on_nothing_before_it_knows_that_it_may()
    {
        await using var api = await ServiceProcess.StartAsync(Environment(("WORKER_COUNT", "0")));
        var tenant = new TenantClient(api);
        var tasks = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => tenant.SendTextAsync($"d{i}", "A text.")));
        Assert.Equal(0, await api.TerminateAsync());
        // Somebody with stores of his own, who is seen for long enough.
        await using (var redis = await Redis.ConnectAsync())
        {
            await redis.GetDatabase().SortedSetAddAsync("{ingestion:0}:instances", "other", DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds());
            await redis.GetDatabase().HashSetAsync("{ingestion:0}:stores", "other", "its-chunks its-uploads");
        }
        await Redis.KillAsync();
        await using var stranger = await ServiceProcess.StartWithoutStorageAsync(Environment(("WORKER_COUNT", "4")));
        await Redis.StartAgainAsync();
        await WaitAsync(() => Task.FromResult(stranger.HasExited));
        Assert.Contains("Set DATA_DIR", stranger.Output, StringComparison.Ordinal);

        await using (var redis = await Redis.ConnectAsync()) await redis.GetDatabase().KeyDeleteAsync("{ingestion:0}:instances");
        await using var again = await ServiceProcess.StartAsync(Environment(("WORKER_COUNT", "0")));
        foreach (var task in tasks)
        {
            var untouched = await tenant.At(again).TaskAsync(task);
            Assert.Equal(("pending", 0), (untouched.Text("status"), untouched.Number("attempt")));
        }
    }

    [Fact]
    public async Task Tasks_of_a_version_that_laid_them_out_in_another_way_are_refused_and_not_misread()
    {
        await using var redis = await Redis.ConnectAsync();
        await redis.GetDatabase().StringSetAsync("{ingestion:0}:shards", "1");
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var service = await ServiceProcess.StartInAsync(Folder, Environment());
        });
        Assert.Contains("another version of Ingestion", fault.Message);
        Assert.Contains("REDIS_DB", fault.Message);

        await redis.GetDatabase().KeyDeleteAsync("{ingestion:0}:shards");
        await using (var service = await ServiceProcess.StartInAsync(Folder, Environment()))
        {
            var tenant = new TenantClient(service);
            await tenant.CompletedAsync(await tenant.SendTextAsync("d1", "A text."));
        }
        fault = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var service = await ServiceProcess.StartInAsync(Folder, Environment(("REDIS_SHARDS", "2")));
        });
        Assert.Contains("are in 1 shards", fault.Message);
    }
}
