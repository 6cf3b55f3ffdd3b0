using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Ingestion.Store;

namespace Ingestion.Tests.Store;

/// <summary>Many documents, large ones, writers beside readers, and any steps in any order.</summary>
public abstract partial class ChunkStoreConformance
{
    [Fact]
    public async Task A_large_version_is_stored_whole_and_swept_whole()
    {
        string[] texts = [.. Enumerable.Range(0, 1001).Select(i => $"Cláusula {i} del contrato número {i * 7}.")];
        await Ingest(Draft.Of("d1", "t1", texts));
        Assert.Equal(1001, (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 5000, false, Cancel))!.Chunks.Count);

        var staged = await Store.StageAsync(Draft.Of("d1", "t2", [.. texts[..500], "Nueva.", .. texts[501..]]), Cancel);
        Assert.Equal(1000, staged.VectorCount);
        await SaveAll(staged);
        Assert.Equal(new CommitResult(CommitKind.Committed, 2, 1000, 1, 1, Vectors.Dimension), await Store.CommitAsync(staged, Cancel));
        await Store.SweepAsync(Cancel);
        await Store.SweepAsync(Cancel);

        var chunks = (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 5000, vectors: true, Cancel))!.Chunks;
        Assert.Equal(1001, chunks.Count);
        Assert.All(chunks, chunk => Assert.Equal(Vectors.Of(chunk.Text), chunk.Vector));
        Assert.Equal("Nueva.", Assert.Single(await Search(SearchMode.Text, "nueva")).Chunk.Text);
        Assert.Equal(new DeleteReceipt(2, 2002, 2002, 0), await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task Many_documents_at_once_are_all_stored()
    {
        var drafts = Enumerable.Range(0, 60).Select(i => Draft.Of($"d{i:d2}", $"t{i:d2}", $"alpha{i} común", $"beta{i} común"));
        await Task.WhenAll(drafts.Select(Ingest));

        Assert.Equal(60, (await Store.ListDocumentsAsync(Tenant, Collection, 1, 100, Cancel)).Documents.Count);
        Assert.Equal(120, (await Store.SearchAsync(Query(SearchMode.Text, "comun") with { TopK = 500 }, Cancel)).Count);
        for (var i = 0; i < 60; i++)
            Assert.Equal($"d{i:d2}", Assert.Single(await Search(SearchMode.Text, $"alpha{i}")).Document.DocumentId);
    }

    [Fact]
    public async Task Concurrent_commits_of_one_document_end_with_the_newest_task()
    {
        var staged = new List<StagedVersion>();
        for (var i = 0; i < 12; i++)
        {
            var version = await Store.StageAsync(Draft.Of("d1", $"t{i:d2}", $"text {i}", "shared"), Cancel);
            await SaveAll(version);
            staged.Add(version);
        }

        new Random(5).Shuffle(CollectionsMarshal.AsSpan(staged));
        var results = await Task.WhenAll(staged.Select(version => Store.CommitAsync(version, Cancel)));

        Assert.All(results, result => Assert.True(result.Kind is CommitKind.Committed or CommitKind.Superseded));
        var document = (await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel))!;
        Assert.Equal("t11", document.TaskId);
        Assert.Equal(results.Count(result => result.Kind == CommitKind.Committed), document.Version);
        Assert.Equal(1, (await Store.ListDocumentsAsync(Tenant, Collection, 1, 10, Cancel)).Total);
        Assert.Single(await Search(SearchMode.Text, "shared"));
    }

    [Fact]
    public async Task A_reader_beside_a_writer_sees_one_version_or_the_other()
    {
        await Ingest(Draft.Of("d1", "t000", "uno v0", "dos v0"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var writing = Task.Run(async () =>
        {
            for (var i = 1; i <= 40; i++) await Ingest(Draft.Of("d1", $"t{i:d3}", $"uno v{i}", $"dos v{i}"));
            await stop.CancelAsync();
        }, Cancel);

        while (!stop.IsCancellationRequested)
        {
            foreach (var mode in Enum.GetValues<SearchMode>())
            {
                var hits = await Store.SearchAsync(Query(mode, "uno dos"), Cancel);
                Assert.Equal(2, hits.Count);
                Assert.Single(hits.Select(hit => hit.Document.Version).Distinct());
                Assert.All(hits, hit => Assert.EndsWith($"v{hit.Document.Version - 1}", hit.Chunk.Text, StringComparison.Ordinal));
            }
        }
        await writing;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task After_any_steps_the_store_has_what_a_dictionary_would_have(int seed)
    {
        var random = new Random(seed);
        string[] tenants = ["acme", "other"], collections = ["contracts", "letters"], documents = ["a", "b", "c", "d"];
        var expected = new Dictionary<(string Tenant, string Collection, string Document), string[]>();
        for (var step = 0; step < 120; step++)
        {
            var (tenant, collection) = (tenants[random.Next(2)], collections[random.Next(2)]);
            var document = documents[random.Next(documents.Length)];
            string[] texts = [.. Enumerable.Range(0, random.Next(6)).Select(_ => $"w{random.Next(9)} w{random.Next(9)} w{random.Next(9)}")];
            var draft = Draft.Of(document, $"t{step:d4}", texts) with { TenantId = tenant, CollectionId = collection };
            switch (random.Next(10))
            {
                case < 6:
                    await Ingest(draft);
                    expected[(tenant, collection, document)] = texts;
                    break;
                case 6:
                    await Store.StageAsync(draft, Cancel);
                    break;
                case 7:
                    await Store.SweepAsync(Cancel);
                    break;
                case 8:
                    var receipt = await Store.DeleteDocumentAsync(tenant, collection, document, Cancel);
                    Assert.Equal(0, receipt?.Remaining ?? 0);
                    Assert.True(receipt is not null || !expected.ContainsKey((tenant, collection, document)));
                    expected.Remove((tenant, collection, document));
                    break;
                default:
                    await Store.DiscardAsync(tenant, $"t{random.Next(step + 1):d4}", Cancel);
                    break;
            }
            await CheckAsync(tenant, collection);
        }
        foreach (var tenant in tenants)
        {
            foreach (var collection in collections) await CheckAsync(tenant, collection);
        }

        async Task CheckAsync(string tenant, string collection)
        {
            var own = expected.Where(pair => pair.Key.Tenant == tenant && pair.Key.Collection == collection)
                .ToDictionary(pair => pair.Key.Document, pair => pair.Value);
            var listed = await Store.ListDocumentsAsync(tenant, collection, 1, 100, Cancel);
            Assert.Equal(own.Keys.Order(StringComparer.Ordinal), listed.Documents.Select(document => document.DocumentId));
            var word = $"w{random.Next(9)}";
            foreach (var mode in (SearchMode[])[SearchMode.Text, SearchMode.Vector])
            {
                var hits = await Store.SearchAsync(
                    Query(mode, word) with { TenantId = tenant, CollectionId = collection, TopK = 1000, Threshold = 1e-6 }, Cancel);
                var holding = own.SelectMany(pair => pair.Value.Select((text, index) => (pair.Key, index, text)))
                    .Where(chunk => mode == SearchMode.Text
                        ? chunk.text.Contains(word, StringComparison.Ordinal)
                        : TensorPrimitives.Dot(Vectors.Of(word), Vectors.Of(chunk.text)) > 1e-5);
                Assert.Equal(
                    holding.Order(),
                    hits.Where(hit => mode == SearchMode.Text || hit.Score > 1e-5)
                        .Select(hit => (hit.Document.DocumentId, hit.Chunk.Index, hit.Chunk.Text)).Order());
            }
        }
    }
}
