using System.Text.Json;
using Ingestion.Tests.Page;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>What an operator and a newcomer look at first.</summary>
public sealed class SurfaceTests(SharedService service, Chromium chromium) : IClassFixture<SharedService>, IClassFixture<Chromium>
{
    private readonly TenantClient _tenant = new(service.Process);

    [Fact]
    public async Task Its_health_can_be_asked_for()
    {
        var health = await _tenant.SendAsync(HttpMethod.Get, "health");

        Assert.Equal((200, "healthy"), (health.Status, health.Json.Text("status")));
        Assert.Equal(("sqlite", "not_used", "not_used"), (health.Json.Text("engine"), health.Json.Text("redis"), health.Json.Text("postgres")));
        Assert.Equal(2, health.Json.Number("workers.worker_count"));
        Assert.Equal(200, (await _tenant.SendAsync(HttpMethod.Get, "health/live")).Status);
        Assert.Equal(200, (await _tenant.SendAsync(HttpMethod.Get, "health/ready")).Status);
    }

    [Fact]
    public async Task The_reference_lists_every_route()
    {
        var reference = (await _tenant.SendAsync(HttpMethod.Get, "openapi/v1.json")).Json;

        Assert.StartsWith("3.1", reference.Text("openapi"), StringComparison.Ordinal);
        var routes = reference.At("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name.TrimEnd('/')}"))
            .Order(StringComparer.Ordinal);
        string[] promised =
        [
            "POST /api/v1/documents", "POST /api/v1/documents/text", "POST /api/v1/documents/url", "POST /api/v1/documents/plan",
            "GET /api/v1/tasks", "GET /api/v1/tasks/{task_id}", "DELETE /api/v1/tasks/{task_id}", "POST /api/v1/tasks/{task_id}/retry",
            "GET /api/v1/tasks/{task_id}/events",
            "GET /api/v1/collections/{collection_id}/documents", "GET /api/v1/collections/{collection_id}/documents/{document_id}",
            "GET /api/v1/collections/{collection_id}/documents/{document_id}/content",
            "GET /api/v1/collections/{collection_id}/documents/{document_id}/chunks",
            "DELETE /api/v1/collections/{collection_id}/documents/{document_id}",
            "POST /api/v1/collections/{collection_id}/documents/{document_id}/rollback",
            "POST /api/v1/search", "POST /api/v1/embeddings/callback", "GET /health", "GET /health/live", "GET /health/ready",
        ];
        Assert.Equal(promised.Order(StringComparer.Ordinal), routes);
        foreach (var path in reference.At("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject()) Assert.NotEmpty(operation.Value.Text("summary")!);
        }
        CheckReferences(reference, reference);
    }

    [Fact]
    public async Task The_reference_names_what_a_call_takes_and_how_it_may_be_refused()
    {
        var paths = (await _tenant.SendAsync(HttpMethod.Get, "openapi/v1.json")).Json.GetProperty("paths");

        Assert.Equal(["tenant_id", "collection_id", "status", "page", "page_size"], Parameters("/api/v1/tasks", "get"));
        Assert.Equal(["collection_id", "tenant_id", "page", "page_size"], Parameters("/api/v1/collections/{collection_id}/documents", "get"));
        Assert.Equal(["Idempotency-Key", "tenant_id", "collection_id", "document_id"], Parameters("/api/v1/documents", "post"));
        foreach (var path in paths.EnumerateObject().Where(path => path.Name.StartsWith("/api/", StringComparison.Ordinal)))
        {
            foreach (var (name, operation) in path.Value.EnumerateObject().Select(one => (one.Name, one.Value)))
            {
                foreach (var status in (string[])["401", "403", "429", "503"])
                    Assert.Equal("#/components/schemas/ErrorResponse", operation.At("responses").At(status).Text("content.application/json.schema.$ref"));
                var isBare = path.Name.EndsWith("/retry", StringComparison.Ordinal) || path.Name.EndsWith("/rollback", StringComparison.Ordinal);
                if (name == "post" && !isBare) Assert.NotEmpty(operation.At("requestBody.content").EnumerateObject());
            }
        }

        string[] Parameters(string path, string method) =>
            [.. paths.GetProperty(path).GetProperty(method).GetProperty("parameters").EnumerateArray().Select(one => one.Text("name")!)];
    }

    [Fact]
    public async Task What_keeps_it_from_starting_is_said_in_one_line()
    {
        var file = Path.GetTempFileName();
        var port = $"{_tenant.Service.Port}";

        var taken = await ServiceProcess.RunAsync([], ("PORT", port));
        var noFolder = await ServiceProcess.RunAsync([], ("PORT", $"{Ports.Free()}"), ("DATA_DIR", file));

        Assert.Equal((1, ""), (taken.Code, taken.Output));
        Assert.Equal($"error: HOST=127.0.0.1 PORT={port}: Address already in use. Set another one, or stop what listens there.", taken.Errors.TrimEnd());
        Assert.Equal((1, ""), (noFolder.Code, noFolder.Output));
        Assert.Equal(
            $"error: DATA_DIR={file}: The file '{file}' already exists. It must be a folder on a local disk that this user may write.",
            noFolder.Errors.TrimEnd());
        File.Delete(file);
    }

