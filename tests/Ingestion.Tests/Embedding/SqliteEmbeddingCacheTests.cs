using Ingestion.Embedding.Cache;
using Ingestion.Sqlite;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Embedding;

public sealed class SqliteEmbeddingCacheTests : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(30);
    private static readonly CacheUser User = new("acme", "c", "d");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ingestion-cache-");
    private readonly ManualTime _time = new();
    private readonly SqliteDatabase _database;

    public SqliteEmbeddingCacheTests() => _database = new SqliteDatabase(Path.Combine(_folder.FullName, "ingestion.db"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _database.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_vector_is_found_by_tenant_model_and_text_alone()
    {
        var cache = Open(100);
        await KeepAsync(cache, User, "uno", "dos");

        var found = await cache.FindAsync(User with { Document = "e" }, "m", ["dos", "tres", "uno"], Stop);
        Assert.Equal([1f, 3f, 0.5f], found[2]!);
        Assert.Null((await cache.FindAsync(User, "m", ["tres"], Stop))[0]);
        Assert.Null((await cache.FindAsync(User with { Tenant = "other" }, "m", ["uno"], Stop))[0]);
        Assert.Null((await cache.FindAsync(User, "n", ["uno"], Stop))[0]);
    }

    [Fact]
    public async Task What_a_deleted_document_used_last_goes_with_it()
    {
        var cache = Open(100);
        await KeepAsync(cache, User, "uno", "dos");
        await cache.FindAsync(User with { Document = "e" }, "m", ["dos"], Stop);

        await cache.ForgetAsync(User with { Tenant = "other" }, Stop);
        Assert.NotNull((await cache.FindAsync(User, "m", ["uno"], Stop))[0]);
        await cache.ForgetAsync(User, Stop);

        var left = await cache.FindAsync(User, "m", ["uno", "dos"], Stop);
        Assert.Null(left[0]);
        Assert.NotNull(left[1]);
    }

    [Fact]
    public async Task It_keeps_no_more_than_its_size_and_those_used_last()
    {
        var cache = Open(2);
        foreach (var text in new[] { "uno", "dos", "tres" })
        {
            await KeepAsync(cache, User, text);
            _time.Advance(TimeSpan.FromHours(2));
        }
        await cache.FindAsync(User, "m", ["uno"], Stop);

        await cache.SweepAsync(Stop);

        Assert.Equal([true, false, true], (await cache.FindAsync(User, "m", ["uno", "dos", "tres"], Stop)).Select(vector => vector is not null));
    }

    [Fact]
    public async Task What_is_not_used_for_its_age_is_forgotten()
    {
        var cache = Open(5_000);
        await KeepAsync(cache, User, [.. Enumerable.Range(0, 1_200).Select(i => $"text {i}")]);
        _time.Advance(Age / 2);
        await KeepAsync(cache, User, "uno");
        _time.Advance(Age / 2 + TimeSpan.FromMinutes(1));

        await cache.SweepAsync(Stop);

        Assert.Equal(1, _database.Read(session => session.Scalar<long>("SELECT count(*) FROM embedding_cache")));
        Assert.NotNull((await cache.FindAsync(User, "m", ["uno"], Stop))[0]);
    }

    [Fact]
    public async Task With_no_size_it_keeps_nothing()
    {
        await KeepAsync(Open(100), User, "uno");
        var off = Open(0);

        await KeepAsync(off, User, "dos");
        Assert.Null((await off.FindAsync(User, "m", ["uno"], Stop))[0]);
        await off.SweepAsync(Stop);

        Assert.Equal(0, _database.Read(session => session.Scalar<long>("SELECT count(*) FROM embedding_cache")));
    }

    private SqliteEmbeddingCache Open(int size) => new(_database, _time, size, Age);

    private static Task KeepAsync(SqliteEmbeddingCache cache, CacheUser user, params string[] texts) =>
        cache.KeepAsync(user, "m", [.. texts.Select(text => new KnownVector(text, new float[] { 1, text.Length, 0.5f }))], Stop);
}
