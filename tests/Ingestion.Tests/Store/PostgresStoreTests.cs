using Ingestion.Postgres;
using Ingestion.Store;
using Ingestion.Store.Postgres;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Store;

/// <summary>On a real server with many connections; its vectors are a stand-in for pgvector.</summary>
public sealed class PostgresStoreTests(PostgresStoreTests.OwnDatabase database) : PostgresStoreConformance(database.Url), IClassFixture<PostgresStoreTests.OwnDatabase>
{
    public sealed class OwnDatabase : IAsyncLifetime
    {
        public string Url { get; private set; } = "";

        public async ValueTask InitializeAsync() => Url = await (await SharedPostgres.GetAsync()).CreateDatabaseAsync();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>On pgvector itself, over one connection.</summary>
public sealed class PgvectorStoreTests(PgliteServer server) : PostgresStoreConformance(server.Url), IClassFixture<PgliteServer>
{
    [Fact]
    public async Task A_large_collections_index_finds_what_comparing_all_finds_with_filters_too()
    {
        const int documents = 12, perDocument = 50, dimension = 16;
        var random = new Random(11);
        var large = new PostgresStore(Database, TimeProvider.System, exactUpTo: 100);
        var exact = new PostgresStore(Database, TimeProvider.System, exactUpTo: int.MaxValue);
        for (var document = 0; document < documents; document++)
        {
            var draft = Draft.Of($"d{document}", $"t{document}", [.. Enumerable.Range(0, perDocument).Select(i => $"text {i}")]);
            var staged = await large.StageAsync(draft with { Tags = [document % 3 == 0 ? "third" : "other"] }, Cancel);
            await large.SaveVectorsAsync(staged, [.. Enumerable.Range(0, perDocument).Select(i => new ChunkVector(i, Numbers()))], Cancel);
            Assert.Equal(CommitKind.Committed, (await large.CommitAsync(staged, Cancel)).Kind);
        }
        await large.MaintainIndexesAsync(Cancel);
        Assert.Equal(1L, await CountIndexesAsync());

        int found = 0, asked = 0;
        foreach (var filter in (string?[])[null, """{"tags":"third"}"""])
        {
            for (var round = 0; round < 20; round++)
            {
                var query = Query(SearchMode.Vector, "") with
                {
                    Vector = Numbers(),
                    TopK = 10,
                    Filter = filter is null ? null : System.Text.Json.JsonElement.Parse(filter),
                };
                var expected = (await exact.SearchAsync(query, Cancel)).Select(hit => hit.Chunk.ChunkId).ToHashSet();
                var hits = await large.SearchAsync(query, Cancel);
                Assert.Equal(10, hits.Count);
                found += hits.Count(hit => expected.Contains(hit.Chunk.ChunkId));
                asked += expected.Count;
            }
        }
        Assert.True(found >= 0.97 * asked, $"{found} of {asked}");

        // Vectors of another dimension do not stop at the index, and are refused where the collection's are fixed.
        var wider = await large.StageAsync(Draft.Of("wide", "u1", "a"), Cancel);
        await large.SaveVectorsAsync(wider, [new(0, new float[] { 1, 2, 3 })], Cancel);
        Assert.Equal(CommitKind.OtherModel, (await large.CommitAsync(wider, Cancel)).Kind);

        for (var document = 0; document < documents; document++) await large.DeleteDocumentAsync(Tenant, Collection, $"d{document}", Cancel);
        await large.MaintainIndexesAsync(Cancel);
        Assert.Equal(0L, await CountIndexesAsync());

        float[] Numbers() => [.. Enumerable.Range(0, dimension).Select(_ => (float)random.NextDouble() - 0.4f)];

        Task<long> CountIndexesAsync() => Database.ReadAsync(
            session => session.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname LIKE 'chunk\\_vector\\_hnsw%'"), Cancel);
    }
}

public abstract class PostgresStoreConformance(string url) : ChunkStoreConformance, IAsyncLifetime
{
    private readonly PostgresDatabase _database = new(PostgresAddress.Parse(url), PostgresStore.Schema);

    protected PostgresDatabase Database => _database;

    protected override IChunkStore Store => field ??= new PostgresStore(_database, TimeProvider.System);

    public async ValueTask InitializeAsync() => await _database.WriteAsync(
        session => session.ExecuteAsync(
            """
            TRUNCATE ingestion.collection, ingestion.version, ingestion.content, ingestion.chunk, ingestion.chunk_words, ingestion.chunk_vector
            """),
        Cancel);

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
