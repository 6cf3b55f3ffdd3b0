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
    public static void SetMaxBody(HttpRequest request, long bytes)
    {
        var limit = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false }) limit.MaxRequestBodySize = bytes;
    }

    private static Problem ToProblem(JsonException fault)
    {
        var field = fault.Path?.TrimStart('$', '.') ?? "";
        if (field.Length > 0) return Problems.Invalid(field, $"{field} has a value of the wrong kind; see the reference at /docs.");
        return Problems.InvalidBody(fault.LineNumber is { } line
            ? $"The body is not valid JSON: look at line {line + 1}, byte {fault.BytePositionInLine}."
            : "The body is not valid JSON.");
    }
}
