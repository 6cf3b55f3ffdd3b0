using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ingestion.Http;

/// <summary>Reads JSON bodies, and says what is wrong with those that cannot be read.</summary>
public static class RequestJson
{
    /// <param name="tooLarge">The answer where the body is over the request's limit.</param>
    public static async Task<(T? Body, Problem? Problem)> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, Problem? tooLarge = null)
        where T : class
    {
        if (!request.HasJsonContentType()) return (null, Problems.UnsupportedContentType("application/json"));
        try
        {
            var body = await JsonSerializer.DeserializeAsync(request.Body, type, request.HttpContext.RequestAborted);
            return body is null ? (null, Problems.InvalidBody("The body must be a JSON object.")) : (body, null);
        }
        catch (JsonException fault)
        {
            return (null, ToProblem(fault));
        }
        catch (InvalidOperationException)
        {
            return (null, Problems.InvalidBody("A string of the body holds half a surrogate pair. Send valid Unicode."));
        }
        catch (BadHttpRequestException fault) when (fault.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, tooLarge ?? Problems.BodyTooLarge());
        }
    }

    /// <summary>Lets this request's body be that large, whatever the server's own limit is.</summary>
    /// <returns>
    /// False where the request says itself that it is larger, and is not to be read. The limit is lifted then: the server drains what is
    /// already on its way for a moment, so that the client gets its answer and not a broken connection.
    /// </returns>
    public static bool TrySetMaxBody(HttpRequest request, long bytes)
    {
        var fits = !(request.ContentLength > bytes);
        var limit = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false }) limit.MaxRequestBodySize = fits ? bytes : null;
        return fits;
    }

    /// <summary>Whether every name and string of it is whole. JSON can spell half a surrogate pair, which no answer could show again.</summary>
    public static bool IsUnicode(JsonElement json)
    {
        try
        {
            using var nowhere = new Utf8JsonWriter(Stream.Null);
            json.WriteTo(nowhere);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static Problem ToProblem(JsonException fault)
    {
        // The parser's own fault is inside; without one the JSON is well-formed and says something else than asked for.
        if (fault.InnerException is JsonException)
            return Problems.InvalidBody($"The body is not valid JSON: look at line {fault.LineNumber + 1}, byte {fault.BytePositionInLine}.");
        var field = fault.Path?.TrimStart('$', '.') ?? "";
        return field.Length > 0
            ? Problems.Invalid(field, $"{field} has a value of the wrong kind, or stands there twice; see the reference at /docs.")
            : Problems.InvalidBody("The body must be a JSON object with the fields that the reference at /docs shows, each once.");
    }
}
