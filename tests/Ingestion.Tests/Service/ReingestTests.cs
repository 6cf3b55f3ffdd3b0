using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>A document that comes again pays only for what changed, and an earlier version comes back.</summary>
public sealed class ReingestTests(SharedService service) : IClassFixture<SharedService>
{
    private readonly TenantClient _tenant = new(service.Process);

    [Theory]
    [InlineData("sentence")]
    [InlineData("markdown")]
    [InlineData("auto")]
    public async Task Three_edits_in_the_middle_cost_a_few_chunks(string chunker)
    {
        var paragraphs = Enumerable.Range(0, 120).Select(i => $"Apartado {i}. " + Prose.Of(i, 900).Split("\n\n", 2)[1].ReplaceLineEndings(" ").Trim()).ToList();
        if (chunker == "auto") paragraphs.Insert(0, "# Título");
        var first = await IngestAsync(string.Join("\n\n", paragraphs), chunker);
        var vectors = (await _tenant.ChunksAsync("d", embeddings: true)).ToDictionary(chunk => chunk.Text("chunk_id")!, chunk => chunk.At("embedding").ToString());
        paragraphs[60] = "Cambiado. " + paragraphs[60];
        paragraphs.Insert(64, "Nuevo. " + Prose.Of(9_999, 500).ReplaceLineEndings(" ").Trim());
        paragraphs.RemoveAt(68);
        var text = string.Join("\n\n", paragraphs);
        var plan = (await _tenant.PostJsonAsync("api/v1/documents/plan", Body(text, chunker))).Json;

        var second = await IngestAsync(text, chunker);

        var after = await _tenant.CheckChunksAsync("d");
        var diff = second.At("result.chunks");
        Assert.InRange(diff.Number("added"), 1, 9);
        Assert.Equal(after.Count, diff.Number("added") + diff.Number("kept"));
        Assert.Equal(first.Number("result.chunk_count"), diff.Number("removed") + diff.Number("kept"));
        Assert.Equal(plan.At("diff").ToString(), diff.ToString());
        Assert.Equal(plan.Items("chunks").Select(chunk => chunk.Text("chunk_id")), after.Select(chunk => chunk.Text("chunk_id")));
        Assert.Equal(diff.Number("kept"), after.Count(chunk => vectors.ContainsKey(chunk.Text("chunk_id")!)));
        Assert.All(await _tenant.ChunksAsync("d", embeddings: true), chunk =>
        {
            if (vectors.TryGetValue(chunk.Text("chunk_id")!, out var vector)) Assert.Equal(vector, chunk.At("embedding").ToString());
        });

        // Split anew, it is what a first ingest would give.
        var full = Body(text, chunker);
        full["rechunk"] = "full";
        await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", full)).TaskId);
        var anew = Body(text, chunker);
        anew["document_id"] = "new";
        var expected = (await _tenant.PostJsonAsync("api/v1/documents/plan", anew)).Json.Items("chunks").Select(chunk => chunk.Text("text"));
        Assert.Equal(expected, (await _tenant.CheckChunksAsync("d")).Select(chunk => chunk.Text("text")));
    }

