using System.Text.Json;
using Ingestion.Embedding;
using Ingestion.Store;

namespace Ingestion.Tests.Store;

public abstract partial class ChunkStoreConformance
{
    [Theory]
    [InlineData("facturación")]
    [InlineData("facturacion")]
    [InlineData("FACTURACIÓN")]
    [InlineData("facturacio\u0301n")]
    [InlineData("inigo")]
    [InlineData("Íñigo")]
    [InlineData("electrica, por favor")]
    public async Task Spanish_is_found_with_accents_and_without(string query)
    {
        await Ingest(Draft.Of("d1", "t1", "La facturación eléctrica de Íñigo.", "Otra cosa."));
        await Ingest(Draft.Of("d2", "t2", "Nada de eso."));

        Assert.Equal("La facturación eléctrica de Íñigo.", (await Search(SearchMode.Text, query))[0].Chunk.Text);
    }

    [Theory]
    [InlineData("La factura", "facturas", "es")]
    [InlineData("Las facturas", "factura", "es")]
    [InlineData("Dos ciudades", "ciudad", "es")]
    [InlineData("El país", "países", "es")]
    [InlineData("The contract", "contracts", "en")]
    [InlineData("Two boxes", "box", "en")]
    [InlineData("A service", "services", "en")]
    public async Task A_word_is_found_by_its_plural_and_a_plural_by_its_singular(string text, string query, string language)
    {
        await Ingest(Draft.Of("d1", "t1", text, "Otra cosa") with { Language = language });

        Assert.Equal(text, Assert.Single(await Search(SearchMode.Text, query)).Chunk.Text);
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("factura AND")]
    [InlineData("factura OR NOT")]
    [InlineData("words:factura")]
    [InlineData("factura*")]
    [InlineData("NEAR(factura mayo, 2)")]
    [InlineData("^factura -mayo +\"factura")]
    [InlineData("'); DROP TABLE chunk; -- factura")]
    [InlineData("{factura} (factura")]
    [InlineData("factura & | ! <-> :*")]
    [InlineData("1!factura!1")]
    public async Task A_query_is_words_never_a_language(string query)
    {
        await Ingest(Draft.Of("d1", "t1", "La factura vence en mayo."));

        var hits = await Search(SearchMode.Text, query);

        Assert.Equal(query.Contains("factura", StringComparison.Ordinal) ? 1 : 0, hits.Count);
        Assert.Single(await Search(SearchMode.Hybrid, "factura"));
    }

    [Fact]
    public async Task A_query_without_words_or_likeness_finds_nothing()
    {
        await Ingest(Draft.Of("d1", "t1", "La factura vence en mayo."));

        foreach (var mode in Enum.GetValues<SearchMode>())
        {
            Assert.Empty(await Search(mode, ""));
            Assert.Empty(await Search(mode, " ?! "));
        }
        Assert.Empty(await Search(SearchMode.Text, "zzz"));
    }

    [Fact]
    public async Task Rarer_words_weigh_more_and_more_words_more_still()
    {
        await Ingest(Draft.Of(
            "d1", "t1", "el contrato de alquiler", "el contrato de compra", "el contrato de seguro", "el contrato de obra con fianza",
            "el seguro de la casa", "el perro de la casa"));

        Assert.Equal("el contrato de obra con fianza", (await Search(SearchMode.Text, "contrato fianza"))[0].Chunk.Text);
        Assert.Equal("el contrato de seguro", (await Search(SearchMode.Text, "seguro contrato"))[0].Chunk.Text);
    }

    [Fact]
    public async Task Another_tenants_texts_change_no_score()
    {
        await Ingest(Draft.Of("d1", "t1", "factura de luz", "factura de agua y luz"));
        var before = await Search(SearchMode.Text, "factura luz");

        for (var i = 0; i < 20; i++)
            await Ingest(Draft.Of($"d{i}", $"u{i:d2}", "factura factura factura", "luz") with { TenantId = "other" });
        var after = await Search(SearchMode.Text, "factura luz");

        Assert.Equal(before.Select(hit => (hit.Chunk.ChunkId, hit.Score)), after.Select(hit => (hit.Chunk.ChunkId, hit.Score)));
    }

