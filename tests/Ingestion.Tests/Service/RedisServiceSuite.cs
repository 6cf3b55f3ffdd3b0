using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>A Redis and a folder for each test's services.</summary>
public abstract class RedisServiceSuite : IAsyncLifetime
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("ingestion-shared-").FullName;

    protected RedisServer Redis { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected (string, string)[] Environment(params (string Name, string Value)[] more) =>
        [("REDIS_URL", "redis://" + Redis.Address), .. more];

    protected static async Task WaitAsync(Func<Task<bool>> isTrue)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (!await isTrue())
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException("It never came true.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
