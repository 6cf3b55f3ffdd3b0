using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Tests.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>What can be done with a document once it is stored.</summary>
public sealed class DocumentTests(SharedService service) : IClassFixture<SharedService>
{
    private readonly TenantClient _tenant = new(service.Process);

    [Fact]
    public async Task A_document_sent_again_becomes_a_new_version_that_keeps_what_is_the_same()
    {
        var pieces = Enumerable.Range(0, 6).Select(i => Prose.Of(i, 1_500)).ToArray();
        var first = await _tenant.CompletedAsync(await _tenant.SendTextAsync("d", string.Concat(pieces), chunkSize: 200));
        var before = (await _tenant.CheckChunksAsync("d")).Select(chunk => chunk.Text("chunk_id")!).ToHashSet();
        pieces[5] = Prose.Of(99, 1_500);
        var body = _tenant.TextBody("d", string.Concat(pieces));
        body["chunk_size"] = 200;
        var plan = (await _tenant.PostJsonAsync("api/v1/documents/plan", body)).Json;

        var second = await _tenant.CompletedAsync(await _tenant.SendTextAsync("d", string.Concat(pieces), chunkSize: 200));

        var after = (await _tenant.CheckChunksAsync("d")).Select(chunk => chunk.Text("chunk_id")!).ToHashSet();
        Assert.Equal((1, 2), (first.Number("result.version"), second.Number("result.version")));
        Assert.Equal((0, before.Count, 0), Diff(first.At("result.chunks")));
        Assert.Equal(
            (before.Intersect(after).Count(), after.Except(before).Count(), before.Except(after).Count()), Diff(second.At("result.chunks")));
        Assert.Equal(Diff(plan.At("diff")), Diff(second.At("result.chunks")));
        Assert.Equal(after, plan.Items("chunks").Select(chunk => chunk.Text("chunk_id")!).ToHashSet());
        Assert.True(before.Intersect(after).Count() >= 3 && after.Except(before).Any());
        Assert.Equal(2, (await _tenant.DocumentAsync("d")).Json.Number("document.version"));
        Assert.Equal(1, (await _tenant.GetAsync($"api/v1/collections/{TenantClient.Collection}/documents")).Json.Number("total"));

        var third = await _tenant.CompletedAsync(await _tenant.SendTextAsync("d", string.Concat(pieces), chunkSize: 200));
        Assert.Equal((after.Count, 0, 0), Diff(third.At("result.chunks")));
    }

    [Fact]
    public async Task A_plan_stores_nothing()
    {
        var plan = await _tenant.PostJsonAsync("api/v1/documents/plan", _tenant.TextBody("d", "A text that is only planned."));
        var form = await _tenant.SendAsync(
            HttpMethod.Post, "api/v1/documents/plan", _tenant.FileForm("d", "a.html", "<h1>Title</h1><p>Words of a page."u8.ToArray()));

        Assert.Equal((200, "A text that is only planned."), (plan.Status, plan.Json.Items("chunks")[0].Text("text")));
        Assert.Equal((0, 1, 0), Diff(plan.Json.At("diff")));
        Assert.Contains("Words of a page.", form.Json.Items("chunks")[0].Text("text"), StringComparison.Ordinal);
        Assert.Equal(404, (await _tenant.DocumentAsync("d")).Status);
        Assert.Equal(0, (await _tenant.GetAsync("api/v1/tasks")).Json.Number("total"));
    }

    [Fact]
    public async Task Chunks_come_in_pages_with_their_vectors_where_asked_for()
    {
        var task = await _tenant.CompletedAsync(await _tenant.SendTextAsync("d", Prose.Of(7, 20_000), chunkSize: 100));

        var bySeven = await _tenant.ChunksAsync("d", pageSize: 7, embeddings: true);

        var all = await _tenant.CheckChunksAsync("d");
        Assert.Equal(task.Number("result.chunk_count"), all.Count);
        Assert.True(all.Count > 20);
        Assert.Equal(all.Select(chunk => chunk.Text("chunk_id")), bySeven.Select(chunk => chunk.Text("chunk_id")));
        Assert.All(all, chunk => Assert.False(chunk.TryGetProperty("embedding", out _)));
        Assert.All(bySeven, chunk =>
        {
            var vector = chunk.Items("embedding").Select(number => number.GetDouble()).ToArray();
            Assert.Equal(task.Number("result.dimension"), vector.Length);
            Assert.Equal(1, Math.Sqrt(vector.Sum(number => number * number)), 0.001);
        });
        Assert.All(all, chunk => Assert.Equal("Document 7", chunk.Items("heading_path")[0].GetString()));
    }

    [Fact]
    public async Task A_pdf_keeps_its_pages()
    {
        var pdf = new PdfSample()
            .Page(PdfSample.At(72, 700, 12, "The first page speaks of rivers."))
            .Page(PdfSample.At(72, 700, 12, "The second page speaks of harbours."));
        var task = await _tenant.CompletedAsync(
            await _tenant.SendFileAsync("d", "a.pdf", pdf.ToBytes(), ("chunk_size", "10"), ("chunk_overlap", "0")));

        var chunks = await _tenant.CheckChunksAsync("d");

        Assert.Equal(2, task.Number("result.page_count"));
        Assert.Equal(1, chunks[0].Number("page_start"));
        Assert.Equal(2, chunks[^1].Number("page_end"));
    }