    [Fact]
    public async Task Hits_come_best_first_within_bounds_and_say_where_they_are()
    {
        string[] texts = [.. Enumerable.Range(0, 30).Select(i => $"contrato {string.Concat(Enumerable.Repeat("casa ", i))}fin")];
        var draft = Draft.Of("d1", "t1", texts) with
        {
            Title = "Casas",
            Tags = ["x"],
        };
        draft = draft with
        {
            Chunks = [.. draft.Chunks.Select((chunk, i) => chunk with { PageStart = i, PageEnd = i + 1, HeadingPath = [$"H{i}"] })],
        };
        await Ingest(draft);

        foreach (var mode in Enum.GetValues<SearchMode>())
        {
            var hits = await Store.SearchAsync(Query(mode, "contrato casa") with { TopK = 7 }, Cancel);

            Assert.Equal(7, hits.Count);
            Assert.All(hits, hit => Assert.InRange(hit.Score, 0, 1));
            Assert.Equal(hits.OrderByDescending(hit => hit.Score).Select(hit => hit.Chunk.ChunkId), hits.Select(hit => hit.Chunk.ChunkId));
            Assert.Equal(7, hits.Select(hit => hit.Chunk.ChunkId).Distinct().Count());
            foreach (var hit in hits)
            {
                var index = hit.Chunk.Index;
                Assert.Equal(draft.Chunks[index].ChunkId, hit.Chunk.ChunkId);
                Assert.Equal(draft.Content[hit.Chunk.Start..hit.Chunk.End], hit.Chunk.Text);
                Assert.Equal((index, index + 1, $"H{index}"), (hit.Chunk.PageStart, hit.Chunk.PageEnd, hit.Chunk.HeadingPath[0]));
                Assert.Equal(("d1", "Casas", 1), (hit.Document.DocumentId, hit.Document.Title, hit.Document.Version));
                Assert.Equal(["x"], hit.Document.Tags);
            }
            var threshold = hits[3].Score;
            var above = await Store.SearchAsync(Query(mode, "contrato casa") with { TopK = 7, Threshold = threshold }, Cancel);
            Assert.Equal(hits.Count(hit => hit.Score >= threshold), above.Count);
            Assert.Empty(await Store.SearchAsync(Query(mode, "contrato casa") with { Threshold = 1.01 }, Cancel));
        }
        foreach (var count in (int[])[0, -1, 1001])
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                () => Store.SearchAsync(Query(SearchMode.Text, "a") with { TopK = count }, Cancel));
    }

    [Fact]
    public async Task A_vectors_score_is_its_cosine_whatever_its_length()
    {
        float[][] two = [[30, 40], [0.001f, 0.001f], [4, -3.5f], [-3, -4], [0, 0]];
        float[] query = [3, 4], wider = [1, 2, 3];
        var staged = await Store.StageAsync(Draft.Of("d1", "t1", "same", "near", "across", "against", "nothing"), Cancel);
        await Store.SaveVectorsAsync(
            staged,
            [new(0, two[0]), new(1, two[1]), new(2, two[2]), new(3, two[3]), new(4, two[4])],
            Cancel);
        await Store.CommitAsync(staged, Cancel);

        var hits = await Store.SearchAsync(Query(SearchMode.Vector, "") with { Vector = query }, Cancel);

        Assert.Equal(["same", "near"], hits.Select(hit => hit.Chunk.Text));
        Assert.Equal(1, hits[0].Score, 1e-6);
        Assert.Equal(7 / (5 * Math.Sqrt(2)), hits[1].Score, 1e-6);
        await Assert.ThrowsAsync<ArgumentException>(
            () => Store.SearchAsync(Query(SearchMode.Vector, "") with { Vector = wider }, Cancel));
    }

    [Fact]
    public async Task A_vector_of_another_model_is_compared_with_nothing()
    {
        await Ingest(Draft.Of("d1", "t1", "factura"));
        var query = Query(SearchMode.Hybrid, "factura") with { Model = "m" };
        Assert.Single(await Store.SearchAsync(query, Cancel));
        await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel);
        await Ingest(Draft.Of("d1", "t2", "factura") with { Model = "n" });

        await Assert.ThrowsAsync<UnavailableException>(() => Store.SearchAsync(query, Cancel));
        await Assert.ThrowsAsync<UnavailableException>(() => Store.SearchAsync(query with { Mode = SearchMode.Vector }, Cancel));
        Assert.Single(await Store.SearchAsync(query with { Mode = SearchMode.Text }, Cancel));
        Assert.Single(await Store.SearchAsync(query with { Model = "n" }, Cancel));
    }

    [Fact]
    public async Task Exact_vectors_are_found_among_random_ones()
    {
        var random = new Random(7);
        const int count = 500, dimension = 24;
        var vectors = Enumerable.Range(0, count)
            .Select(_ => Enumerable.Range(0, dimension).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray()).ToArray();
        for (var part = 0; part < 5; part++)
        {
            var staged = await Store.StageAsync(
                Draft.Of($"d{part}", $"t{part}", [.. Enumerable.Range(part * 100, 100).Select(i => $"text {i}")]), Cancel);
            ChunkVector[] own = [.. Enumerable.Range(0, 100).Select(i => new ChunkVector(i, vectors[part * 100 + i]))];
            await Store.SaveVectorsAsync(staged, own, Cancel);
            await Store.CommitAsync(staged, Cancel);
            if (part == 2) await Store.SearchAsync(Query(SearchMode.Vector, "") with { Vector = vectors[0] }, Cancel);
        }
        for (var round = 0; round < 20; round++)
        {
            var query = vectors[random.Next(count)].Select(value => value + (float)(random.NextDouble() - 0.5) * 0.2f).ToArray();
            var expected = Enumerable.Range(0, count).OrderByDescending(i => Cosine(vectors[i], query)).Take(10).Select(i => $"text {i}");

            var hits = await Store.SearchAsync(Query(SearchMode.Vector, "") with { Vector = query, TopK = 10 }, Cancel);

            Assert.Equal(expected, hits.Select(hit => hit.Chunk.Text));
        }

        static double Cosine(float[] left, float[] right)
        {
            double dot = 0, first = 0, second = 0;
            for (var i = 0; i < left.Length; i++)
            {
                dot += (double)left[i] * right[i];
                first += (double)left[i] * left[i];
                second += (double)right[i] * right[i];
            }
            return dot / Math.Sqrt(first * second);
        }
    }

    [Fact]
    public async Task Hybrid_finds_what_only_words_and_what_only_vectors_find()
    {
        // Two axes of meaning: vehicles and food. Words tell codes apart, which vectors do not; vectors know synonyms, which words do not.
        (string Id, string Text, float[] Vector)[] texts =
        [
            ("car", "coche de ocasión en venta", [1, 0.1f, 0]), ("truck", "camión de reparto usado", [0.95f, 0.2f, 0.1f]),
            ("soup", "sopa de verduras", [0.1f, 1, 0]), ("bread", "pan de centeno recién hecho", [0, 0.95f, 0.2f]),
            ("x1", "pieza de recambio AB-1041", [0.8f, 0, 0.6f]), ("x2", "pieza de recambio AB-1042", [0.8f, 0, 0.6f]),
            ("x3", "pieza de recambio AB-1043", [0.8f, 0, 0.6f]), ("word", "la palabra automóvil viene del griego", [0, 0.1f, 1]),
        ];
        foreach (var (id, text, vector) in texts)
        {
            var staged = await Store.StageAsync(Draft.Of(id, "t-" + id, text), Cancel);
            await Store.SaveVectorsAsync(staged, [new(0, vector)], Cancel);
            await Store.CommitAsync(staged, Cancel);
        }
        (string Text, float[] Vector, string Expected)[] questions =
        [
            ("vehículo", [1, 0.12f, 0.02f], "car"), ("AB 1042", [0.8f, 0, 0.6f], "x2"), ("recambio 1043", [0.8f, 0, 0.6f], "x3"),
            ("potaje", [0.1f, 1, 0.02f], "soup"), ("automóvil de ocasión", [0.97f, 0.1f, 0.05f], "car"),
        ];

        var quality = new Dictionary<SearchMode, double>();
        foreach (var mode in Enum.GetValues<SearchMode>())
        {
            foreach (var (text, vector, expected) in questions)
            {
                var hits = await Store.SearchAsync(Query(mode, text) with { Vector = vector }, Cancel);
                var rank = hits.Select(hit => hit.Document.DocumentId).ToList().IndexOf(expected) + 1;
                quality[mode] = quality.GetValueOrDefault(mode) + (rank == 0 ? 0 : 1.0 / rank);
            }
        }

        Assert.Equal(questions.Length, quality[SearchMode.Hybrid]);
        Assert.True(quality[SearchMode.Text] < questions.Length && quality[SearchMode.Vector] < questions.Length);
    }

    [Theory]
    [InlineData("some-model-of-meaning", 1 / 2.0)]
    [InlineData(LocalEmbedder.Model, 2 / 3.0)]
    public async Task Words_weigh_more_than_vectors_that_compare_words_themselves(string model, double expected)
    {
        foreach (var (id, text, vector) in ((string, string, float[])[])[("words", "bomba de agua", [0, 1]), ("vectors", "molino de viento", [1, 0])])
        {
            var staged = await Store.StageAsync(Draft.Of(id, "t-" + id, text) with { Model = model }, Cancel);
            await Store.SaveVectorsAsync(staged, [new(0, vector)], Cancel);
            await Store.CommitAsync(staged, Cancel);
        }

        var hits = await Store.SearchAsync(Query(SearchMode.Hybrid, "bomba") with { Vector = new float[] { 1, 0 } }, Cancel);

        Assert.Equal(expected, hits.Single(hit => hit.Document.DocumentId == "words").Score, 5);
        Assert.Equal(1 - expected, hits.Single(hit => hit.Document.DocumentId == "vectors").Score, 5);
    }

    [Theory]
    [InlineData("""{"year":2026}""", "a b")]
    [InlineData("""{"year":2026.0}""", "a b")]
    [InlineData("""{"year":"2026"}""", "c")]
    [InlineData("""{"open":true}""", "a")]
    [InlineData("""{"open":false}""", "b")]
    [InlineData("""{"note":null}""", "a")]
    [InlineData("""{"by.name":"Ana"}""", "a c")]
    [InlineData("""{"by":{"name":"Ana"}}""", "a")]
    [InlineData("""{"by":{"name":"Ana","age":3}}""", "c")]
    [InlineData("""{"list":[1,2]}""", "b")]
    [InlineData("""{"list":[2,1]}""", "")]
    [InlineData("""{"tags":"ley"}""", "a b")]
    [InlineData("""{"tags":["ley","nueva"]}""", "a")]
    [InlineData("""{"tags":[]}""", "a b c d")]
    [InlineData("""{"tags":"Ley"}""", "")]
    [InlineData("""{"document_id":"c"}""", "c")]
    [InlineData("""{"document_id":"c","year":2026}""", "")]
    [InlineData("""{"document_id":3}""", "")]
    [InlineData("""{"title":"Uno","year":2026}""", "a")]
    [InlineData("""{"title":"uno"}""", "")]
    [InlineData("""{"missing":null}""", "")]
    [InlineData("""{"a.b":1}""", "d")]
    [InlineData("""{"'; --":"\"x"}""", "")]
    [InlineData("{}", "a b c d")]
    [InlineData("null", "a b c d")]
    public async Task A_filter_keeps_the_documents_whose_values_are_equal(string filter, string expected)
    {
        await Add("a", """{"year":2026,"open":true,"note":null,"by":{"name":"Ana"}}""", "Uno", "ley", "nueva");
        await Add("b", """{"year":2026,"open":false,"list":[1,2]}""", "Dos", "ley");
        await Add("c", """{"year":"2026","by":{"age":3,"name":"Ana"}}""", null);
        await Add("d", """{"a.b":1}""", null);

        foreach (var mode in Enum.GetValues<SearchMode>())
        {
            for (var again = 0; again < 2; again++)
            {
                var hits = await Store.SearchAsync(Query(mode, "contrato") with { Filter = JsonElement.Parse(filter) }, Cancel);
                Assert.Equal(expected, string.Join(' ', hits.Select(hit => hit.Document.DocumentId).Order(StringComparer.Ordinal)));
            }
        }

        Task<CommitResult> Add(string id, string metadata, string? title, params string[] tags) =>
            Ingest(Draft.Of(id, "t-" + id, "contrato") with { Title = title, Tags = tags, Metadata = JsonElement.Parse(metadata) });
    }

    [Fact]
    public async Task A_filter_that_is_no_object_is_refused()
    {
        await Ingest(Draft.Of("a", "t1", "contrato"));
        foreach (var filter in (string[])["[]", "1", "\"year\""])
            await Assert.ThrowsAsync<ArgumentException>(
                () => Store.SearchAsync(Query(SearchMode.Text, "contrato") with { Filter = JsonElement.Parse(filter) }, Cancel));
    }

    [Fact]
    public async Task A_filter_works_before_the_best_are_chosen()
    {
        for (var i = 0; i < 150; i++) await Ingest(Draft.Of($"d{i:d3}", $"t{i:d3}", "contrato de alquiler"));
        await Ingest(Draft.Of("x", "u", "un contrato muy largo que habla de muchas otras cosas y de un alquiler") with { Tags = ["raro"] });

        foreach (var mode in Enum.GetValues<SearchMode>())
        {
            var query = Query(mode, "contrato de alquiler") with { TopK = 1, Filter = JsonElement.Parse("""{"tags":"raro"}""") };
            Assert.Equal("x", Assert.Single(await Store.SearchAsync(query, Cancel)).Document.DocumentId);
            Assert.NotEqual("x", (await Store.SearchAsync(query with { Filter = null }, Cancel))[0].Document.DocumentId);
        }
    }

    [Fact]
    public async Task A_filter_follows_what_a_new_version_says()
    {
        var query = Query(SearchMode.Text, "contrato") with { Filter = JsonElement.Parse("""{"open":true}""") };
        await Ingest(Draft.Of("a", "t1", "contrato") with { Metadata = JsonElement.Parse("""{"open":true}""") });
        Assert.Single(await Store.SearchAsync(query, Cancel));
        await Ingest(Draft.Of("a", "t2", "contrato") with { Metadata = JsonElement.Parse("""{"open":false}""") });
        Assert.Empty(await Store.SearchAsync(query, Cancel));
    }

    [Fact]
    public async Task Scripts_without_spaces_are_found_too()
    {
        await Ingest(Draft.Of("d1", "t1", "東京都の契約書", "Договор аренды", "ข้อตกลง"));

        Assert.Equal("東京都の契約書", (await Search(SearchMode.Text, "契約"))[0].Chunk.Text);
        Assert.Equal("Договор аренды", Assert.Single(await Search(SearchMode.Text, "ДОГОВОР")).Chunk.Text);
    }

    [Fact]
    public async Task A_crash_while_staging_leaves_nothing_to_be_found_and_staging_again_heals_it()
    {
        var whole = Draft.Of("d1", "t1", [.. Enumerable.Range(0, 900).Select(i => $"cláusula {i}")]);
        var breaking = whole with { Chunks = new BreakingList<NewChunk>(whole.Chunks, at: 700) };
        await Assert.ThrowsAsync<IOException>(() => Store.StageAsync(breaking, Cancel));

        Assert.Null(await Store.FindStagedAsync(Tenant, "t1", Cancel));
        Assert.Null(await Store.GetDocumentAsync(Tenant, Collection, "d1", Cancel));

        await Ingest(whole);
        Assert.Equal(900, (await Store.ListChunksAsync(Tenant, Collection, "d1", 1, 1000, false, Cancel))!.Chunks.Count);
        await Store.SweepAsync(Cancel);
        Assert.Equal(new DeleteReceipt(1, 900, 900, 0), await Store.DeleteDocumentAsync(Tenant, Collection, "d1", Cancel));
    }

    [Fact]
    public async Task After_a_stop_the_staged_version_goes_on_where_it_was()
    {
        var staged = await Store.StageAsync(Draft.Of("d1", "t1", [.. Enumerable.Range(0, 300).Select(i => $"cláusula {i}")]), Cancel);
        var first = await Store.ReadPendingAsync(staged, -1, 120, Cancel);
        await Store.SaveVectorsAsync(staged, [.. first.Select(chunk => new ChunkVector(chunk.Index, Vectors.Of(chunk.Text)))], Cancel);

        var found = await Store.FindStagedAsync(Tenant, "t1", Cancel);

        Assert.Equal(staged with { VectorCount = 120, Dimension = Vectors.Of("").Length }, found);
        Assert.Equal(Enumerable.Range(120, 180), (await Store.ReadPendingAsync(found!, -1, 1000, Cancel)).Select(chunk => chunk.Index));
        await SaveAll(found!);
        Assert.Equal(CommitKind.Committed, (await Store.CommitAsync(found!, Cancel)).Kind);
    }

    /// <summary>Ends in a fault once its elements from <paramref name="at"/> on are asked for.</summary>
    private sealed class BreakingList<T>(IReadOnlyList<T> list, int at) : IReadOnlyList<T>
    {
        public T this[int index] => index < at ? list[index] : throw new IOException("The process stopped here.");
        public int Count => list.Count;
        public IEnumerator<T> GetEnumerator() => list.GetEnumerator();
        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
