using System.Globalization;
using Ingestion.Chunking;
using Ingestion.Embedding;
using Ingestion.Postgres;
using Ingestion.Sqlite;
using Ingestion.Store;
using Ingestion.Store.Postgres;

namespace Ingestion.Benchmarks;

/// <summary>An empty SQLite file and, where DATABASE_URL names an empty database, that one.</summary>
internal sealed class StoresAtHand : IAsyncDisposable
{
    private const string Tenant = "bench";
    private const string Collection = "questions";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stores-bench-");
    private readonly SqliteDatabase _sqlite;
    private readonly PostgresDatabase? _postgres;

    public StoresAtHand()
    {
        _sqlite = new SqliteDatabase(Path.Combine(_folder.FullName, "bench.db"));
        All.Add(("SQLite", new SqliteStore(_sqlite, TimeProvider.System)));
        if (Environment.GetEnvironmentVariable("DATABASE_URL") is not { Length: > 0 } url) return;
        _postgres = new PostgresDatabase(PostgresAddress.Parse(url), PostgresStore.Schema);
        All.Add(("PostgreSQL", new PostgresStore(_postgres, TimeProvider.System)));
    }

    public List<(string Name, IChunkStore Store)> All { get; } = [];

    public static async Task StoreAsync(IChunkStore store, int document, string text, string language, IReadOnlyList<(int Start, int End)> spans)
    {
        var id = document.ToString(CultureInfo.InvariantCulture);
        var points = new CodePoints(text);
        var ids = new ChunkIds(Tenant, Collection, id);
        var staged = await store.StageAsync(
            new NewVersion
            {
                TenantId = Tenant,
                CollectionId = Collection,
                DocumentId = id,
                TaskId = id,
                Source = new StoredSource("text", null, null, null, text.Length, null),
                Content = text,
                Language = language,
                Model = LocalEmbedder.Model,
                Chunks =
                [
                    .. spans.Select(span => new NewChunk(
                        ids.Next(text.AsSpan(span.Start, span.End - span.Start)), span.Start, span.End, points.Before(span.Start),
                        points.Before(span.End), 0, 0, 0, [])),
                ],
            },
            CancellationToken.None);
        var pending = await store.ReadPendingAsync(staged, -1, int.MaxValue, CancellationToken.None);
        await store.SaveVectorsAsync(
            staged, [.. pending.Select(chunk => new ChunkVector(chunk.Index, LocalEmbedder.Embed(chunk.Text)))], CancellationToken.None);
        if ((await store.CommitAsync(staged, CancellationToken.None)).Kind != CommitKind.Committed) throw new InvalidOperationException("It was not stored.");
    }

    public static async Task<IReadOnlyList<(int Document, int Chunk)>> SearchAsync(IChunkStore store, string question, SearchMode mode, int top)
    {
        var hits = await store.SearchAsync(
            new SearchQuery
            {
                TenantId = Tenant, CollectionId = Collection, Mode = mode, Text = question, Vector = LocalEmbedder.Embed(question), TopK = top,
            },
            CancellationToken.None);
        return [.. hits.Select(hit => (int.Parse(hit.Document.DocumentId, CultureInfo.InvariantCulture), hit.Chunk.Index))];
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null) await _postgres.DisposeAsync();
        _sqlite.Dispose();
        _folder.Delete(recursive: true);
    }
}
