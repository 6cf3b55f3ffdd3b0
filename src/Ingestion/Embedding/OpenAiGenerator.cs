using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Ingestion.Embedding;

/// <summary>
/// Any OpenAI-compatible <c>/v1/embeddings</c>. One call, one try: whoever asks knows better when to ask again. Vectors are put in the order
/// of their texts by the index that each carries, which ready-made clients leave to chance.
/// </summary>
/// <param name="baseAddress">Such as <c>https://api.openai.com/v1</c>.</param>
/// <param name="key">Null where the server wants none.</param>
/// <param name="dimensions">Null: the model's own.</param>
/// <param name="timeout">Of one call.</param>
public sealed class OpenAiGenerator(HttpClient http, string baseAddress, string? key, int? dimensions, TimeSpan timeout)
    : IEmbeddingGenerator<string, Embedding<float>>
{
    private const int MaxAnswer = 256 << 20;
    private const int MaxReason = 300;
    private const string Who = "The embedding provider openai";

    private readonly Uri _address = AddressOf(baseAddress);

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var model = options?.ModelId ?? throw new ArgumentException("A model has to be named.", nameof(options));
        string[] texts = [.. values];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = Body(model, texts) };
            if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            await answer.Content.LoadIntoBufferAsync(MaxAnswer, patience.Token);
            await using var stream = await answer.Content.ReadAsStreamAsync(patience.Token);
            if (!answer.IsSuccessStatusCode) throw Refusal(answer, stream, model);
            using var json = await JsonDocument.ParseAsync(stream, cancellationToken: patience.Token);
            return Read(json.RootElement, texts.Length, model);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EmbeddingException(
                $"{Who} did not answer within {timeout.TotalSeconds:0} s. Check that it runs, or set OPENAI_BATCH_SIZE lower.", EmbeddingFault.Away);
        }
        catch (JsonException fault)
        {
            throw new EmbeddingException(
                $"{Who} answered with something that is not JSON. Check OPENAI_BASE_URL.", EmbeddingFault.Nonsense, inner: fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new EmbeddingException(
                $"{Who} cannot be reached at {_address.Host}. Check OPENAI_BASE_URL and that it runs.", EmbeddingFault.Away, inner: fault);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }

    /// <summary>The address itself, or the base that other clients are given.</summary>
    internal static Uri AddressOf(string configured)
    {
        var address = configured.TrimEnd('/');
        return new Uri(address.EndsWith("/embeddings", StringComparison.Ordinal) ? address : address + "/embeddings");
    }

    private ByteArrayContent Body(string model, string[] texts)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            json.WriteStartArray("input");
            foreach (var text in texts) json.WriteStringValue(text);
            json.WriteEndArray();
            if (dimensions is { } asked) json.WriteNumber("dimensions", asked);
            json.WriteEndObject();
        }
        return new ByteArrayContent(buffer.WrittenSpan.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    private static GeneratedEmbeddings<Embedding<float>> Read(JsonElement json, int count, string model)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
            throw Nonsense("answered without a list of vectors");
        var vectors = new Embedding<float>?[count];
        if (data.GetArrayLength() != count) throw Nonsense($"gave {data.GetArrayLength()} vectors for {count} texts");
        foreach (var one in data.EnumerateArray())
        {
            if (one.ValueKind != JsonValueKind.Object || !one.TryGetProperty("index", out var index)
                || index.ValueKind != JsonValueKind.Number || !index.TryGetInt32(out var at) || (uint)at >= (uint)count || vectors[at] is not null)
                throw Nonsense("gave vectors whose indexes do not match the texts");
            if (!one.TryGetProperty("embedding", out var numbers) || ReadNumbers(numbers) is not { } vector)
                throw Nonsense($"gave no numbers for text {at}");
            vectors[at] = new Embedding<float>(vector) { ModelId = model };
        }
        return new GeneratedEmbeddings<Embedding<float>>(vectors.OfType<Embedding<float>>());
    }

    /// <summary>A list of numbers, or their bytes in base64; null where it is neither.</summary>
    private static float[]? ReadNumbers(JsonElement numbers)
    {
        if (numbers.ValueKind == JsonValueKind.String && numbers.TryGetBytesFromBase64(out var bytes) && bytes.Length % sizeof(float) == 0)
            return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        if (numbers.ValueKind != JsonValueKind.Array) return null;
        var vector = new float[numbers.GetArrayLength()];
        var i = 0;
        foreach (var number in numbers.EnumerateArray())
        {
            // A number beyond a float's range is read as infinite, and refused by whoever checks them.
            if (number.ValueKind != JsonValueKind.Number || !number.TryGetSingle(out vector[i++])) return null;
        }
        return vector;
    }

    private EmbeddingException Refusal(HttpResponseMessage answer, Stream body, string model)
    {
        var status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        var (reason, code) = ReadError(body);
        var fault = ProviderAnswer.FaultOf(answer);
        var said = reason is null ? "" : $" It says: {reason}";
        var message = (int)answer.StatusCode switch
        {
            // What is said of a key may show a part of it.
            401 or 403 => $"{Who} does not accept the key ({status}). Set OPENAI_API_KEY to a valid key of {_address.Host}.",
            404 => $"{Who} has no such address or model ({status}). Check OPENAI_BASE_URL and EMBEDDING_MODEL, which is {model} here.{said}",
            429 when code == "insufficient_quota" => $"{Who} says that the account's quota is used up ({status}). Raise it there.",
            429 => $"{Who} has too much to do ({status}).",
            _ when ProviderAnswer.IsRedirect(answer) => $"{Who} redirects elsewhere ({status}). Set OPENAI_BASE_URL to where it leads.",
            _ when fault == EmbeddingFault.Refused => $"{Who} refused the request ({status}). "
                + $"Check EMBEDDING_MODEL ({model}), EMBEDDING_DIMENSIONS, EMBEDDING_MAX_TOKENS and OPENAI_BATCH_SIZE.{said}",
            _ => $"{Who} failed ({status}).",
        };
        return new EmbeddingException(message, fault, ProviderAnswer.RetryAfterOf(answer));
    }

    private (string? Reason, string? Code) ReadError(Stream body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("error", out var error)) return default;
            if (error.ValueKind == JsonValueKind.String) return (Clean(error.GetString()), null);
            return error.ValueKind == JsonValueKind.Object ? (Clean(Text(error, "message")), Text(error, "code")) : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Fit for one line of a client's error, without the key.</summary>
    private string? Clean(string? reason)
    {
        if (string.IsNullOrWhiteSpace(reason)) return null;
        if (key is not null) reason = reason.Replace(key, "***", StringComparison.Ordinal);
        reason = string.Concat(reason.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return reason.Length <= MaxReason ? reason : string.Concat(reason.AsSpan(0, MaxReason), "…");
    }

    private static EmbeddingException Nonsense(string what) => new($"{Who} {what}. Check OPENAI_BASE_URL and EMBEDDING_MODEL.", EmbeddingFault.Nonsense);
}
