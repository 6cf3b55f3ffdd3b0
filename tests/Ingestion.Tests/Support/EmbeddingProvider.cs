using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Support;

/// <summary>
/// A provider on loopback that speaks OpenAI's <c>/v1/embeddings</c> and the ecosystem's <c>/embeddings/generate</c>, and misbehaves as a test
/// tells it to. Its vectors follow from the text, so that a chunk with another's vector is found.
/// </summary>
public sealed class EmbeddingProvider : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EmbeddingProvider(WebApplication app) => _app = app;

    public delegate Task Fault(HttpContext http, EmbeddingCall call);

    /// <summary>What the next calls meet; null, and nothing once it is empty, is an answer as it should be.</summary>
    public ConcurrentQueue<Fault?> Faults { get; } = [];

    /// <summary>What every call meets that finds no fault of its own.</summary>
    public Fault? Always { get; set; }

    public ConcurrentQueue<EmbeddingCall> Calls { get; } = [];

    public Uri Address => new(_app.Urls.First());

    public int MostAtOnce { get; private set; }

    private int _atOnce;

    public static async Task<EmbeddingProvider> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var app = builder.Build();
        var provider = new EmbeddingProvider(app);
        app.Run(provider.AnswerAsync);
        await app.StartAsync();
        return provider;
    }

    /// <summary>Four numbers that say which text they stand for.</summary>
    public static float[] VectorOf(string text)
    {
        var hash = 17;
        foreach (var character in text) hash = unchecked(hash * 31 + character);
        return [1 + (hash & 0xFF), 1 + ((hash >> 8) & 0xFF), 1 + ((hash >> 16) & 0xFF), 1 + ((hash >>> 24) & 0xFF)];
    }

    /// <summary>Texts whose vectors were given, as often as they were.</summary>
    public IEnumerable<string> Paid => Calls.Where(call => call.IsAnswered).SelectMany(call => call.Texts);

    public static Fault Status(int status, string? retryAfter = null, string body = """{"error":{"message":"no"}}""") => async (http, _) =>
    {
        http.Response.StatusCode = status;
        if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
        await http.Response.WriteAsync(body);
    };

    /// <summary>An answer with other vectors than it should have.</summary>
    public static Fault Vectors(Func<IReadOnlyList<float[]>, IReadOnlyList<float[]>> change) =>
        (http, call) => call.WriteAsync(http, change([.. call.Texts.Select(VectorOf)]));

    public static Fault Body(string body) => (http, _) => http.Response.WriteAsync(body);

    /// <summary>No answer until the caller hangs up.</summary>
    public static Fault Never { get; } = async (http, call) =>
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = http.RequestAborted.Register(gone.SetResult);
        await gone.Task;
        call.IsLeft = true;
    };

    public static Fault Late(TimeSpan delay) => async (http, call) =>
    {
        await Task.Delay(delay, http.RequestAborted);
        await call.WriteAsync(http, [.. call.Texts.Select(VectorOf)]);
    };

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var now = Interlocked.Increment(ref _atOnce);
        MostAtOnce = Math.Max(MostAtOnce, now);
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
            var call = new EmbeddingCall(http.Request.Path, body, http.Request.Headers.Authorization);
            Calls.Enqueue(call);
            http.Response.ContentType = "application/json";
            var fault = Faults.TryDequeue(out var next) ? next : Always;
            await (fault is not null ? fault(http, call) : call.WriteAsync(http, [.. call.Texts.Select(VectorOf)]));
        }
        catch (OperationCanceledException)
        {
            // The caller hung up.
        }
        finally
        {
            Interlocked.Decrement(ref _atOnce);
        }
    }
}

public sealed class EmbeddingCall(string path, JsonElement body, string? authorization)
{
    public JsonElement Body => body;

    public string? Authorization => authorization;

    public DateTimeOffset At { get; } = DateTimeOffset.UtcNow;

    /// <summary>With an answer that could be used.</summary>
    public bool IsAnswered { get; private set; }

    public bool IsLeft { get; set; }

    public bool IsOpenAi => path.EndsWith("/v1/embeddings", StringComparison.Ordinal);

    public string[] Texts { get; } = path.EndsWith("/v1/embeddings", StringComparison.Ordinal)
        ? [.. body.GetProperty("input").EnumerateArray().Select(text => text.GetString()!)]
        : [.. body.GetProperty("chunks").EnumerateArray().Select(chunk => chunk.GetProperty("text").GetString()!)];

    /// <summary>In its own dialect. Numbers are written as they are, NaN included.</summary>
    public Task WriteAsync(HttpContext http, IReadOnlyList<float[]> vectors)
    {
        var right = Texts.Select(EmbeddingProvider.VectorOf);
        IsAnswered = vectors.Count == Texts.Length && vectors.Zip(right).All(pair => pair.First.SequenceEqual(pair.Second));
        static string Write(float[] vector) => "[" + string.Join(',', vector.Select(number => number.ToString("R", CultureInfo.InvariantCulture))) + "]";
        if (IsOpenAi)
        {
            var data = vectors.Select((vector, i) => $$"""{"object":"embedding","index":{{i}},"embedding":{{Write(vector)}}}""");
            return http.Response.WriteAsync($$"""{"object":"list","model":"m","data":[{{string.Join(',', data)}}]}""");
        }
        var answer = new JsonObject
        {
            ["action_type"] = "embedding.callback",
            ["tenant_id"] = body.GetProperty("tenant_id").GetString(),
            ["task_id"] = body.GetProperty("task_id").GetString(),
            ["status"] = "success",
        };
        return http.Response.WriteAsync(answer.ToJsonString()[..^1] + $",\"embeddings\":[{string.Join(',', vectors.Select(Write))}]}}");
    }
}
