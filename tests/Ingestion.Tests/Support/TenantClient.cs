using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ingestion.Tests.Support;

/// <summary>The service as one tenant uses it. Each client is a tenant of its own, so tests on the same service do not meet.</summary>
public sealed class TenantClient(ServiceProcess service)
{
    public const string Collection = "library";

    public string Id { get; init; } = "tenant-" + Guid.NewGuid().ToString("N")[..12];

    /// <summary>Key or token that goes with every request; null sends none.</summary>
    public string? Token { get; init; }

    public ServiceProcess Service => service;

    /// <summary>The same tenant, at another process.</summary>
    public TenantClient At(ServiceProcess other) => new(other) { Id = Id, Token = Token };

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (Token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await service.Http.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    public Task<Answer> GetAsync(string path) =>
        SendAsync(HttpMethod.Get, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}tenant_id={Id}");

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, $"{path}?tenant_id={Id}");

    public Task<Answer> PostAsync(string path) => SendAsync(HttpMethod.Post, $"{path}?tenant_id={Id}");

    public Task<Answer> PostJsonAsync(string path, JsonNode body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, Json(body.ToJsonString()), headers);

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    /// <summary>A right request for a text, to be made wrong.</summary>
    public JsonObject TextBody(string document, string? text) => new()
    {
        ["tenant_id"] = Id,
        ["collection_id"] = Collection,
        ["document_id"] = document,
        ["text"] = text,
    };

    /// <summary>A right form but for its source, which the caller adds.</summary>
    public MultipartFormDataContent Form(string document, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent
        {
            { new StringContent(Id), "tenant_id" },
            { new StringContent(Collection), "collection_id" },
            { new StringContent(document), "document_id" },
        };
        foreach (var (name, value) in fields) form.Add(new StringContent(value), name);
        return form;
    }

    public MultipartFormDataContent FileForm(string document, string fileName, byte[] bytes, params (string Name, string Value)[] fields)
    {
        var form = Form(document, fields);
        form.Add(new ByteArrayContent(bytes), "file", fileName);
        return form;
    }

    public async Task<string> SendTextAsync(string document, string text, int? chunkSize = null)
    {
        var body = TextBody(document, text);
        if (chunkSize is { } size) body["chunk_size"] = size;
        return (await PostJsonAsync("api/v1/documents/text", body)).TaskId;
    }

    public async Task<string> SendFileAsync(string document, string fileName, byte[] bytes, params (string Name, string Value)[] fields) =>
        (await SendAsync(HttpMethod.Post, "api/v1/documents", FileForm(document, fileName, bytes, fields))).TaskId;

    public async Task<string> SendUrlAsync(string document, Uri url)
    {
        var body = TextBody(document, null);
        body["url"] = url.AbsoluteUri;
        return (await PostJsonAsync("api/v1/documents/url", body)).TaskId;
    }

    public async Task<JsonElement> TaskAsync(string taskId) => (await GetAsync($"api/v1/tasks/{taskId}")).Json.GetProperty("task");

    public Task<JsonElement> EndOfAsync(string taskId) => WaitForStatusAsync(taskId, "completed", "failed", "cancelled");

    public async Task<JsonElement> CompletedAsync(string taskId)
    {
        var task = await EndOfAsync(taskId);
        Assert.True(task.Text("status") == "completed", task.ToString());
        return task;
    }

    /// <summary>Waits until the task's own status is one of these, as a client that asks again and again would.</summary>
    public async Task<JsonElement> WaitForStatusAsync(string taskId, params string[] statuses)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var task = await TaskAsync(taskId);
            if (statuses.Contains(task.Text("status"))) return task;
            if (waited.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException($"Never {string.Join(" or ", statuses)}: {task}");
            await Task.Delay(10);
        }
    }

    /// <summary>All events that the service keeps of the task.</summary>
    public async Task<IReadOnlyList<JsonElement>> EventsAsync(string taskId) =>
        [.. (await GetAsync($"api/v1/tasks/{taskId}/events")).Json.EnumerateArray()];

    public Task<Answer> DocumentAsync(string document) => GetAsync($"api/v1/collections/{Collection}/documents/{document}");

    public async Task<string> ContentAsync(string document) => (await DocumentAsync(document + "/content")).Body;

    /// <summary>Every chunk, page by page.</summary>
    public async Task<IReadOnlyList<JsonElement>> ChunksAsync(string document, int pageSize = 100, bool embeddings = false)
    {
        List<JsonElement> chunks = [];
        for (var page = 1; ; page++)
        {
            var answer = await DocumentAsync($"{document}/chunks?page={page}&page_size={pageSize}{(embeddings ? "&include=embeddings" : "")}");
            chunks.AddRange(answer.Json.Items("chunks"));
            if (chunks.Count >= answer.Json.Number("total")) return chunks;
            Assert.Equal(pageSize, answer.Json.Items("chunks").Count);
        }
    }

    /// <summary>Documents found, best first, by chunk.</summary>
    public async Task<IReadOnlyList<JsonElement>> SearchAsync(string query, string mode = "hybrid", JsonNode? filter = null, int topK = 5)
    {
        var body = new JsonObject
        {
            ["collection_id"] = Collection, ["query"] = query, ["mode"] = mode, ["top_k"] = topK, ["filter"] = filter,
        };
        return (await PostJsonAsync("api/v1/search", body, ("X-Tenant-ID", Id))).Json.Items("data.documents");
    }

    /// <summary>The document is whole: every chunk is the slice that its offsets name, in order, and none of the text is left out.</summary>
    public async Task<IReadOnlyList<JsonElement>> CheckChunksAsync(string document)
    {
        var points = (await ContentAsync(document)).EnumerateRunes().ToArray();
        var chunks = await ChunksAsync(document);
        Assert.NotEmpty(chunks);
        Assert.Equal(Enumerable.Range(0, chunks.Count), chunks.Select(chunk => chunk.Number("index")));
        Assert.Distinct(chunks.Select(chunk => chunk.Text("chunk_id")));
        var covered = 0;
        foreach (var chunk in chunks)
        {
            var (start, end) = (chunk.Number("start_char_idx"), chunk.Number("end_char_idx"));
            Assert.Equal(string.Concat(points[start..end].Select(rune => rune.ToString())), chunk.Text("text"));
            // Between two chunks there may be white space alone.
            for (; covered < start; covered++) Assert.True(Rune.IsWhiteSpace(points[covered]), $"{document}: nothing holds code point {covered}");
            covered = Math.Max(covered, end);
        }
        Assert.All(points[covered..], point => Assert.True(Rune.IsWhiteSpace(point), $"{document}: nothing holds its end."));
        return chunks;
    }
}