    [Fact]
    public async Task The_same_bytes_and_wishes_are_unchanged_and_others_are_not()
    {
        var text = Prose.Of(1, 8_000);
        var first = await IngestAsync(text, "sentence");
        var same = await IngestAsync(text, "sentence");
        var count = first.Number("result.chunk_count");

        Assert.False(first.At("result.unchanged").GetBoolean());
        Assert.True(same.At("result.unchanged").GetBoolean());
        Assert.Equal((1, count, count, 0, 0), (
            same.Number("result.version"), same.Number("result.chunk_count"), same.Number("result.chunks.kept"), same.Number("result.chunks.added"),
            same.Number("result.chunks.removed")));
        Assert.Equal(same.Text("task_id"), (await _tenant.DocumentAsync("d")).Json.Text("document.task_id"));
        foreach (var name in (string[])["token_count", "embedding_count", "dimension", "model", "page_count"])
            Assert.Equal(first.At("result." + name).ToString(), same.At("result." + name).ToString());
        var story = await _tenant.EventsAsync(same.Text("task_id")!);
        TaskStories.CheckOrder(story);
        TaskStories.CheckStatuses(story);
        Assert.Equal(["document_received", "document_stored"], story.Where(one => one.Text("event_type") == "processing_milestone").Select(one => one.Text("milestone")));
        Assert.Equal(100, story.Last(one => one.Text("event_type") == "task_progress").Number("percentage"));
        Assert.Equal("completed", story[^1].Text("current_status"));

        var body = Body(text, "sentence");
        body["title"] = "Otro";
        var titled = await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", body)).TaskId);
        Assert.Equal((2, count, 0), (titled.Number("result.version"), titled.Number("result.chunks.kept"), titled.Number("result.chunks.added")));
        Assert.Equal("Otro", (await _tenant.DocumentAsync("d")).Json.Text("document.title"));
        body["rechunk"] = "full";
        var full = await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", body)).TaskId);
        Assert.False(full.At("result.unchanged").GetBoolean());
        Assert.Equal((3, count), (full.Number("result.version"), full.Number("result.chunks.kept")));
    }

    [Fact]
    public async Task A_rollback_brings_the_earlier_text_back_under_a_new_number()
    {
        await IngestAsync("La factura vence.", "sentence");
        await IngestAsync("El contrato vence.", "sentence");

        var back = await _tenant.PostAsync($"api/v1/collections/{TenantClient.Collection}/documents/d/rollback");

        Assert.Equal((200, 3), (back.Status, back.Json.Number("document.version")));
        Assert.Equal("La factura vence.", await _tenant.ContentAsync("d"));
        Assert.Equal("La factura vence.", Assert.Single(await _tenant.SearchAsync("vence")).Text("content"));
        var none = await _tenant.PostAsync($"api/v1/collections/{TenantClient.Collection}/documents/other/rollback");
        Assert.Equal((404, "document_not_found"), (none.Status, none.Code));
        var gone = await _tenant.SendAsync(HttpMethod.Post, $"api/v1/collections/{TenantClient.Collection}/documents/d/rollback?tenant_id={_tenant.Id}&version=9");
        Assert.Equal((409, "version_not_kept"), (gone.Status, gone.Code));
        Assert.Contains("one of: 2", gone.Json.Text("message"), StringComparison.Ordinal);
        var wrong = await _tenant.SendAsync(HttpMethod.Post, $"api/v1/collections/{TenantClient.Collection}/documents/d/rollback?tenant_id={_tenant.Id}&version=last");
        Assert.Equal((400, "validation_error"), (wrong.Status, wrong.Code));
        var deleted = await _tenant.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/d");
        Assert.Equal((2, 2, 2, 0), (
            deleted.Json.Number("removed.versions"), deleted.Json.Number("removed.chunks"), deleted.Json.Number("removed.vectors"), deleted.Json.Number("remaining")));
    }

    [Fact]
    public async Task Rechunk_is_stable_or_full()
    {
        var body = Body("A text.", "sentence");
        body["rechunk"] = "some";

        var refused = await _tenant.PostJsonAsync("api/v1/documents/text", body);

        Assert.Equal((400, "validation_error"), (refused.Status, refused.Code));
        Assert.Contains("stable or full", refused.Json.Text("message"), StringComparison.Ordinal);
    }

    private JsonObject Body(string text, string chunker)
    {
        var body = _tenant.TextBody("d", text);
        (body["chunker"], body["chunk_size"], body["chunk_overlap"]) = (chunker, 400, 60);
        return body;
    }

    private async Task<JsonElement> IngestAsync(string text, string chunker) =>
        await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", Body(text, chunker))).TaskId);
}
