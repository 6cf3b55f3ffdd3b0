using Amazon.Runtime;
using Ingestion.Sources;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Sources;

public sealed class S3UploadsTests : UploadStoreConformance, IAsyncLifetime
{
    private readonly List<S3Uploads> stores = [];
    private S3Server server = null!;

    public async ValueTask InitializeAsync() => server = await S3Server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var store in stores) store.Dispose();
        Assert.Empty(server.Refused);
        await server.DisposeAsync();
    }

    protected override UploadStore Open()
    {
        var store = new S3Uploads("s3://documents/some/where", server.Address, new BasicAWSCredentials(S3Server.AccessKey, S3Server.SecretKey));
        lock (stores) stores.Add(store);
        return store;
    }

    protected override string[] Names =>
        [.. server.Objects.Keys.Select(path => path["documents/some/where/".Length..]), .. server.Halves.Keys];

    protected override void MakeOld(string name)
    {
        var old = DateTime.UtcNow.AddHours(-2);
        if (server.Halves.TryGetValue(name, out var half)) server.Halves[name] = half with { At = old };
        else server.Objects["documents/some/where/" + name] = server.Objects["documents/some/where/" + name] with { At = old };
    }

    protected override string LeaveHalf(string key)
    {
        server.Halves["half-" + key] = ("documents/some/where/" + key, [], DateTime.UtcNow);
        return "half-" + key;
    }

    [Fact]
    public async Task A_large_upload_goes_part_by_part()
    {
        await Open().SaveAsync(new Endless { End = 30_000_000 }, long.MaxValue, Cancel);
        var parts = server.Bodies.Where(length => length > 10_000).ToList();
        Assert.Equal((6, 30_000_000), (parts.Count, parts.Sum()));
        Assert.InRange(parts.Max(), 1, 5 * 1024 * 1024);
        Assert.Equal(30_000_000, Assert.Single(server.Objects).Value.Bytes.Length);
    }

    [Fact]
    public async Task A_sweep_leaves_what_is_not_an_upload_and_what_lies_elsewhere_in_the_bucket()
    {
        var key = new string('c', 32);
        foreach (var path in (string[])["documents/some/where/notes.txt", "documents/some/" + key, "documents/" + key])
            server.Objects[path] = ([1], DateTime.UtcNow.AddDays(-1));
        Assert.Equal(0, await Open().SweepAsync(TimeSpan.FromHours(1), _ => Task.FromResult(false), Cancel));
        Assert.Equal(3, server.Objects.Count);
    }

    [Fact]
    public async Task A_store_that_is_away_is_an_outcome_and_reading_says_so()
    {
        var store = Open();
        var key = await SaveAsync(store);
        server.IsAway = true;
        Assert.False(Assert.IsType<SaveOutcome.NotStored>(await store.SaveAsync(new Endless { End = 100_000 }, long.MaxValue, Cancel)).IsDiskFull);
        await Assert.ThrowsAsync<UnavailableException>(() => store.OpenAsync(key, Cancel));
        await Assert.ThrowsAsync<UnavailableException>(() => store.ReadIdentityAsync(Cancel));
        await Assert.ThrowsAsync<UnavailableException>(() => store.SweepAsync(TimeSpan.Zero, _ => Task.FromResult(false), Cancel));
        Assert.False(await store.DeleteAsync(key));
        server.IsAway = false;
        await using var there = await store.OpenAsync(key, Cancel);
        Assert.Equal(100_000, there!.Length);
    }
}
