using Ingestion.Postgres;
using Ingestion.Store;
using Ingestion.Store.Postgres;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Store;

/// <summary>Several instances at one PostgreSQL.</summary>
public sealed class PostgresInstancesTests : IAsyncLifetime
{
    private readonly List<PostgresDatabase> _databases = [];
    private string _url = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _url = await (await SharedPostgres.GetAsync()).CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _databases) await database.DisposeAsync();
    }

    [Fact]
    public async Task Instances_that_start_at_once_make_the_tables_once_and_know_each_other()
    {
        var stores = Enumerable.Range(0, 8).Select(_ => Instance()).ToList();

        var identities = await Task.WhenAll(stores.Select(store => store.ReadIdentityAsync(Cancel)));

        Assert.Single(identities.Distinct());
    }

    [Fact]
    public async Task Instances_that_store_delete_and_sweep_side_by_side_agree_in_the_end()
    {
        var stores = Enumerable.Range(0, 3).Select(_ => Instance()).ToList();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var step = 0; step < 25; step++)
            {
                var store = stores[random.Next(3)];
                var document = $"d{random.Next(3)}";
                if (random.Next(8) == 0) await store.DeleteDocumentAsync("acme", "contracts", document, Cancel);
                else if (random.Next(8) == 0) await store.SweepAsync(Cancel);
                else if (random.Next(8) == 0) await store.RollBackAsync("acme", "contracts", document, null, Cancel);
                else await StoreAsync(store, Draft.Of(document, $"t{step:d3}-{worker}", [.. Enumerable.Range(0, random.Next(1, 9)).Select(i => $"w{random.Next(5)} {i}")]));
            }
        }, Cancel)));

        long chunks = 0;
        foreach (var document in (await stores[0].ListDocumentsAsync("acme", "contracts", 1, 10, Cancel)).Documents)
        {
            var listed = (await stores[1].ListChunksAsync("acme", "contracts", document.DocumentId, 1, 100, vectors: true, Cancel))!;
            Assert.Equal(document.ChunkCount, listed.Chunks.Count);
            Assert.All(listed.Chunks, chunk => Assert.Equal(Vectors.Of(chunk.Text), chunk.Vector));
            chunks += document.ChunkCount;
        }
        Assert.Equal(chunks, (await stores[2].GetUsageAsync("acme", Cancel)).Chunks);

        for (var i = 0; i < 3; i++) Assert.Equal(0, (await stores[i].DeleteDocumentAsync("acme", "contracts", $"d{i}", Cancel))?.Remaining ?? 0);
        await stores[0].SweepAsync(Cancel);
        Assert.Equal(default, await stores[0].GetUsageAsync("acme", Cancel));
        foreach (var table in (string[])["version", "content", "chunk", "chunk_words", "chunk_vector"])
            Assert.Equal(0L, await _databases[0].ReadAsync(session => session.ScalarAsync<long>($"SELECT count(*) FROM ingestion.{table}"), Cancel));
    }

    [Fact]
    public async Task A_document_that_is_deleted_while_it_is_staged_does_not_come_back()
    {
        var (first, second) = (Instance(), Instance());
        await StoreAsync(first, Draft.Of("d1", "t1", "uno"));
        using var isWriting = new SemaphoreSlim(0);
        var draft = Draft.Of("d1", "t2", [.. Enumerable.Range(0, 2000).Select(i => $"cláusula {i}")]);
        var staging = Task.Run(() => first.StageAsync(draft with { Chunks = new SignallingList(draft.Chunks, isWriting) }, Cancel), Cancel);
        await isWriting.WaitAsync(Cancel);

        await second.DeleteDocumentAsync("acme", "contracts", "d1", Cancel);

        var staged = await staging;
        Assert.Empty(await first.ReadPendingAsync(staged, -1, 10, Cancel));
        Assert.Equal(CommitKind.NotReady, (await first.CommitAsync(staged, Cancel)).Kind);
        Assert.Null(await first.GetDocumentAsync("acme", "contracts", "d1", Cancel));
    }

    [Fact]
    public async Task A_later_services_tables_are_left_alone()
    {
        await Instance().ReadIdentityAsync(Cancel);
        await PostgresServer.ExecuteAsync(_url, "INSERT INTO ingestion.migration(step) VALUES(999)");

        var fault = await Assert.ThrowsAsync<PostgresSetupException>(() => Instance().ReadIdentityAsync(Cancel));

        Assert.Contains("later version of this service", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Texts_with_the_character_0_keep_their_offsets()
    {
        var store = Instance();
        await StoreAsync(store, Draft.Of("d1", "t1", "a\0b", "dos") with { Title = "T\0" });

        var chunks = (await store.ListChunksAsync("acme", "contracts", "d1", 1, 10, false, Cancel))!.Chunks;

        Assert.Equal(["a\uFFFDb", "dos"], chunks.Select(chunk => chunk.Text));
        Assert.Equal("a\uFFFDb\n\ndos", await store.ReadContentAsync("acme", "contracts", "d1", Cancel));
        Assert.Equal((5, 8), (chunks[1].Start, chunks[1].End));
    }

    private PostgresStore Instance()
    {
        var database = new PostgresDatabase(PostgresAddress.Parse(_url), PostgresStore.Schema);
        _databases.Add(database);
        return new PostgresStore(database, TimeProvider.System);
    }

    private static async Task StoreAsync(PostgresStore store, NewVersion version)
    {
        var staged = await store.StageAsync(version, Cancel);
        var pending = await store.ReadPendingAsync(staged, -1, int.MaxValue, Cancel);
        await store.SaveVectorsAsync(staged, [.. pending.Select(chunk => new ChunkVector(chunk.Index, Vectors.Of(chunk.Text)))], Cancel);
        // Another worker may have deleted it or stored a later one meanwhile.
        await store.CommitAsync(staged, Cancel);
    }

    /// <summary>Tells when the first chunks have been written and the next are asked for.</summary>
    private sealed class SignallingList(IReadOnlyList<NewChunk> list, SemaphoreSlim signal) : IReadOnlyList<NewChunk>
    {
        public NewChunk this[int index]
        {
            get
            {
                if (index == 1000) signal.Release();
                return list[index];
            }
        }

        public int Count => list.Count;
        public IEnumerator<NewChunk> GetEnumerator() => list.GetEnumerator();
        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
