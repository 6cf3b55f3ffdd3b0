using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>A cluster of three masters, each with a replica, one of which is killed.</summary>
public sealed class RedisClusterTests
{
    [Fact]
    public async Task A_failover_in_the_middle_stops_nobody_for_good_and_loses_nothing_that_the_replica_had()
    {
        await using var cluster = await RedisCluster.StartAsync();
        var folder = Directory.CreateTempSubdirectory("ingestion-cluster-").FullName;
        try
        {
            var settings = new[] { ("REDIS_URL", cluster.Url) };
            await using var first = await ServiceProcess.StartInAsync(folder, settings);
            await using var second = await ServiceProcess.StartInAsync(folder, settings);
            var tenant = new TenantClient(first);
            var before = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => tenant.SendTextAsync($"d{i}", Prose.Of(i, 30_000))));
            foreach (var task in before) await tenant.CompletedAsync(task);

            var held = await Task.WhenAll(Enumerable.Range(10, 20).Select(i => tenant.SendTextAsync($"d{i}", Prose.Of(i, 60_000))));
            await tenant.CompletedAsync(held[0]);
            // Replication is not waited for; a second is more than enough for it.
            await Task.Delay(1_000, TestContext.Current.CancellationToken);
            var master = await cluster.FindMasterAsync("{ingestion:0}");
            await master.KillAsync();
            await second.WaitUntilReadyAsync();
            await first.WaitUntilReadyAsync();
            foreach (var (task, i) in held.Select((task, i) => (task, i)))
            {
                Assert.Equal(1, (await tenant.CompletedAsync(task)).Number("result.version"));
                await tenant.CheckChunksAsync($"d{i + 10}");
            }
            // A change at one instance is told at the other at once, as before.
            var last = await tenant.SendTextAsync("last", Prose.Of(99, 5_000));
            using var follower = await TaskFollower.ConnectAsync(second, tenant.Id, last);
            await follower.ToEndAsync();
            TaskStories.CheckCompleted(follower.Events);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
