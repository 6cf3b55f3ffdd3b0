using Ingestion.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Service;

/// <summary>A provider that takes every request and never answers costs a few requests, not one for each time that somebody's patience ends.</summary>
public sealed class SilentProviderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_asked_a_few_times_and_then_the_task_says_so(bool onRedis)
    {
        await using var redis = onRedis ? await RedisServer.StartAsync() : null;
        var requests = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var provider = builder.Build();
        provider.Run(http =>
        {
            Interlocked.Increment(ref requests);
            http.Response.StatusCode = StatusCodes.Status202Accepted;
            return Task.CompletedTask;
        });
        await provider.StartAsync(TestContext.Current.CancellationToken);
        List<(string, string)> settings = [("EMBEDDING_PROVIDER", "service"), ("EMBEDDING_SERVICE_URL", provider.Urls.First()), ("EMBEDDING_TIMEOUT", "2")];
        if (redis is not null) settings.Add(("REDIS_URL", "redis://" + redis.Address));
        await using var service = await ServiceProcess.StartAsync([.. settings]);
        var tenant = new TenantClient(service);
        var task = await tenant.SendTextAsync("d1", "A text.");
        var ended = await tenant.EndOfAsync(task);
        Assert.Equal(("failed", "EMBEDDING_TIMEOUT"), (ended.Text("status"), ended.Text("error_details.error_code")));
        Assert.InRange(requests, 2, 4);
    }
}
