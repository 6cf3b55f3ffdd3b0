using System.Net;
using System.Net.Sockets;
using Ingestion.Postgres;
using Ingestion.Store;
using Ingestion.Store.Postgres;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Store;

/// <summary>Where the database is on another machine, a small document costs what its journeys there cost.</summary>
public sealed class PostgresJourneysTests : IAsyncDisposable
{
    private readonly TcpListener _relay = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private int _journeys;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _relay.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task A_small_document_is_stored_with_few_journeys_to_the_database_and_found_with_fewer()
    {
        await using var database = new PostgresDatabase(PostgresAddress.Parse(await RelayAsync()), PostgresStore.Schema);
        var store = new PostgresStore(database, TimeProvider.System);
        // The tables, the connection and the words' stems are there for later documents.
        await StoreAsync(store, Draft.Of("first", "t1", "The pump starts.", "The pump stops."));

        Volatile.Write(ref _journeys, 0);
        await StoreAsync(store, Draft.Of("second", "t2", "The pump stops.", "The pump starts."));
        Assert.InRange(Volatile.Read(ref _journeys), 1, 15);

        Volatile.Write(ref _journeys, 0);
        var hits = await store.SearchAsync(
            new SearchQuery
            {
                TenantId = "acme",
                CollectionId = "contracts",
                Mode = SearchMode.Hybrid,
                Text = "pump",
                Vector = Vectors.Of("The pump stops."),
                TopK = 4,
            },
            Cancel);
        Assert.Equal(4, hits.Count);
        Assert.InRange(Volatile.Read(ref _journeys), 1, 8);
    }

    private static async Task StoreAsync(PostgresStore store, NewVersion version)
    {
        Assert.Null(await store.FindCurrentAsync(version.TenantId, version.CollectionId, version.DocumentId, Cancel));
        var staged = await store.StageAsync(version, Cancel);
        var pending = await store.ReadPendingAsync(staged, -1, 100, Cancel);
        await store.SaveVectorsAsync(staged, [.. pending.Select(chunk => new ChunkVector(chunk.Index, Vectors.Of(chunk.Text)))], Cancel);
        Assert.Equal(CommitKind.Committed, (await store.CommitAsync(staged, Cancel)).Kind);
    }

    /// <summary>An address of the database at which its journeys are counted.</summary>
    private async Task<string> RelayAsync()
    {
        var address = new Uri(await (await SharedPostgres.GetAsync()).CreateDatabaseAsync());
        _relay.Start();
        _ = Task.Run(async () =>
        {
            while (true) _ = RelayAsync(await _relay.AcceptTcpClientAsync(_end.Token), address.Port);
        }, Cancel);
        return new UriBuilder(address) { Port = ((IPEndPoint)_relay.LocalEndpoint).Port }.Uri.AbsoluteUri;
    }

    private async Task RelayAsync(TcpClient client, int port)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, port, _end.Token);
            var isAnswered = true;
            await Task.WhenAny(
                PassAsync(client, server, () =>
                {
                    if (Interlocked.Exchange(ref isAnswered, false)) Interlocked.Increment(ref _journeys);
                }),
                PassAsync(server, client, () => Volatile.Write(ref isAnswered, true)));
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to, Action passing)
    {
        var buffer = new byte[1 << 16];
        while (await from.GetStream().ReadAsync(buffer, _end.Token) is > 0 and var count)
        {
            passing();
            await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _end.Token);
        }
    }
}