    [Fact]
    public async Task Its_figures_can_be_scraped()
    {
        await _tenant.CompletedAsync(await _tenant.SendTextAsync("d", "A text."));

        var metrics = await _tenant.SendAsync(HttpMethod.Get, "metrics");

        Assert.Equal((200, "text/plain"), (metrics.Status, metrics.Type));
        string[] names =
            ["ingestion_tasks", "ingestion_workers", "ingestion_followers", "http_server_request_duration", "service_name=\"ingestion\""];
        foreach (var name in names)
            Assert.Contains(name, metrics.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("docs")]
    public async Task Its_pages_load_without_a_complaint(string path)
    {
        await using var tab = await chromium.OpenAsync();

        var response = await tab.Page.GotoAsync(service.Process.Address + path, new() { WaitUntil = Microsoft.Playwright.WaitUntilState.NetworkIdle });

        Assert.Equal(200, response!.Status);
        Assert.Empty(tab.Complaints);
        Assert.Contains("Ingestion", await tab.Page.TitleAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api/v1/documents")]
    [InlineData("api/v1/documents/")]
    public async Task Documents_are_taken_with_and_without_a_slash_and_the_task_has_an_address(string path)
    {
        var answer = await _tenant.SendAsync(HttpMethod.Post, path, _tenant.Form("d", ("text", "A text.")));

        Assert.Equal(202, answer.Status);
        Assert.Equal($"/api/v1/tasks/{answer.TaskId}", answer.Headers.Location?.OriginalString);
        Assert.Equal("pending", answer.Json.Text("task.status"));
        await _tenant.CompletedAsync(answer.TaskId);
    }

    [Fact]
    public async Task The_ids_may_stand_in_the_query()
    {
        using var form = new MultipartFormDataContent { { new StringContent("A text."), "text" } };

        var answer = await _tenant.SendAsync(HttpMethod.Post, $"api/v1/documents?tenant_id={_tenant.Id}&collection_id=library&document_id=d", form);

        await _tenant.CompletedAsync(answer.TaskId);
        Assert.Equal(200, (await _tenant.DocumentAsync("d")).Status);
    }

    [Fact]
    public async Task An_id_of_the_query_that_the_body_overrules_is_told_of()
    {
        using var form = _tenant.Form("d");
        form.Add(new StringContent("A text."), "text");

        var answer = await _tenant.SendAsync(HttpMethod.Post, "api/v1/documents?document_id=other&collection_id=library", form);

        Assert.Equal("d", answer.Json.Text("task.document_id"));
        Assert.Equal("The body's document_id was taken; the query string has another.", Assert.Single(answer.Json.Items("task.warnings")).GetString());
    }

    [Fact]
    public async Task Tasks_are_listed_newest_first_in_pages()
    {
        for (var i = 0; i < 5; i++) await _tenant.CompletedAsync(await _tenant.SendTextAsync($"d{i}", "A text."));
        await _tenant.EndOfAsync(await _tenant.SendTextAsync("empty", "  "));

        var page = (await _tenant.GetAsync("api/v1/tasks?page=2&page_size=4")).Json;
        var failed = (await _tenant.GetAsync("api/v1/tasks?status=failed")).Json;
        var elsewhere = (await _tenant.GetAsync("api/v1/tasks?collection_id=elsewhere")).Json;

        Assert.Equal((6, 2, 4), (page.Number("total"), page.Number("page"), page.Number("page_size")));
        Assert.Equal(["d1", "d0"], page.Items("tasks").Select(task => task.Text("document_id")));
        Assert.Equal(["empty"], failed.Items("tasks").Select(task => task.Text("document_id")));
        Assert.Equal(0, elsewhere.Number("total"));
    }

    [Fact]
    public async Task An_upload_of_fifty_megabytes_costs_little_memory()
    {
        const int size = 50_000_000, allowed = 40_000_000;
        await using var idle = await ServiceProcess.StartAsync(("WORKER_COUNT", "0"), ("MAX_FILE_SIZE", "60000000"));
        var tenant = new TenantClient(idle);
        // What the first request of all costs is not the upload's.
        await tenant.SendFileAsync("small", "small.txt", "A small file."u8.ToArray());
        var before = idle.Memory;
        var path = Path.Combine(idle.Folder, "large.txt");
        WriteText(path, size);
        var form = tenant.Form("d");
        form.Add(new StreamContent(File.OpenRead(path)), "file", "large.txt");

        var answer = await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", form);

        Assert.Equal(202, answer.Status);
        Assert.Equal(size, new FileInfo(Assert.Single(idle.Uploads)).Length);
        var grown = idle.Memory.Peak - before.Now;
        TestContext.Current.TestOutputHelper?.WriteLine($"The upload of {size:N0} bytes raised the peak by {grown:N0} bytes from {before.Now:N0}.");
        Assert.True(grown <= allowed, $"The upload raised the peak by {grown:N0} bytes.");
    }

    private static void WriteText(string path, int size)
    {
        using var file = File.Create(path);
        var line = "A line of a long text, with as many characters as stand in one of these lines.\n"u8;
        for (var left = size; left > 0; left -= line.Length) file.Write(line[..Math.Min(left, line.Length)]);
    }

    /// <summary>Every $ref leads somewhere.</summary>
    private static void CheckReferences(JsonElement json, JsonElement reference)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray()) CheckReferences(item, reference);
        }
        if (json.ValueKind != JsonValueKind.Object) return;
        foreach (var property in json.EnumerateObject())
        {
            if (property is { Name: "$ref", Value.ValueKind: JsonValueKind.String })
                Assert.NotEqual(JsonValueKind.Undefined, reference.At(property.Value.GetString()![2..].Replace('/', '.')).ValueKind);
            else CheckReferences(property.Value, reference);
        }
    }
}
