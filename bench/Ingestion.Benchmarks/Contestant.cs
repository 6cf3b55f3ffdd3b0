using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Ingestion.Benchmarks;

/// <summary>A service under load: how to start it, send it a document, and know that all is done.</summary>
internal abstract class Contestant : IAsyncDisposable
{
    protected Contestant(int port) => Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromMinutes(5) };

    public abstract string Name { get; }

    protected HttpClient Http { get; }

    protected List<Process> Processes { get; } = [];

    /// <summary>Where documents are posted to.</summary>
    protected abstract string Route { get; }

    /// <summary>Puts a request together, ready to be sent: a load of many must not wait for its sender to do it.</summary>
    public async Task<HttpContent> PrepareAsync(byte[] bytes, string name)
    {
        using var form = FormOf(bytes, name);
        var body = new ByteArrayContent(await form.ReadAsByteArrayAsync());
        body.Headers.ContentType = form.Headers.ContentType;
        return body;
    }

    /// <summary>Sends a document and gives the id that its end is known by.</summary>
    public async Task<string> SendAsync(HttpContent prepared, CancellationToken cancel)
    {
        using var request = prepared;
        using var answer = await Http.PostAsync(Route, request, cancel);
        var body = await answer.Content.ReadAsByteArrayAsync(cancel);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(Encoding.UTF8.GetString(body));
        return IdIn(JsonElement.Parse(body));
    }

    public async Task<string> SendAsync(byte[] bytes, string name, CancellationToken cancel) =>
        await SendAsync(await PrepareAsync(bytes, name), cancel);

    protected abstract MultipartFormDataContent FormOf(byte[] bytes, string name);

    protected abstract string IdIn(JsonElement answer);

    /// <summary>How many have ended, well or not.</summary>
    public abstract Task<int> CountEndedAsync();

    /// <summary>From before the request to the news of its end over the WebSocket.</summary>
    public abstract Task<TimeSpan> TimeOneAsync(byte[] bytes, string name);

    /// <summary>Resident memory at its highest, bytes, of all its processes and their children.</summary>
    public long PeakMemory() => Processes.Sum(process => Family(process.Id).Sum(id => ReadStatus(id, "VmHWM")));

    public virtual async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var process in Processes)
        {
            if (process.HasExited) continue;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    protected async Task WaitUntilAsync(string path)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromMinutes(3); await Task.Delay(10))
        {
            try
            {
                using var answer = await Http.GetAsync(path);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }
        throw new TimeoutException($"{Name} did not start.");
    }

    protected static async Task<JsonElement> ReadMessageAsync(WebSocket socket, byte[] buffer)
    {
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close) throw new InvalidOperationException("The socket closed before the end.");
            length += received.Count;
            if (received.EndOfMessage) return JsonElement.Parse(Encoding.UTF8.GetString(buffer, 0, length));
        }
    }

    private static IEnumerable<int> Family(int process)
    {
        // Every thread has the children that it started.
        var children = Directory.EnumerateDirectories($"/proc/{process}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return [process, .. children.SelectMany(child => Family(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture)))];
    }

    private static long ReadStatus(int processId, string field)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}

