using System.Text;
using Ingestion.Config;
using Ingestion.Inboxes;
using Ingestion.Redis;
using Ingestion.Tests.Support;
using StackExchange.Redis;

namespace Ingestion.Tests.Inboxes;

public sealed class RedisInboxTests : IAsyncLifetime
{
    private RedisServer _server = null!;
    private ConnectionMultiplexer _outside = null!;
    private RedisConnection _redis = null!;

    private IDatabase List => _outside.GetDatabase();

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _outside = await _server.ConnectAsync();
        _redis = new RedisConnection(RedisAddress.Read(new Settings { RedisUrl = "redis://" + _server.Address })!);
    }

    public async ValueTask DisposeAsync()
    {
        _redis.Dispose();
        await _outside.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task An_item_whose_answer_got_lost_on_the_way_is_handed_out_again()
    {
        var inbox = new RedisInbox(_redis, "queue");
        Assert.Null(await inbox.TakeAsync());
        foreach (var item in (string[])["first", "second"]) await List.ListRightPushAsync("queue", item);
        await _server.SignalAsync("STOP");
        await Assert.ThrowsAsync<UnavailableException>(inbox.TakeAsync);
        await _server.SignalAsync("CONT");
        // What was asked is done all the same.
        while (await List.ListLengthAsync("queue") != 1) await Task.Delay(20, TestContext.Current.CancellationToken);

        foreach (var item in (string[])["first", "second"])
        {
            var taken = await TakeAsync();
            Assert.Equal(item, Encoding.UTF8.GetString(taken!));
            await inbox.DoneAsync(taken!);
        }
        Assert.Null(await inbox.TakeAsync());

        async Task<byte[]?> TakeAsync()
        {
            while (true)
            {
                try
                {
                    return await inbox.TakeAsync();
                }
                catch (UnavailableException)
                {
                    // Its connection comes back.
                }
            }
        }
    }

    [Fact]
    public async Task A_reader_that_leaves_gives_back_what_it_has()
    {
        var (leaving, staying) = (new RedisInbox(_redis, "queue"), new RedisInbox(_redis, "queue"));
        foreach (var item in (string[])["first", "second"]) await List.ListRightPushAsync("queue", item);
        Assert.Equal("first", Encoding.UTF8.GetString((await leaving.TakeAsync())!));
        await leaving.LeaveAsync();
        Assert.Equal("first", Encoding.UTF8.GetString((await staying.TakeAsync())!));
        Assert.Equal(1, await List.ListLengthAsync("queue"));
    }
}
