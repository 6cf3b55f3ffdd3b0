using Ingestion.Sqlite;
using Ingestion.Store;

namespace Ingestion.Tests.Store;

public class SqliteStoreTests : ChunkStoreConformance, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("store-").FullName;
    private readonly SqliteDatabase _database;

    public SqliteStoreTests()
        : this(vectorMemory: 64 << 20)
    {
    }

    protected SqliteStoreTests(long vectorMemory)
    {
        _database = new SqliteDatabase(Path.Combine(_folder, "ingestion.db"));
        Store = new SqliteStore(_database, TimeProvider.System, vectorMemory);
    }

    protected override IChunkStore Store { get; }

    [Fact]
    public async Task What_another_process_commits_is_found_at_once()
    {
        using var second = new SqliteDatabase(_database.Path);
        var other = new SqliteStore(second, TimeProvider.System);
        await Ingest(Draft.Of("d1", "t1", "factura"));
        Assert.Single(await other.SearchAsync(Query(SearchMode.Vector, "factura"), Cancel));

        await Ingest(Draft.Of("d2", "t2", "factura nueva"));
        Assert.Equal(2, (await other.SearchAsync(Query(SearchMode.Vector, "factura"), Cancel)).Count);
        await Ingest(Draft.Of("d1", "t3", "perro"));
        Assert.Equal("d2", Assert.Single(await other.SearchAsync(Query(SearchMode.Text, "factura"), Cancel)).Document.DocumentId);
        await other.DeleteDocumentAsync(Tenant, Collection, "d2", Cancel);
        Assert.Empty(await Search(SearchMode.Text, "factura"));
        Assert.Equal("perro", Assert.Single(await Search(SearchMode.Vector, "perro")).Chunk.Text);
    }

    [Fact]
    public async Task What_a_killed_process_had_written_is_there_when_the_file_is_opened_again()
    {
        await Ingest(Draft.Of("done", "t1", "factura pagada"));
        var half = await Store.StageAsync(Draft.Of("half", "t2", "uno", "dos"), Cancel);
        await Store.SaveVectorsAsync(half, [new(0, Vectors.Of("uno"))], Cancel);

        // What a kill leaves: the file and its log as they are on disk, nothing closed.
        var copy = Path.Combine(_folder, "after-kill.db");
        File.Copy(_database.Path, copy);
        File.Copy(_database.Path + "-wal", copy + "-wal");
        using var database = new SqliteDatabase(copy);
        var store = new SqliteStore(database, TimeProvider.System);

        Assert.Single(await store.SearchAsync(Query(SearchMode.Hybrid, "factura"), Cancel));
        var found = await store.FindStagedAsync(Tenant, "t2", Cancel);
        Assert.Equal((2, 1), (found!.ChunkCount, found.VectorCount));
        var pending = Assert.Single(await store.ReadPendingAsync(found, -1, 10, Cancel));
        await store.SaveVectorsAsync(found, [new(pending.Index, Vectors.Of(pending.Text))], Cancel);
        Assert.Equal(CommitKind.Committed, (await store.CommitAsync(found, Cancel)).Kind);
        Assert.Equal(2, (await store.ListDocumentsAsync(Tenant, Collection, 1, 10, Cancel)).Total);
    }

    [Fact]
    public async Task Nothing_of_dropped_versions_and_of_earlier_ones_beyond_those_kept_stays_in_the_file()
    {
        for (var i = 0; i < 5; i++)
            await Ingest(Draft.Of("d1", $"t{i}", [.. Enumerable.Range(0, 40 + i).Select(n => $"cláusula {n} de {i}")]));
        await Store.StageAsync(Draft.Of("d2", "u1", [.. Enumerable.Range(0, 300).Select(n => $"borrador {n}")]), Cancel);
        await Store.DiscardAsync(Tenant, "u1", Cancel);

        await Store.SweepAsync(Cancel);
        AssertLeft(versions: 2, chunks: 44 + 43);
        await new SqliteStore(_database, TimeProvider.System, keepVersions: 0).SweepAsync(Cancel);
        AssertLeft(versions: 1, chunks: 44);

        void AssertLeft(long versions, long chunks)
        {
            foreach (var table in (string[])["chunk", "chunk_text", "chunk_vector", "chunk_words"]) Assert.Equal(chunks, Count(table));
            foreach (var table in (string[])["content", "version"]) Assert.Equal(versions, Count(table));
        }
    }

    [Fact]
    public async Task Where_none_is_kept_an_earlier_version_is_gone_at_once()
    {
        var store = new SqliteStore(_database, TimeProvider.System, keepVersions: 0);
        foreach (var task in (string[])["t1", "t2"])
        {
            var staged = await store.StageAsync(Draft.Of("d1", task, "de " + task), Cancel);
            await SaveAll(staged);
            await store.CommitAsync(staged, Cancel);
        }

        Assert.Equal(1, Count("version"));
        Assert.Equal(RollbackKind.VersionNotFound, (await store.RollBackAsync(Tenant, Collection, "d1", null, Cancel)).Kind);
    }

    [Fact]
    public async Task Many_versions_are_kept_where_that_is_asked_for()
    {
        var store = new SqliteStore(_database, TimeProvider.System, keepVersions: 3);
        for (var i = 1; i <= 6; i++)
        {
            var staged = await store.StageAsync(Draft.Of("d1", $"t{i}", $"versión {i}"), Cancel);
            await SaveAll(staged);
            await store.CommitAsync(staged, Cancel);
        }
        await store.SweepAsync(Cancel);

        var unknown = await store.RollBackAsync(Tenant, Collection, "d1", 2, Cancel);
        var back = await store.RollBackAsync(Tenant, Collection, "d1", 3, Cancel);

        Assert.Equal(RollbackKind.VersionNotFound, unknown.Kind);
        Assert.Equal([5, 4, 3], unknown.Kept);
        Assert.Equal((RollbackKind.Done, 7), (back.Kind, back.Document!.Version));
        Assert.Equal("versión 3", await store.ReadContentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task What_was_staged_and_left_is_swept_after_a_month_and_not_before()
    {
        var time = new SettableTime(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var store = new SqliteStore(_database, time);
        await store.StageAsync(Draft.Of("d1", "t1", "factura"), Cancel);

        time.Now += TimeSpan.FromDays(29);
        await store.SweepAsync(Cancel);
        Assert.NotNull(await store.FindStagedAsync(Tenant, "t1", Cancel));
        time.Now += TimeSpan.FromDays(2);
        await store.SweepAsync(Cancel);

        Assert.Null(await store.FindStagedAsync(Tenant, "t1", Cancel));
        Assert.Equal(0, Count("version"));
    }

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private long Count(string table) => _database.Read(session => session.Scalar<long>($"SELECT count(*) FROM {table}"));

    private sealed class SettableTime(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

/// <summary>The same with memory for the vectors of one small collection at a time.</summary>
public sealed class SqliteStoreWithLittleMemoryTests() : SqliteStoreTests(vectorMemory: 10 * 4 * Vectors.Dimension);

/// <summary>The same without memory for vectors: they are read from the file.</summary>
public sealed class SqliteStoreWithoutMemoryTests() : SqliteStoreTests(vectorMemory: 0);