    [Fact]
    public async Task A_file_of_another_type_than_its_name_is_read_as_what_it_is_and_says_so()
    {
        var page = "<!doctype html><html><body><h1>Title</h1><p>Words of a page.</p></body></html>"u8.ToArray();

        var task = await _tenant.CompletedAsync(await _tenant.SendFileAsync("d", "report.pdf", page));

        Assert.Contains("holds text/html", Assert.Single(task.Items("warnings")).GetString(), StringComparison.Ordinal);
        Assert.Equal("# Title\n\nWords of a page.", (await _tenant.ContentAsync("d")).Trim());
    }

    [Theory]
    [InlineData("hybrid")]
    [InlineData("vector")]
    [InlineData("text")]
    public async Task A_search_finds_the_document_that_speaks_of_it_accents_or_not(string mode)
    {
        var stranger = new TenantClient(service.Process);
        await stranger.CompletedAsync(await stranger.SendTextAsync("secret", "La facturación del año pasado de otra empresa."));
        foreach (var (document, text) in new[]
        {
            ("invoices", "La facturación del año pasado se guarda en el archivo central."),
            ("ships", "Los barcos salen del puerto cada mañana, aunque llueva."),
            ("music", "Una canción de cuna para pingüinos y ñandúes."),
        }) await _tenant.CompletedAsync(await _tenant.SendTextAsync(document, text));

        foreach (var (query, document) in new[]
        {
            ("facturación del año", "invoices"), ("facturacion del ano", "invoices"), ("PUERTO barcos", "ships"),
            ("cancion pinguinos", "music"), ("\"canción\" AND (ñandúes*", "music"),
        })
        {
            var hits = await _tenant.SearchAsync(query, mode);
            Assert.NotEmpty(hits);
            Assert.Equal(document, hits[0].Text("document_id"));
            Assert.Equal(hits.Select(Score).OrderDescending(), hits.Select(Score));
            Assert.All(hits, hit => Assert.InRange(Score(hit), 0, 1));
            Assert.DoesNotContain(hits, hit => hit.Text("document_id") == "secret");
        }
    }

    [Fact]
    public async Task A_search_keeps_to_its_filter()
    {
        foreach (var (document, tag, year) in new[] { ("a", "law", 2023), ("b", "law", 2024), ("c", "news", 2024) })
        {
            var body = _tenant.TextBody(document, $"The river rose again in the north, says paper {document}.");
            (body["tags"], body["metadata"]) = (new JsonArray(tag, "all"), new JsonObject { ["year"] = year });
            await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", body)).TaskId);
        }

        async Task<string[]> FindAsync(JsonObject filter) =>
            [.. (await _tenant.SearchAsync("river", filter: filter)).Select(hit => hit.Text("document_id")!).Order()];

        Assert.Equal(["a", "b"], await FindAsync(new() { ["tags"] = new JsonArray("law") }));
        Assert.Equal(["b", "c"], await FindAsync(new() { ["year"] = 2024 }));
        Assert.Equal(["b"], await FindAsync(new() { ["tags"] = "law", ["year"] = 2024 }));
        Assert.Equal(["c"], await FindAsync(new() { ["document_id"] = "c" }));
        Assert.Empty(await FindAsync(new() { ["year"] = "2024" }));
    }

    [Fact]
    public async Task A_search_by_a_vector_finds_its_chunk()
    {
        await _tenant.CompletedAsync(await _tenant.SendTextAsync("d", Prose.Of(8, 5_000), chunkSize: 100));
        var chunk = (await _tenant.ChunksAsync("d", embeddings: true))[3];

        var hits = (await _tenant.PostJsonAsync("api/v1/search", new JsonObject
        {
            ["tenant_id"] = _tenant.Id,
            ["collection_id"] = TenantClient.Collection,
            ["query_embedding"] = JsonNode.Parse(chunk.At("embedding").GetRawText()),
            ["top_k"] = 1,
        })).Json.Items("data.documents");

        Assert.Equal(chunk.Text("chunk_id"), Assert.Single(hits).Text("chunk_id"));
        Assert.Equal(chunk.Text("text"), hits[0].Text("content"));
        Assert.Equal(1, Score(hits[0]), 0.01);
    }

    [Fact]
    public async Task A_document_shows_what_was_said_of_it()
    {
        var form = _tenant.FileForm("d", "notas.md", "# Notas\n\nUnas notas."u8.ToArray(),
            ("title", "Mis notas"), ("description", "De 2024"), ("tags", "uno, dos,,"), ("metadata", """{"a":{"b":[1,null,"ñ"]}}"""));

        var taskId = (await _tenant.SendAsync(HttpMethod.Post, "api/v1/documents/", form)).TaskId;

        var task = await _tenant.CompletedAsync(taskId);
        var document = (await _tenant.DocumentAsync("d")).Json.At("document");
        foreach (var shown in new[] { task, document })
        {
            Assert.Equal(("Mis notas", "De 2024"), (shown.Text("title"), shown.Text("description")));
            Assert.Equal(["uno", "dos"], shown.Items("tags").Select(tag => tag.GetString()));
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"a":{"b":[1,null,"ñ"]}}"""), JsonNode.Parse(shown.At("metadata").GetRawText())));
        }
        Assert.Equal(("document_processing", "file"), (task.Text("type"), task.Text("source")));
        Assert.Equal(("file", "notas.md"), (document.Text("source.kind"), document.Text("source.file_name")));
        Assert.StartsWith("text/markdown", document.Text("source.media_type"), StringComparison.Ordinal);
        var content = await _tenant.DocumentAsync("d/content");
        Assert.Equal(("text/markdown", "# Notas\n\nUnas notas."), (content.Type, content.Body.TrimEnd()));
    }

    private static (int Kept, int Added, int Removed) Diff(JsonElement diff) => (diff.Number("kept"), diff.Number("added"), diff.Number("removed"));

    private static double Score(JsonElement hit) => hit.At("score").GetDouble();
}