internal sealed class IngestionService : Contestant
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ingestion-bench-").FullName;
    private readonly int _port;
    private int _sent;

    private IngestionService(int port) : base(port) => _port = port;

    public override string Name => "Ingestion";

    /// <summary>From the start of the process to the first answer of /health.</summary>
    public TimeSpan ColdStart { get; private set; }

    public static async Task<IngestionService> StartAsync(params (string Name, string Value)[] environment)
    {
        var service = new IngestionService(FreePort());
        var start = new ProcessStartInfo(Path.Combine(ServiceBench.FindRepository(), "src", "Ingestion", "bin", "Release", "net10.0", "Ingestion"))
        {
            WorkingDirectory = service._folder,
            RedirectStandardOutput = true,
        };
        start.Environment["PORT"] = service._port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        service.Processes.Add(process);
        await service.WaitUntilAsync("health");
        service.ColdStart = clock.Elapsed;
        return service;
    }

    protected override string Route => "api/v1/documents";

    protected override MultipartFormDataContent FormOf(byte[] bytes, string name) => new()
    {
        { new StringContent("bench"), "tenant_id" },
        { new StringContent("c"), "collection_id" },
        { new StringContent($"d{Interlocked.Increment(ref _sent)}"), "document_id" },
        { new ByteArrayContent(bytes), "file", name },
    };

    protected override string IdIn(JsonElement answer) => answer.GetProperty("task").GetProperty("task_id").GetString()!;

    public override async Task<int> CountEndedAsync()
    {
        var tasks = JsonElement.Parse(await Http.GetStringAsync("health")).GetProperty("tasks");
        return _sent - tasks.GetProperty("waiting").GetInt32() - tasks.GetProperty("running").GetInt32();
    }

    public override async Task<TimeSpan> TimeOneAsync(byte[] bytes, string name)
    {
        var clock = Stopwatch.StartNew();
        var id = await SendAsync(bytes, name, CancellationToken.None);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_port}/ws/tasks/{id}?tenant_id=bench"), CancellationToken.None);
        var buffer = new byte[65_536];
        while (true)
        {
            var message = await ReadMessageAsync(socket, buffer);
            if (message.GetProperty("event_type").GetString() != "task_status") continue;
            switch (message.GetProperty("current_status").GetString())
            {
                case "completed": return clock.Elapsed;
                case "failed": throw new InvalidOperationException(message.ToString());
            }
        }
    }

    public Uri Address => Http.BaseAddress!;

    public async Task<int> CountWaitingAsync() =>
        JsonElement.Parse(await Http.GetStringAsync("health")).GetProperty("tasks").GetProperty("waiting").GetInt32();

    public async Task<int> CountAsync(string status) =>
        JsonElement.Parse(await Http.GetStringAsync($"api/v1/tasks?tenant_id=bench&page_size=1&status={status}")).GetProperty("total").GetInt32();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>
/// The stack of ../shared/peers/diy: Express, BullMQ, a worker with two jobs at a time, SQLite. Its splitter is <c>llamaindex</c>, its own
/// default, which makes chunks of tokens as the service does, or <c>langchain</c>, which counts characters and so does less.
/// </summary>
internal sealed class DiyStack : Contestant
{
    private readonly ClientWebSocket _socket = new();
    private readonly int _port;

    private DiyStack(int port, string splitter) : base(port) => (_port, Name) = (port, $"DIY stack, {splitter}");

    public override string Name { get; }

    public static async Task<DiyStack> StartAsync(string repository, string splitter)
    {
        var stack = new DiyStack(FreePort(), splitter);
        var work = Path.Combine(Path.GetTempPath(), "ingestion-bench-diy-" + splitter);
        var script = Path.Combine(repository, "bench", "peers", "diy", "start.sh");
        stack.Processes.Add(Process.Start(new ProcessStartInfo("bash", [script, work, $"{stack._port}", $"{FreePort()}", splitter]))!);
        await stack.WaitUntilAsync("counts");
        await stack._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{stack._port}/ws"), CancellationToken.None);
        return stack;
    }

    protected override string Route => "documents";

    protected override MultipartFormDataContent FormOf(byte[] bytes, string name) => new() { { new ByteArrayContent(bytes), "file", name } };

    protected override string IdIn(JsonElement answer) => answer.GetProperty("id").GetString()!;

    public override async Task<int> CountEndedAsync()
    {
        var counts = JsonElement.Parse(await Http.GetStringAsync("counts"));
        return counts.GetProperty("completed").GetInt32() + counts.GetProperty("failed").GetInt32();
    }

    public override async Task<TimeSpan> TimeOneAsync(byte[] bytes, string name)
    {
        var clock = Stopwatch.StartNew();
        var id = await SendAsync(bytes, name, CancellationToken.None);
        var buffer = new byte[65_536];
        while (true)
        {
            var message = await ReadMessageAsync(_socket, buffer);
            if (message.GetProperty("t").GetString() == "completed" && message.GetProperty("id").GetString() == id) return clock.Elapsed;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await base.DisposeAsync();
    }
}
