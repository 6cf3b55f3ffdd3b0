using System.Net;
using Ingestion.Config;
using Ingestion.Redis;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Redis;

public sealed class RedisAddressTests
{
    [Fact]
    public void An_address_may_hold_user_password_several_hosts_a_database_and_TLS()
    {
        var options = RedisAddress.Parse("rediss://app:p%40ss:word@one.example:7000,two.example,[::1]:7001/3");
        Assert.Equal(("app", "p@ss:word", true, 3), (options.User, options.Password, options.Ssl, options.DefaultDatabase));
        Assert.Equal(
            [("one.example", 7000), ("two.example", 6379)], options.EndPoints.OfType<DnsEndPoint>().Select(host => (host.Host, host.Port)));
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 7001), Assert.Single(options.EndPoints.OfType<IPEndPoint>()));
    }

    [Fact]
    public void A_name_alone_before_the_host_is_the_password()
    {
        Assert.Equal(("secret", null), (RedisAddress.Parse("redis://secret@host").Password, RedisAddress.Parse("redis://secret@host").User));
        Assert.Equal(("secret", null), (RedisAddress.Parse("redis://:secret@host").Password, RedisAddress.Parse("redis://:secret@host").User));
        Assert.False(RedisAddress.Parse("redis://host").Ssl);
    }

    [Theory]
    [InlineData("redis://host/x")]
    [InlineData("redis://host:0")]
    [InlineData("redis://host:99999")]
    [InlineData("redis://one,,two")]
    [InlineData("redis://secret@")]
    public void A_wrong_address_stops_the_start_and_shows_no_password(string url)
    {
        var problem = RedisAddress.Check(new Settings { RedisUrl = url });
        Assert.StartsWith("REDIS_URL=***: ", problem);
        Assert.DoesNotContain("secret", problem);
    }

    [Fact]
    public async Task A_server_with_a_password_is_only_there_for_those_who_know_it()
    {
        await using var server = await RedisServer.StartAsync("--requirepass", "s3cret", "--save", "");
        using var knows = new RedisConnection(RedisAddress.Read(new Settings { RedisHost = "127.0.0.1", RedisPort = server.Port, RedisPassword = "s3cret" })!);
        Assert.Equal(0, await knows.AskAsync(database => database.ListLengthAsync("any")));
        using var guesses = new RedisConnection(RedisAddress.Read(new Settings { RedisUrl = $"redis://:wrong@127.0.0.1:{server.Port}" })!);
        await Assert.ThrowsAsync<UnavailableException>(() => guesses.AskAsync(database => database.ListLengthAsync("any")));
    }
}
