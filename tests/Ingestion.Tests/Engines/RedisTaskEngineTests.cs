using Ingestion.Engines.Redis;
using Ingestion.Redis;
using Ingestion.Tasks;
using Ingestion.Tests.Support;
using StackExchange.Redis;

namespace Ingestion.Tests.Engines;

public sealed class RedisTaskEngineTests(RedisTaskEngineTests.Server shared) : TaskEngineConformance, IClassFixture<RedisTaskEngineTests.Server>, IAsyncLifetime
{
    private readonly List<RedisConnection> _connections = [];

    /// <summary>One server for the class; each test begins with nothing in it.</summary>
    public sealed class Server : IAsyncLifetime
    {
        public RedisServer Redis { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Redis = await RedisServer.StartAsync();

        public ValueTask DisposeAsync() => Redis.DisposeAsync();
    }

    public async ValueTask InitializeAsync()
    {
        await using var redis = await shared.Redis.ConnectAsync();
        await redis.GetServers()[0].FlushDatabaseAsync();
    }

    public ValueTask DisposeAsync()
    {
        foreach (var connection in _connections) connection.Dispose();
        return default;
    }

    protected override Task<ITaskEngine> OpenAsync(EngineOptions options, TimeProvider time)
    {
        var connection = new RedisConnection(RedisAddress.Parse("redis://" + shared.Redis.Address));
        _connections.Add(connection);
        return Task.FromResult<ITaskEngine>(new RedisEngine(connection, options, time));
    }
}
