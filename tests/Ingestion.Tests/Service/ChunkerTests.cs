using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Chunking;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>Every chunker on real documents, planned and stored.</summary>
public sealed class ChunkerTests(SharedService service) : IClassFixture<SharedService>
{
    private readonly TenantClient _tenant = new(service.Process);

    public static TheoryData<string> Names => new(Chunkers.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_plan_shows_what_is_stored_then(string chunker)
    {
        var pdf = await File.ReadAllBytesAsync(
            Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", "pdf", "2305.03393v1-pg9.pdf"), TestContext.Current.CancellationToken);
        (string, string)[] fields = [("chunker", chunker), ("chunk_size", "160"), ("chunk_overlap", "20")];

        var plan = (await _tenant.SendAsync(HttpMethod.Post, "api/v1/documents/plan", _tenant.FileForm("d", "page.pdf", pdf, fields))).Json;
        var task = await _tenant.CompletedAsync(await _tenant.SendFileAsync("d", "page.pdf", pdf, fields));

        var stored = await _tenant.CheckChunksAsync("d");
        var planned = plan.Items("chunks");
        Assert.Equal(planned.Select(chunk => chunk.ToString()), stored.Select(chunk => chunk.ToString()));
        var parents = (await _tenant.DocumentAsync("d/chunks?page_size=100")).Json.Items("parents");
        Assert.Subset(plan.Items("parents").Select(chunk => chunk.ToString()).ToHashSet(), parents.Select(chunk => chunk.ToString()).ToHashSet());
        Assert.Equal((planned.Count, planned.Count, plan.Number("token_count")),
            (task.Number("result.chunk_count"), task.Number("result.embedding_count"), task.Number("result.token_count")));
        Assert.True(planned.Count >= 5, $"{planned.Count} chunks");
        Assert.Equal([null, .. planned.SkipLast(1).Select(chunk => chunk.Text("chunk_id"))], planned.Select(chunk => chunk.Text("previous_id")));
        Assert.Equal([.. planned.Skip(1).Select(chunk => chunk.Text("chunk_id")), null], planned.Select(chunk => chunk.Text("next_id")));
        Assert.Equal(chunker == "hierarchical", parents.Count > 0 && planned.All(chunk => chunk.TryGetProperty("parent_id", out _)));
        Assert.Equal(chunker == "sentence_window", planned.All(chunk => chunk.TryGetProperty("window_start_char_idx", out _)));
        Assert.StartsWith("Page headers and footers were kept out of the text", Assert.Single(task.Items("warnings")).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Larger_chunks_hold_those_that_name_them()
    {
        var body = Body("d", Prose.Of(3, 4_000), "hierarchical", 400);
        await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", body)).TaskId);
        var answer = (await _tenant.DocumentAsync("d/chunks?page_size=100")).Json;
        var parents = answer.Items("parents").ToDictionary(chunk => chunk.Text("chunk_id")!);

        Assert.Equal(answer.Number("total"), answer.Items("chunks").Count);
        Assert.All(answer.Items("chunks"), chunk => Assert.Equal(3, chunk.Number("level")));
        Assert.All(answer.Items("chunks").Concat(parents.Values.Where(parent => parent.Number("level") == 2)), chunk =>
        {
            var parent = parents[chunk.Text("parent_id")!];
            Assert.Equal(chunk.Number("level") - 1, parent.Number("level"));
            Assert.InRange(chunk.Number("start_char_idx"), parent.Number("start_char_idx"), parent.Number("end_char_idx"));
            Assert.Contains(chunk.Text("text")!, parent.Text("text"), StringComparison.Ordinal);
        });
        var hit = (await _tenant.SearchAsync("ledger"))[0];
        Assert.Contains(hit.Text("content")!, parents[hit.Text("metadata.parent_id")!].Text("text"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_found_sentence_brings_the_sentences_around_it()
    {
        const string Text = "Uno es así. Dos es así. Tres es así. Cuatro es así. Cinco es zafiro. Seis es así. Siete es así. Ocho es así. Nueve es así.";
        await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", Body("d", Text, "sentence_window", 100))).TaskId);

        var hit = (await _tenant.SearchAsync("zafiro"))[0];

        Assert.Equal("Cinco es zafiro.", hit.Text("content"));
        var window = hit.Text("metadata.window")!;
        Assert.Equal("Dos es así. Tres es así. Cuatro es así. Cinco es zafiro. Seis es así. Siete es así. Ocho es así.", window);
        Assert.Equal(window, Text[hit.Number("metadata.window_start_char_idx")..hit.Number("metadata.window_end_char_idx")]);
    }

    [Fact]
    public async Task Rows_of_a_split_table_are_found_by_its_header()
    {
        var rows = string.Concat(Enumerable.Range(0, 80).Select(row => $"| artículo {row} | {row * 31} |\n"));
        await _tenant.CompletedAsync((await _tenant.PostJsonAsync(
            "api/v1/documents/text", Body("d", "| mercancía | existencias |\n| --- | --- |\n" + rows, "markdown", 120))).TaskId);

        var chunks = await _tenant.CheckChunksAsync("d");
        var hits = await _tenant.SearchAsync("existencias de mercancía", mode: "vector", topK: 100);

        Assert.True(chunks.Count > 5);
        Assert.False(chunks[0].TryGetProperty("table_header", out _));
        Assert.All(chunks.Skip(1), chunk => Assert.Equal("| mercancía | existencias |\n| --- | --- |", chunk.Text("table_header")));
        // Their own text has none of these words: only the header, embedded with it, does.
        Assert.Equal(chunks.Count, hits.Count);
        Assert.All(hits, hit => Assert.InRange(hit.At("score").GetDouble(), 0.05, 1));
    }

    [Fact]
    public async Task Abbreviations_end_no_sentence_where_asked_for()
    {
        const string Text = "Lo firma el Sr. García en la pág. 27 del acta. Después se cierra.";
        var plain = await PlanAsync(Body("d", Text, "sentence_window", 100));
        var body = Body("d", Text, "sentence_window", 100);
        body["keep_abbreviations"] = true;
        var kept = await PlanAsync(body);
        var form = await _tenant.SendAsync(HttpMethod.Post, "api/v1/documents/plan",
            _tenant.Form("d", ("text", Text), ("chunker", "sentence_window"), ("keep_abbreviations", "true")));

        Assert.Equal(["Lo firma el Sr.", "García en la pág.", "27 del acta.", "Después se cierra."], Texts(plain));
        Assert.Equal(["Lo firma el Sr. García en la pág. 27 del acta.", "Después se cierra."], Texts(kept));
        Assert.Equal(Texts(kept), Texts(form.Json));

        static IEnumerable<string?> Texts(JsonElement plan) => plan.Items("chunks").Select(chunk => chunk.Text("text"));
    }

    [Fact]
    public async Task Metadata_is_embedded_with_each_chunk_within_the_size()
    {
        var body = Body("plain", Prose.Of(5, 6_000), "sentence", 100);
        body["title"] = "Obsidiana";
        body["metadata"] = new JsonObject { ["autor"] = "Amatista" };
        var plain = await PlanAsync(body);
        await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", body.DeepClone())).TaskId);
        body["document_id"] = "with";
        body["include_metadata"] = true;
        var with = await PlanAsync(body);
        await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", body.DeepClone())).TaskId);

        var room = 100 - TokenCounters.Cl100kBase.Count("title: Obsidiana\nautor: Amatista");
        Assert.Contains(plain.Items("chunks"), chunk => chunk.Number("token_count") > room + 2);
        Assert.All(with.Items("chunks"), chunk => Assert.InRange(chunk.Number("token_count"), 1, room + 2));
        await _tenant.CheckChunksAsync("with");
        var hits = await _tenant.SearchAsync("amatista obsidiana", mode: "vector", topK: 1000);
        Assert.Equal(with.Items("chunks").Count, hits.Count(hit => hit.Text("document_id") == "with" && hit.At("score").GetDouble() > 0.1));
        Assert.DoesNotContain(hits, hit => hit.Text("document_id") == "plain" && hit.At("score").GetDouble() > 0.1);
    }

    [Theory]
    [InlineData("keep_abbreviations")]
    [InlineData("include_metadata")]
    [InlineData("strict")]
    public async Task A_flag_is_true_or_false(string flag)
    {
        var body = Body("d", "A text.", "sentence", 100);
        body[flag] = "perhaps";
        var json = await _tenant.PostJsonAsync("api/v1/documents/text", body);
        var form = await _tenant.SendAsync(HttpMethod.Post, "api/v1/documents", _tenant.Form("d", ("text", "A text."), (flag, "perhaps")));

        Assert.Equal((400, "validation_error"), (json.Status, json.Code));
        Assert.Equal((400, "validation_error"), (form.Status, form.Code));
        Assert.Contains($"{flag} must be true or false", form.Json.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_that_leaves_no_room_is_an_error_that_says_so()
    {
        var body = Body("d", "A text.", "sentence", 10);
        body["title"] = Prose.Of(1, 300);
        body["include_metadata"] = true;

        var plan = await _tenant.PostJsonAsync("api/v1/documents/plan", body);

        Assert.Equal((422, "CHUNKING_ERROR"), (plan.Status, plan.Code));
        Assert.Contains("Raise chunk_size", plan.Json.Text("message"), StringComparison.Ordinal);
    }

    private JsonObject Body(string document, string text, string chunker, int size)
    {
        var body = _tenant.TextBody(document, text);
        (body["chunker"], body["chunk_size"], body["chunk_overlap"]) = (chunker, size, size / 10);
        return body;
    }

    private async Task<JsonElement> PlanAsync(JsonNode body) => (await _tenant.PostJsonAsync("api/v1/documents/plan", body)).Json;
}
