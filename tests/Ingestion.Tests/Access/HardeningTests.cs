using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Ingestion.Http;
using Ingestion.Tests.Service;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Access;

/// <summary>What the service tells, keeps and puts up with.</summary>
public sealed class HardeningTests(HardeningTests.ChattyService service) : IClassFixture<HardeningTests.ChattyService>
{
    private const string Origin = "https://app.example";
    private readonly TenantClient _tenant = service.Client("acme");

    [Fact]
    public async Task No_secret_reaches_the_log_however_much_it_says()
    {
        var token = _tenant.Token!;
        var task = await _tenant.SendTextAsync("d", "A text.");
        using (var socket = await TaskFollower.ConnectAsync(service.Process, "acme", task, token: token)) await socket.ToEndAsync();
        using (var socket = await TaskFollower.ConnectAsync(service.Process, "other", task, token: token)) await socket.ToEndAsync();
        await _tenant.SendAsync(HttpMethod.Get, $"ws/tasks/{task}?token={token}");
        await _tenant.SendAsync(HttpMethod.Get, $"api/v1/tasks?token={token}");
        await new TenantClient(service.Process) { Token = token + "x" }.SendAsync(HttpMethod.Get, "api/v1/tasks");
        await new TenantClient(service.Process) { Token = service.Guarded.Key }.SendAsync(HttpMethod.Get, "api/v1/tasks");
        await _tenant.PostJsonAsync("api/v1/documents/url", Url("http://user:hunter2@a.example/"));

        var output = service.Process.Output;
        Assert.Contains("is ready", output, StringComparison.Ordinal);
        foreach (var secret in new[] { token, token.Split('.')[2], service.Guarded.Key, service.Guarded.Key[12..], GuardedService.Secret, "hunter2" })
            Assert.DoesNotContain(secret, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_comes_drop_by_drop_is_not_waited_for()
    {
        using var client = await ConnectAsync();
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/documents/text HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_tenant.Token}\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n"), Stop);

        Assert.InRange(await DripAsync(stream, " "), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(20));
        Assert.Equal(200, (await _tenant.SendAsync(HttpMethod.Get, "health")).Status);
    }

    [Fact]
    public async Task Headers_that_come_drop_by_drop_are_not_waited_for_and_two_hundred_such_clients_stop_nobody()
    {
        var loris = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                loris.Add(await ConnectAsync());
                await loris[^1].GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "u8.ToArray(), Stop);
            }
            var meanwhile = Stopwatch.StartNew();
            await _tenant.CompletedAsync(await _tenant.SendTextAsync("meanwhile", "A text."));
            Assert.True(meanwhile.Elapsed < TimeSpan.FromSeconds(8), $"It took {meanwhile.Elapsed}.");
            Assert.InRange(await DripAsync(loris[0].GetStream(), "a"), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        }
        finally
        {
            foreach (var client in loris) client.Dispose();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("health")]
    [InlineData("api/v1/tasks")]
    [InlineData("nothing")]
    public async Task Every_answer_forbids_a_browser_what_it_need_not_do_and_names_no_server(string path)
    {
        using var answer = await service.Process.Http.GetAsync(path, Stop);

        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("X-Powered-By"));
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        if (path.StartsWith("api/", StringComparison.Ordinal)) Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Other_origins_may_call_only_where_the_operator_lists_them()
    {
        var listed = await _tenant.SendAsync(HttpMethod.Get, "api/v1/tasks", null, ("Origin", Origin));
        var other = await _tenant.SendAsync(HttpMethod.Get, "api/v1/tasks", null, ("Origin", "https://evil.example"));
        var refused = await new TenantClient(service.Process).SendAsync(HttpMethod.Get, "api/v1/tasks", null, ("Origin", Origin));
        var asked = await new TenantClient(service.Process).SendAsync(
            HttpMethod.Options, "api/v1/documents", null, ("Origin", Origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization"));

        Assert.Equal(Origin, listed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(listed.Headers.Contains("Access-Control-Allow-Credentials"));
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal((401, Origin), (refused.Status, refused.Headers.GetValues("Access-Control-Allow-Origin").Single()));
        Assert.Equal((204, "authorization"), (asked.Status, asked.Headers.GetValues("Access-Control-Allow-Headers").Single().ToLowerInvariant()));
    }

    [Theory]
    [InlineData(Origin, true)]
    [InlineData(null, true)]
    [InlineData("https://evil.example", false)]
    [InlineData("https://app.example.evil.example", false)]
    [InlineData("null", false)]
    public async Task A_page_of_another_origin_opens_no_socket(string? origin, bool mayConnect)
    {
        var task = await _tenant.SendTextAsync("d", "A text.");
        using var socket = new ClientWebSocket();
        if (origin is not null) socket.Options.SetRequestHeader("Origin", origin);
        var address = new Uri($"ws://127.0.0.1:{service.Process.Port}/ws/tasks/{task}?token={_tenant.Token}");
        if (mayConnect) await socket.ConnectAsync(address, Stop);
        else await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, Stop));
    }

    [Fact]
    public async Task What_it_keeps_is_for_its_own_user_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await using var idle = await ServiceProcess.StartAsync(("WORKER_COUNT", "0"));
        await new TenantClient(idle).SendFileAsync("d", "a.txt", new byte[60_000].Select(_ => (byte)'a').ToArray());

        var data = new DirectoryInfo(Path.Combine(idle.Folder, "data"));
        Assert.Equal(Convert.ToInt32("700", 8), (int)data.UnixFileMode);
        Assert.True(data.GetFileSystemInfos("*", SearchOption.AllDirectories).Length >= 3);
        foreach (var entry in data.GetFileSystemInfos("*", SearchOption.AllDirectories))
            Assert.Equal((entry.Name, Convert.ToInt32(entry is DirectoryInfo ? "700" : "600", 8)), (entry.Name, (int)entry.UnixFileMode));
    }

    [Theory]
    [InlineData("health", 200)]
    [InlineData("health/live", 200)]
    [InlineData("", 200)]
    [InlineData("api/v1/tasks", 401)]
    [InlineData("nothing", 404)]
    public async Task HEAD_is_answered_as_GET_without_a_body(string path, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var answer = await service.Process.Http.SendAsync(request, Stop);
        Assert.Equal((status, ""), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop)));
    }

    [Fact]
    public async Task Letters_are_written_as_they_are_and_what_HTML_could_trip_over_is_not()
    {
        var body = _tenant.TextBody("accents", "Descripción: niño, 日本, <script>alert('x')</script> & \"y\".");
        body["title"] = "Título <b>";
        var taskId = (await _tenant.PostJsonAsync("api/v1/documents/text", body)).TaskId;
        await _tenant.CompletedAsync(taskId);

        var task = await _tenant.SendAsync(HttpMethod.Get, "api/v1/tasks/" + taskId);
        var chunks = await _tenant.DocumentAsync("accents/chunks");
        Assert.Contains("Título", task.Body, StringComparison.Ordinal);
        Assert.Contains("Descripción: niño, 日本", chunks.Body, StringComparison.Ordinal);
        foreach (var answer in new[] { task.Body, chunks.Body })
        {
            Assert.DoesNotContain('<', answer);
            Assert.DoesNotContain('\'', answer);
            Assert.DoesNotContain('&', answer);
        }
    }

    [Fact]
    public async Task A_field_that_nobody_reads_is_a_warning_that_names_the_nearest()
    {
        var body = _tenant.TextBody("typo", "A text.");
        (body["chunk_sze"], body["session_id"]) = (100, "s");
        var task = await _tenant.CompletedAsync((await _tenant.PostJsonAsync("api/v1/documents/text", body)).TaskId);
        var form = await _tenant.SendAsync(HttpMethod.Post, "api/v1/documents", _tenant.Form("typo-form", ("text", "x"), ("titel", "y")));
        var plan = await _tenant.PostJsonAsync("api/v1/documents/plan", (System.Text.Json.Nodes.JsonNode)body.DeepClone());
        var search = await _tenant.PostJsonAsync("api/v1/search", System.Text.Json.Nodes.JsonNode.Parse(
            """{"collection_id":"library","query":"text","topk":1}""")!);

        Assert.Contains("The field chunk_sze is not known and was ignored; did you mean chunk_size?", Warnings(task));
        Assert.Contains("The field session_id is not known and was ignored.", Warnings(task).Select(warning => warning.Split(';')[0].TrimEnd('.') + "."));
        Assert.Contains("did you mean title?", Assert.Single(Warnings(form.Json.At("task"))), StringComparison.Ordinal);
        Assert.Contains("The field chunk_sze is not known and was ignored; did you mean chunk_size?", Warnings(plan.Json));
        Assert.Contains("did you mean top_k?", Assert.Single(Warnings(search.Json)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_and_lines_without_end_are_refused()
    {
        Assert.Equal(414, (await _tenant.SendAsync(HttpMethod.Get, "api/v1/tasks?x=" + new string('a', 40_000))).Status);
        Assert.Equal(431, (await _tenant.SendAsync(HttpMethod.Get, "health", null, ("X-Long", new string('a', 40_000)))).Status);
        Assert.Equal(431, (await _tenant.SendAsync(
            HttpMethod.Get, "health", null, [.. Enumerable.Range(0, 80).Select(i => ("X-" + i.ToString(CultureInfo.InvariantCulture), "a"))])).Status);
    }

    [Theory]
    [InlineData("GET /api/v1/tasks/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "validation_error")]
    [InlineData("GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "validation_error")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400, "validation_error")]
    [InlineData("HELLO\r\n\r\n", 400, "validation_error")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400, "validation_error")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "validation_error")]
    public async Task What_is_no_request_gets_the_error_of_every_other(string request, int status, string code)
    {
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Stop);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        var answer = await reader.ReadToEndAsync(Stop).WaitAsync(TimeSpan.FromSeconds(20), Stop);

        Assert.StartsWith("HTTP/1.1 " + status.ToString(CultureInfo.InvariantCulture), answer, StringComparison.Ordinal);
        var (head, body) = (answer[..answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)], answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n", head + "\r\n", StringComparison.Ordinal);
        Assert.Equal((false, code), (System.Text.Json.JsonElement.Parse(body).GetProperty("success").GetBoolean(), System.Text.Json.JsonElement.Parse(body).Text("error.code")));
    }

    private static IReadOnlyList<string> Warnings(System.Text.Json.JsonElement from) => [.. from.Items("warnings").Select(one => one.GetString()!)];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private System.Text.Json.Nodes.JsonObject Url(string url)
    {
        var body = _tenant.TextBody("d", null);
        body["url"] = url;
        return body;
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, service.Process.Port, Stop);
        return client;
    }

    /// <summary>Sends a byte now and then until the service hangs up, and tells how long it bore that.</summary>
    private static async Task<TimeSpan> DripAsync(NetworkStream stream, string drop)
    {
        var borne = Stopwatch.StartNew();
        var reading = ReadToEndAsync(stream);
        while (!reading.IsCompleted && borne.Elapsed < TimeSpan.FromSeconds(60))
        {
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(drop), Stop);
            }
            catch (IOException)
            {
                break;
            }
            await Task.WhenAny(reading, Task.Delay(200, Stop));
        }
        await reading.WaitAsync(TimeSpan.FromSeconds(5), Stop);
        return borne.Elapsed;
    }

    private static async Task ReadToEndAsync(NetworkStream stream)
    {
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, Stop) > 0)
            {
                // What it says before it hangs up is not the point here.
            }
        }
        catch (IOException)
        {
            // Hung up.
        }
    }

    /// <summary>A guarded service that logs all it can.</summary>
    public sealed class ChattyService : IAsyncLifetime
    {
        public GuardedService Guarded { get; } = new();

        public ServiceProcess Process { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Process = await ServiceProcess.StartAsync(
            [.. GuardedService.Environment, ("DEBUG", "true"), ("CORS_ORIGINS", $"[\"{Origin}\"]")]);

        public ValueTask DisposeAsync() => Process.DisposeAsync();

        public TenantClient Client(string tenant) =>
            new(Process) { Id = tenant, Token = GuardedService.Token(Scopes.Ingest | Scopes.Read | Scopes.Delete, tenant) };
    }
}
